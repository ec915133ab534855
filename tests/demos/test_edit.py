"""Editing handwriting: slant and thickness of drawn strokes, changes by hand, directions, and what the demo writes."""

import json

import cv2
import numpy as np
import pytest

from demos import edit
from demos.shared.digits import Digits, load_digits
from demos.shared.strokes import shear, slant, thicken, thickness
from stylize import read_image


def stroke(width, lean=0.0, side=56):
    """A stroke of this width that leans `lean` pixels to the right for each pixel up, (1, 1, side, side)."""
    up, right = np.mgrid[side - 1 : -1 : -1, :side] - (side - 1) / 2
    off = (right - lean * up) / np.hypot(1.0, lean)
    ink = np.clip((width + 1) / 2 - abs(off), 0, 1) * (abs(up) < 0.4 * side)
    return ink.astype(np.float32)[None, None]


@pytest.mark.parametrize("lean", [-0.5, 0.0, 0.3, 0.8])
def test_the_slant_of_a_stroke(lean):
    assert slant(stroke(3.0, lean)) == pytest.approx([lean], abs=0.01)


@pytest.mark.parametrize("lean", [0.0, 0.6])
@pytest.mark.parametrize("width", [2.0, 3.5, 6.0])
def test_the_thickness_of_a_stroke(width, lean):
    assert thickness(stroke(width, lean)) == pytest.approx([width], rel=0.1, abs=0.2)  # round its ends it is less


def test_blank_paper_has_neither():
    blank = np.zeros((2, 1, 28, 28), np.float32)
    assert slant(blank).tolist() == thickness(blank).tolist() == [0.0, 0.0]


def test_slant_is_a_weighted_regression():
    image = load_digits()[1].images[3]
    rows, columns = np.nonzero(image[0])
    line = np.polyfit(-rows, columns, 1, w=np.sqrt(image[0, rows, columns]))
    assert slant(image[None]) == pytest.approx(line[:1], rel=1e-6)


def test_shear_adds_to_the_slant_and_to_nothing_else():
    image = stroke(4.0, 0.1)
    sheared = shear(image, np.array([0.4]))
    assert slant(sheared) == pytest.approx([0.5], abs=0.01)
    assert sheared.sum() == pytest.approx(image.sum(), rel=0.01)
    assert cv2.moments(sheared[0, 0])["m10"] == pytest.approx(cv2.moments(image[0, 0])["m10"], rel=0.01)


@pytest.mark.parametrize("by", [-1.5, 0.0, 2.0])
def test_thicken_widens_strokes_by_what_is_asked(by):
    wider = thicken(stroke(4.0), np.array([by]))
    assert thickness(wider) == pytest.approx([4.0 + by], abs=0.4)
    assert wider[0, 0, 28].sum() == pytest.approx(4.0 + by, abs=0.3)


def test_attribute_vectors_are_found_again():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((12, 5))
    attributes = np.concatenate([np.eye(10)[rng.integers(10, size=200)], rng.standard_normal((200, 2))], 1)
    np.testing.assert_allclose(edit.attribute_vectors(attributes @ vectors, attributes), vectors, atol=1e-9)


def test_each_request_changes_one_thing():
    digits = Digits(*(part[:50] for part in load_digits()[1]))
    now = edit.attributes_of(digits)
    asked = edit.requests(digits, now)
    for what, place in (("slant", [10]), ("thickness", [11]), ("digit", range(10))):
        moved = np.flatnonzero((asked[what] != now).any(0))
        assert set(moved) <= set(place) and (asked[what][:, place] != now[:, place]).any(1).mean() > 0.9, what
    assert (asked["digit"][:, :10].argmax(1) != digits.labels).all()


def test_figures_of_no_edit_and_of_a_perfect_one():
    digits = Digits(*(part[:50] for part in load_digits()[1]))
    nothing = edit.judge(lambda images, now, then: images, digits, "cpu")
    by_hand = edit.judge(edit.by_hand, digits, "cpu")
    assert nothing["slant"]["as_asked"] > 0.95 and nothing["digit"]["as_asked"] < 0.05
    assert (nothing["slant"]["thickness"], nothing["digit"]["back"]) == pytest.approx((0.0, 0.0), abs=1e-6)
    for what in ("slant", "thickness"):
        assert by_hand[what][what] < 0.3 * nothing[what][what], what


@pytest.mark.slow
def test_the_demo_writes_what_it_promises(tmp_path, monkeypatch, capsys):
    few = [Digits(*(part[:40] for part in digits)) for digits in load_digits()]
    monkeypatch.setattr(edit, "load_digits", lambda data: few)
    monkeypatch.setattr("demos.shared.run.draw_record", lambda losses, out: None)  # which has tests of its own
    options = ["--steps", "2", "--batch", "8", "--copies", "1", "--device", "cpu", "--out", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["edit", *options])
    assert edit.main() == 0
    for picture in ("edits.png", "digits.png", "digits-vectors.png", "grid.png"):
        assert read_image(tmp_path / picture).std() > 5, picture
    figures = json.loads((tmp_path / "metrics.json").read_text())
    assert {"fader", "vectors", "OpenCV", "no edit"} <= figures.keys()
    assert f"{figures['vectors']['digit']['as_asked']:.3f}" in capsys.readouterr().out
