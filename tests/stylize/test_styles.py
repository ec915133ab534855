"""The registry, what every style must do, and the gates of toon on real photographs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from stylize import (
    Parameters,
    default_scale,
    describe_style,
    find_images,
    quality,
    ranged,
    read_image,
    register,
    registry,
    resize_short_side,
    style_parameters,
    styles,
    stylize,
)
from stylize._cv2 import cv2
from stylize.lines import Lines, draw_lines

from .pictures import PHOTOS, blocks

TOON_GATES = {  # the mean over the photos lies between
    "flat share": (0.5, 1),
    "total variation": (0, 0.85),
    "edge recall": (0.8, 1),
    "SSIM of L": (0.7, 0.9),
    "ink %": (0.5, 6),
    "specks/MP": (0, 600),
    "noise gain": (0, 0.5),
    "crop error": (0, 0.5),
}


@pytest.fixture(scope="module")
def photos():
    return [read_image(path) for path in find_images([PHOTOS])]


@pytest.fixture
def cv2_threads():
    before = cv2.getNumThreads()
    yield cv2.setNumThreads
    cv2.setNumThreads(before)


def test_toon_passes_its_gates(photos):
    each = [quality.measure(partial(stylize, style="toon", scale=default_scale(photo)), photo) for photo in photos]
    report = {name: round(float(np.mean([measures[name] for measures in each])), 3) for name in each[0]}
    assert report.keys() == TOON_GATES.keys()
    assert all(low <= report[name] <= high for name, (low, high) in TOON_GATES.items()), report


def test_bold_strokes_change_small_photos_as_much_as_a_network_can_learn(photos):
    """At a short side of 256 with the strokes of 384: lines that are dark and more than a hair wide."""
    errors, inked, widths = [], [], []
    for photo in photos:
        small = resize_short_side(photo, 256)
        cartoon = stylize(small, "toon", 384 / 512)
        errors.append(np.abs(small.astype(float) - cartoon).mean() / 255)
        ink = quality.ink(small, cartoon)
        inked.append(ink.mean())
        outline = ink & ~(cv2.erode(ink.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
        widths.append(2 * ink.sum() / max(1, outline.sum()))
    assert 0.035 < np.mean(errors) < 0.055
    assert 0.02 < np.mean(inked) < 0.05
    assert np.mean(widths) > 2


@pytest.mark.parametrize("style", styles())
def test_same_bits_again_and_with_any_number_of_threads(style, photos, cv2_threads):
    for photo, scale in [(photos[0], None), (resize_short_side(photos[1], 256), 0.75), (photos[2], 2.1)]:
        photo = photo[:256, :300]
        results = set()
        for threads in (1, 2, 3, 7, 1):
            cv2_threads(threads)
            results.add(stylize(photo, style, scale).tobytes())
        assert len(results) == 1


@pytest.mark.parametrize("style", styles())
@pytest.mark.parametrize("shape", [(16, 16), (16, 300), (97, 41)])
@pytest.mark.parametrize("scale", [None, 0.05, 3.0])
def test_any_size_and_scale(style, shape, scale):
    photo = np.resize(blocks(), (*shape, 3))
    before = photo.copy()
    cartoon = stylize(photo, style, scale)
    assert cartoon.shape == photo.shape and cartoon.dtype == np.uint8
    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize("style", styles())
def test_grey_photos_and_flat_ones(style):
    """Nothing divides by zero; grey stays grey, but for the cool shadows of anime."""
    grey = np.dstack([blocks(height=64, width=80)[..., 0]] * 3)
    assert np.ptp(stylize(grey, style).astype(int), axis=2).max() <= (40 if style == "anime" else 2)
    for colour in [(0, 0, 0), (255, 255, 255), (200, 30, 60)]:
        flat = np.full((40, 50, 3), colour, np.uint8)
        drawn = stylize(flat, style).astype(float)
        if style not in ("watercolor", "comic", "pencil"):  # those have a grain
            assert np.ptp(drawn, axis=(0, 1)).max() <= 1
        if style != "pencil":
            assert np.abs(drawn.mean((0, 1)) - colour).max() < 60


def test_threads_may_draw_at_the_same_time(photos):
    photo = photos[0][:160, :160]
    expected = {style: stylize(photo, style).tobytes() for style in styles()}
    with ThreadPoolExecutor(4) as pool:
        for style, drawn in zip(3 * styles(), pool.map(partial(stylize, photo), 3 * styles()), strict=True):
            assert drawn.tobytes() == expected[style], style


@pytest.mark.parametrize("style", ["toon", "anime", "watercolor", "classic"])
def test_large_photos_are_painted_small_but_look_the_same(style, photos):
    """Twice the size at twice the scale, with the work size in between: much the same picture."""
    small = photos[1][:300, :400]
    large = cv2.resize(small, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    drawn = cv2.resize(stylize(large, style, 4.0), (400, 300), interpolation=cv2.INTER_AREA)
    assert quality.ssim_l(stylize(small, style, 1.0), drawn) > 0.75


@pytest.mark.parametrize("level", [0, 128, 255])
def test_toon_leaves_flat_grey_alone_but_for_its_tone(level):
    cartoon = stylize(np.full((64, 64, 3), level, np.uint8), "toon")
    assert np.ptp(cartoon) <= 1 and abs(int(cartoon[0, 0, 0]) - level) < 20


def test_toon_inks_the_dark_side_of_an_edge():
    photo = np.full((128, 128, 3), 200, np.uint8)
    photo[:, :64] = 120
    light = quality.lightness(stylize(photo, "toon", 1.0))[20:-20]
    assert light[:, 61:64].min(axis=1).max() < 15  # a black line
    assert light[:, 66:].min() > 60 and light[:, :55].min() > 40


def test_toon_leaves_no_specks_of_ink(photos):
    for scale in (0.5, 1.0, 2.0):
        ink = draw_lines(photos[0], scale, Lines())
        _, _, stats, _ = cv2.connectedComponentsWithStats((ink > 0).astype(np.uint8), connectivity=8)
        assert len(stats) > 1 and stats[1:, cv2.CC_STAT_AREA].min() >= 30 * scale**2


def test_a_larger_photo_at_its_own_scale_looks_the_same(photos):
    small = resize_short_side(photos[0], 256)
    large = cv2.resize(small, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    drawn = resize_short_side(stylize(large, "toon", 2.25), 256)
    assert quality.mean_difference(drawn, stylize(small, "toon", 0.75)) < 6


def test_a_view_is_drawn_like_its_copy():
    photo = blocks(height=64, width=128)[:, ::2]
    np.testing.assert_array_equal(stylize(photo), stylize(photo.copy()))


def test_unknown_style_is_named_and_the_nearest_suggested():
    with pytest.raises(ValueError, match=r"'tooon'.*classic, .*, toon, .*did you mean 'toon'"):
        stylize(blocks(), "tooon")
    with pytest.raises(ValueError, match="there is no style"):
        style_parameters("")


@pytest.mark.parametrize(
    ("photo", "scale", "message"),
    [
        (blocks().astype(np.float32), None, "uint8"),
        (blocks()[..., 0], None, r"\(H, W, 3\)"),
        (blocks()[:8], None, "16 pixels"),
        (blocks(), 0, r"it needs 0\.015625\.\.64"),
        (blocks(), float("nan"), "not a percentage"),
    ],
)
def test_what_stylize_refuses(photo, scale, message):
    with pytest.raises(ValueError, match=message):
        stylize(photo, "toon", scale)


def test_a_style_of_ones_own(monkeypatch):
    monkeypatch.setattr(registry, "_styles", dict(registry._styles))

    before = styles()

    @dataclass(frozen=True)
    class Negative(Parameters):
        white: int = ranged(255, 1, 255, "the level that black becomes")

    @register("negative", Negative())
    def negative(image, scale, p):
        """Black for white."""
        return p.white - np.minimum(image, p.white)

    assert styles() == sorted([*before, "negative"])
    assert style_parameters("negative") == {"white": 255}
    np.testing.assert_array_equal(stylize(blocks(), "negative"), 255 - blocks())
    np.testing.assert_array_equal(stylize(blocks(), "negative", white=200), 200 - np.minimum(blocks(), 200))
    assert describe_style("negative")[0] == "negative: Black for white."
    with pytest.raises(ValueError, match="white is 300; it needs a whole number in 1"):
        stylize(blocks(), "negative", white=300)
    with pytest.raises(ValueError, match="already"):
        register("negative", Negative())(negative)
    with pytest.raises(TypeError, match="'bare' are a dict; derive"):
        register("bare", {})
