"""Shapes on photos, the pictures that networks get, and a small run."""

import json

import cv2
import numpy as np
import pytest

from demos.shallow import __main__ as shallow
from demos.shallow import shapes
from stylize import read_image

PLAIN = np.full((40, 50, 3), 0.5, np.float32)


def test_each_tenth_picture_is_of_one_shape_and_stands_out(rng):
    """On plain paper every other grey is ink: of the shape's size, inside the picture, and apart from the paper."""
    drawn = shapes.draw_shapes(20, [PLAIN], rng)
    assert drawn.images.shape == (200, 1, 28, 28) and drawn.images.dtype == np.float32
    np.testing.assert_array_equal(drawn.labels, np.arange(200) % 10)
    ink = np.abs(drawn.images - 0.5) > 0.5 * shapes.CONTRAST
    shares = ink.mean((1, 2, 3)).reshape(20, 10).mean(0)
    names = list(shapes.SHAPES)
    assert shares.min() > 0.08 and shares.max() < 0.5
    assert shares[names.index("circle")] > shares[names.index("hexagon")] > shares[names.index("star")]
    assert np.abs(drawn.images - 0.5).max((1, 2, 3)).min() > 0.9 * shapes.CONTRAST


def test_shapes_are_those_of_their_names():
    """Corners, and the area in the units of the outlines, which are about 2 wide."""
    areas = {name: cv2.contourArea(outline.astype(np.float32)) for name, outline in shapes.SHAPES.items()}
    known = {
        "circle": np.pi,
        "triangle": 3**1.5 / 4,
        "square": 2 * 1.1**2,
        "diamond": 2 * 0.7 * 1.1,
        "hexagon": 1.5 * 3**0.5,
    }
    known |= {"cross": 4 * 0.35 * (2 - 0.35), "arrow": 0.9 + 0.7}
    for name, area in known.items():
        assert areas[name] == pytest.approx(area, rel=0.01), name
    assert [len(shapes.SHAPES[name]) for name in ("triangle", "star", "cross", "arrow")] == [3, 10, 12, 7]


def test_pictures_are_moved_without_a_margin(rng):
    image = rng.random((1, 28, 28))
    around = np.pad(image[0], 2, mode="edge")
    places = set()
    for _ in range(60):
        other = shallow.moved(image, rng)[0]
        [place] = [(t, s) for t in range(5) for s in range(5) if (around[t : t + 28, s : s + 28] == other).all()]
        places.add(place)
    assert len(places) > 15


@pytest.mark.slow
def test_a_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shallow, "HELD_OUT", 100)
    monkeypatch.setattr("demos.features.STEPS", 50)
    tiny = ("--steps", "2", "--batch", "4", "--labels", "100", "--device", "cpu")
    monkeypatch.setattr("sys.argv", ["shallow", "--out", str(tmp_path), *tiny])
    assert shallow.main() == 0
    figures, stdout = json.loads((tmp_path / "metrics.json").read_text()), capsys.readouterr().out
    assert figures["labels"] == [1, 10, 100] and f"{figures['HOG, linear'][2]:.1%}" in stdout
    assert figures["HOG, linear"][2] > 0.4 > figures["HOG, linear"][0] > 0.1
    assert max(figures["pixels, linear"] + figures["ResNet-8"]) < 0.3
    for picture in ("shallow.png", "shapes.png"):
        assert read_image(tmp_path / picture).std() > 20, picture
