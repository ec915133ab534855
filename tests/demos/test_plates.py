"""Plates as they are drawn, what counts as taken apart, the thresholds where they must succeed, and a small run."""

import json

import numpy as np
import pytest

import nnlite
from demos import plates
from models.segmentation import SegmentationUNet
from stylize import read_image


def rectangles(*boxes):
    """Labels with character k in the box (left, right), 16 pixels high."""
    labels = np.zeros((plates.HEIGHT, plates.WIDTH), np.uint8)
    for k, (left, right) in enumerate(boxes, 1):
        labels[8:24, left:right] = k
    return labels


def test_plates_have_characters_that_are_apart():
    """Whoever knows the characters takes every plate apart, by the rules that hold for all."""
    drawn = [plates.draw_plate(np.random.default_rng((5, i))) for i in range(25)]
    for picture, labels in drawn:
        assert picture.shape == (32, 128, 3) and picture.dtype == np.uint8 and picture.std() > 10
        assert set(np.unique(labels)) == set(range(labels.max() + 1)) and labels.max() in plates.COUNTS
        assert 0.04 < (labels > 0).mean() < 0.5
    _, truth = zip(*drawn, strict=True)
    assert plates.judge(np.stack(truth) > 0, truth) == {"iou": 1.0, "apart": 1.0}
    assert len({labels.tobytes() for labels in truth}) == 25


def test_what_is_taken_apart():
    truth = rectangles((10, 20), (30, 40), (50, 60))
    assert plates.taken_apart(truth > 0, truth)
    joined = rectangles((10, 20), (30, 60)) > 0
    missing = rectangles((10, 20), (30, 40)) > 0
    extra = rectangles((10, 20), (30, 40), (50, 60), (80, 90)) > 0
    half = rectangles((10, 20), (30, 40), (50, 54)) > 0
    assert not any(plates.taken_apart(mask, truth) for mask in (joined, missing, extra, half))


def test_pieces_that_cannot_be_characters_do_not_count():
    """A frame all around, a speck, and a bar as wide as three characters."""
    truth = rectangles((10, 20), (30, 40), (50, 60))
    mask = truth > 0
    mask[0], mask[-1], mask[:, 0], mask[:, -1] = True, True, True, True
    mask[15:17, 70:72], mask[8:24, 80:120] = True, True
    numbered, possible = plates.pieces(mask)
    assert len(possible) == 3 and plates.taken_apart(mask, truth)
    assert plates.judge(mask[None], (truth,)) == {"iou": 1.0, "apart": 1.0}
    coloured = plates.coloured(numbered, possible)
    assert (coloured[15, 70] == plates.REFUSED).all() and (coloured[15, 12] == plates.COLOURS[0]).all()


def test_thresholds_find_dark_on_bright_and_one_of_them_in_a_shadow_too():
    truth = rectangles((10, 20), (30, 40), (90, 100))
    even = np.where(truth[:, :, None] > 0, np.uint8(40), np.uint8([220, 220, 200]))
    shadow = (even * np.linspace(1.0, 0.15, plates.WIDTH)[:, None]).astype(np.uint8)
    assert plates.taken_apart(plates.otsu((even,))[0], truth) and plates.taken_apart(plates.adaptive((even,))[0], truth)
    assert not plates.taken_apart(plates.otsu((shadow,))[0], truth)
    assert plates.taken_apart(plates.adaptive((shadow,))[0], truth)


@pytest.mark.slow
def test_a_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(plates, "JUDGED", 20)
    tiny = ("--steps", "2", "--batch", "2", "--width", "2", "--device", "cpu")
    monkeypatch.setattr("sys.argv", ["plates", "--out", str(tmp_path), *tiny])
    assert plates.main() == 0
    figures, stdout = json.loads((tmp_path / "metrics.json").read_text()), capsys.readouterr().out
    assert set(figures) >= {"Otsu", "adaptive", "U-Net"} and f"{figures['adaptive']['apart']:.1%}" in stdout
    assert figures["adaptive"]["iou"] > 0.6 and figures["Otsu"]["iou"] > 0.4
    assert read_image(tmp_path / "plates.png").std() > 20
    SegmentationUNet(2).load_state_dict(nnlite.load(tmp_path / "segmenter.safetensors"))
