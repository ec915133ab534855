"""Rows and their captions, cutting them by rules, and the demo at a tiny size."""

import importlib
import json

import cv2
import numpy as np
import pytest

from demos.caption import cut, rows
from demos.shared.digits import Digits, load_digits
from stylize import read_image

caption = importlib.import_module("demos.caption.__main__")


def test_the_caption_names_the_digits_from_left_to_right(rng):
    """Digits that are bars, each label of a brightness of its own, on rows without noise."""
    images = np.zeros((10, 1, 28, 28), np.float32)
    images[:, :, 4:24, 11:17] = np.linspace(0.1, 1.0, 10)[:, None, None, None]
    digits, plain = Digits(images, np.arange(10)), 0
    compose = rows.row_of(digits)
    for first in [*range(10)] * 3:
        row, words = compose((first,), rng)
        assert (
            row.shape == (1, rows.HEIGHT, rows.WIDTH) and row.dtype == np.float32 and 0 <= row.min() <= row.max() <= 1
        )
        text = rows.as_text(words)
        assert text[0] == str(first) and 1 <= len(text) <= 5 and words[len(text)] == rows.END
        if row[0, 0, 0] == 0.0 and np.median(row) == 0.0:
            _, marks, boxes, _ = cv2.connectedComponentsWithStats((row[0] > 0.02).astype(np.uint8))
            order = sorted(range(1, len(boxes)), key=lambda k: boxes[k, cv2.CC_STAT_LEFT])
            assert text == "".join(str(round(row[0][marks == k].max() * 10) - 1) for k in order)
            plain += 1
    assert plain >= 5


def test_pieces_are_cut_apart_and_wide_ones_evenly():
    row = np.zeros((32, 112), np.float32)
    row[6:26, 5:17] = row[6:26, 40:70] = 1.0  # one digit, and two that touch
    row[2, 90] = 1.0  # dust
    pieces = cut.cut(row)
    assert len(pieces) == 3 and all(piece.shape == (28, 28) for piece in pieces)
    for piece in pieces:
        ys, xs = np.nonzero(piece > 0.5)
        assert abs(ys.mean() - 13.5) < 1 and abs(xs.mean() - 13.5) < 1 and np.ptp(ys) + 1 == pytest.approx(20, abs=1)
    assert cut.cut(np.zeros((32, 112), np.float32)) == []


def test_single_digits_on_plain_paper_are_read_by_cutting():
    digits = load_digits()[1]
    whole = np.pad(digits.images[:40], ((0, 0), (0, 0), (2, 2), (30, 54)))
    texts = cut.read_pieces(whole, "cpu")
    assert np.mean([text == str(label) for text, label in zip(texts, digits.labels, strict=False)]) > 0.75


def test_a_row_is_right_only_if_all_of_it_is():
    figures = caption.judge(["12", "3", "", "123"], ["12", "4", "5", "132"], ["12", "4", "55", "123"])
    assert figures["exact"] == 0.5 and figures["exact_cut"] == 0.5
    assert (
        figures["exact_of_1"] == 0
        and figures["exact_of_2"] == 0.5
        and figures["exact_of_3"] == 1
        and "exact_of_4" not in figures
    )


@pytest.mark.slow
def test_a_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(caption, "JUDGED", 30)
    monkeypatch.setattr(caption, "SHOWN", 4)
    arguments = ["--steps", "2", "--batch", "2", "--no-attention", "--out", str(tmp_path), "--device", "cpu"]
    monkeypatch.setattr("sys.argv", ["caption", *arguments])
    assert caption.main() == 0
    figures = json.loads((tmp_path / "metrics.json").read_text())
    assert 0 <= figures["exact"] <= 0.3 < figures["exact_cut"] and f"{figures['exact']:.1%}" in capsys.readouterr().out
    weights = np.random.default_rng(0).random((1, 6, 28))
    caption.draw(tmp_path / "looked.png", np.zeros((1, 1, 32, 112), np.float32), ["31"], ["3"], weights, [0])
    assert read_image(tmp_path / "looked.png").std() > 5 and read_image(tmp_path / "read.png").std() > 5
    assert (tmp_path / "captioner.safetensors").exists()
