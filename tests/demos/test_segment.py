"""Digits on photos and their masks, the page of digits, and both demos at a tiny size."""

import json

import numpy as np
import pytest

import nnlite
from demos import segment, slide
from demos.shared import ink
from demos.shared.digits import load_digits, load_lenet5
from demos.shared.images import in_batches
from models.segmentation import SegmentationUNet, Segmenter
from stylize import read_image

from .runner import refused
from .test_autoencoding import AfterTwo

# Samples


def test_ink_covers_the_photo_as_far_as_it_is_opaque(rng):
    """On a photo of one colour a pixel lies on the line from that to the ink's colour, as far as there is ink."""
    grey, digit = np.full((80, 90, 3), 0.5, np.float32), np.zeros((1, 28, 28), np.float32)
    digit[:, 8:18, 6:20] = 1.0
    for _ in range(10):
        image, mask = segment.drawn_on([grey])((digit,), rng)
        assert image.shape == (3, 64, 64) and mask.shape == (1, 64, 64) and image.dtype == mask.dtype == np.float32
        change = (image.reshape(3, -1) / 2).T  # from the background, colour by colour
        full = change[np.linalg.norm(change, axis=1).argmax()]
        assert np.linalg.norm(full) >= ink.CONTRAST
        opaque = change @ full / (full @ full)
        np.testing.assert_allclose(change, opaque[:, None] * full, atol=1e-5)
        assert ((opaque > 0.52) <= (mask.ravel() == 1)).all() and ((opaque < 0.48) <= (mask.ravel() == 0)).all()
        assert 0.01 < mask.mean() < 0.4


def test_a_digit_is_enlarged_whole(rng):
    """As much more ink as the area grows by, none of it cut off, in many places and sizes."""
    digit = load_digits()[0].images[5]
    growth, places = [], []
    for _ in range(200):
        drawn = ink.placed(digit, segment.SIDE, segment.LARGER, rng)
        growth.append(np.sqrt(drawn.sum() / digit.sum()))
        places.append(np.argwhere(drawn > 0.5).mean(0))
    low, high = segment.LARGER
    assert low - 0.02 < min(growth) < low + 0.1 and high - 0.1 < max(growth) < high + 0.02
    assert np.ptp(places, axis=0).min() > 15


def test_backgrounds_are_crops_of_the_photos_given(rng):
    """Without ink: each crop is found in a photo, and all photos are used."""
    photos = [rng.random((70, 66, 3), np.float32) for _ in range(3)]
    used = set()
    for _ in range(30):
        image, mask = segment.drawn_on(photos)((np.zeros((1, 28, 28), np.float32),), rng)
        crop = (image.transpose(1, 2, 0) + 1) / 2
        places = [np.argwhere(np.isclose(photo[:7, :3], crop[0, 0], atol=1e-6).all(2)) for photo in photos]
        [(photo, (top, left))] = [(i, place) for i, found in enumerate(places) for place in found]
        np.testing.assert_allclose(crop, photos[photo][top : top + 64, left : left + 64], atol=1e-6)
        assert not mask.any()
        used.add(photo)
    assert used == {0, 1, 2}


def test_colours_of_ink_differ_from_the_background(rng):
    for colour in rng.random((50, 3)):
        other = ink.unlike(colour, rng)
        assert np.linalg.norm(other - colour) >= ink.CONTRAST and 0 <= other.min() and other.max() <= 1


def test_no_photo_is_both_trained_and_judged_on():
    train, test = ink.load_photos()
    assert len(train) == 14 and len(test) == 4
    assert not {photo.tobytes() for photo in train} & {photo.tobytes() for photo in test}
    assert all(min(photo.shape[:2]) == 256 and photo.max() <= 1 for photo in train + test)


def test_the_threshold_finds_ink_on_plain_paper(rng):
    """What is easy, it does without fault, dark on bright and bright on dark; on a chequered photo it cannot."""
    plain = [np.full((64, 64, 3), value, np.float32) for value in (0.1, 0.9)]
    squares = np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((8, 8)))[:, :, None]
    chequered = [np.repeat(squares, 3, axis=2).astype(np.float32)]
    digits = load_digits()[0].images[:20]
    for photos, least, most in ((plain, 0.85, 1.0), (chequered, 0.0, 0.4)):
        images, masks = map(np.stack, zip(*(segment.drawn_on(photos)((d,), rng) for d in digits), strict=True))
        batch = nnlite.Tensor(images), nnlite.Tensor(masks)
        assert least <= segment.mean_iou(segment.threshold, [batch]) <= most


# The page of digits


def test_windows_are_cut_out_row_by_row(rng):
    page = rng.random((1, 1, 44, 52)).astype(np.float32)
    windows = slide.cut_out(page)
    expected = [page[0, :, t : t + 32, s : s + 32] for t in range(0, 13, 4) for s in range(0, 21, 4)]
    np.testing.assert_array_equal(windows, expected)


def test_the_page_has_each_digit_at_its_place_and_nothing_else(rng):
    _, test = load_digits()
    page, places, labels = slide.draw_page(test, rng)
    assert page.shape == (1, 1, 240, 384) and len(places) == len(labels) == 40
    for (top, left), label in zip(places, labels, strict=True):
        cut = page[:, :, top : top + 28, left : left + 28]
        assert (np.abs(test.images - cut).max((1, 2, 3)) == 0)[test.labels == label].any()
        page[:, :, top : top + 28, left : left + 28] = 0.0
    assert not page.any()


def test_heat_is_drawn_in_the_middle_of_its_window():
    page, p = np.zeros((48, 64), np.float32), np.zeros((10, 5, 9), np.float32)
    p[7, 2, 3] = 1.0  # the window from row 8 and column 12 on, whose middle is at 24 and 28
    picture = slide.heat_maps(page, p)
    row, column = divmod(8, 3)  # after the page and 0 to 6
    panel = picture[row * 50 : row * 50 + 48, column * 66 : column * 66 + 64]
    bright = np.array([16, 0]) + np.argwhere(panel[16:].sum(2) > 500)
    np.testing.assert_array_equal(bright.min(0), [22, 26])
    np.testing.assert_array_equal(bright.max(0), [25, 29])


def test_windows_to_learn_from_have_a_digit_in_the_middle_or_none_near(rng, monkeypatch):
    monkeypatch.setattr(slide, "PAGES", 2)
    images, classes = slide.training_windows(load_digits()[0], rng)
    assert images.shape == (len(classes), 1, 32, 32)
    digits, empty = images[classes != slide.BACKGROUND], images[classes == slide.BACKGROUND]
    assert len(digits) == len(empty) and set(classes) == set(range(11))
    assert (in_batches(load_lenet5(), digits).argmax(1) == classes[classes != slide.BACKGROUND]).mean() > 0.8
    assert digits[:, :, 10:22, 10:22].max((1, 2, 3)).min() > 0.3, "there is ink in the middle of each"


# Whole runs


@pytest.mark.slow
def test_a_run_of_the_segmenter(tmp_path, monkeypatch, capsys):
    """It writes what it promises, the figures are those of the saved weights, and it goes on as if never stopped."""
    monkeypatch.setattr(segment, "JUDGED", 50)

    def call_here(out, *arguments, status=0):
        monkeypatch.setattr("sys.argv", ["segment", "--out", str(tmp_path / out), "--device", "cpu", *arguments])
        assert segment.main() == status
        return tmp_path / out, capsys.readouterr().out

    tiny = ("--batch", "2", "--width", "2")
    out, stdout = call_here("whole", "--steps", "4", *tiny)
    for picture in ("segmented.png", "losses.png", "progress.png"):
        assert read_image(out / picture).std() > 5, picture
    figures = json.loads((out / "metrics.json").read_text())
    assert f"{figures['iou']:.3f}" in stdout and 0 <= figures["iou"] < 0.6 and 0.2 < figures["iou_threshold"] < 0.6

    model = Segmenter(SegmentationUNet(2))
    model.network.load_state_dict(nnlite.load(out / "segmenter.safetensors"))
    draw, ratios = segment.drawn_on(ink.load_photos()[1]), []
    for i, digit in enumerate(load_digits()[1].images[:50]):
        image, mask = draw((digit,), np.random.default_rng((0, 0, i)))
        found = in_batches(model.predict, image[None])[0] > 0.5
        ratios.append((found & (mask > 0)).sum() / (found | (mask > 0)).sum())
    assert np.mean(ratios) == pytest.approx(figures["iou"], abs=1e-5)

    with monkeypatch.context() as patch:
        patch.setattr("demos.shared.run.Interrupt", AfterTwo)
        call_here("stopped", "--steps", "4", *tiny, status=130)
    stopped, _ = call_here("stopped", "--resume")
    for file in ("losses.csv", "validation.csv", "segmented.png"):
        assert (stopped / file).read_bytes() == (out / file).read_bytes(), file


@pytest.mark.slow
def test_a_run_of_the_slider(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(slide, "PAGES", 15)
    monkeypatch.setattr(slide, "STEPS", 250)
    monkeypatch.setattr("sys.argv", ["slide", "--out", str(tmp_path), "--device", "cpu"])
    assert slide.main() == 0
    stdout = capsys.readouterr().out
    figures = json.loads((tmp_path / "metrics.json").read_text())
    assert figures["windows"] == 53 * 89 and figures["difference"] < 1e-4 and figures["read_right"] >= 0.95
    assert figures["false_alarms"] < 0.03 < 0.5 < figures["false_alarms_before"]
    assert figures["seconds"]["windows in batches"] > 3 * figures["seconds"]["one pass"]
    assert read_image(tmp_path / "heat.png").std() > 20 and "4717 windows, 40 digits" in stdout

    page, places, labels = slide.draw_page(load_digits()[1], np.random.default_rng(0))
    centred = np.stack([page[0, :, top : top + 28, left : left + 28] for top, left in places])
    assert (in_batches(load_lenet5(), centred).argmax(1) == labels).mean() >= 0.95, "and by digits cut out exactly"


@pytest.mark.slow
def test_bad_options(tmp_path):
    assert "--width must be at least 1" in refused("--out", tmp_path / "x", "--width", 0, demo="segment")
    (tmp_path / "file").touch()
    assert "choose another folder" in refused("--out", tmp_path / "file", demo="slide")
