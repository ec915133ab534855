"""The registry, what every style must do, and the gates of toon on real photographs."""

from dataclasses import dataclass

import numpy as np
import pytest

from stylize import (
    default_scale,
    find_images,
    quality,
    read_image,
    register,
    registry,
    resize_short_side,
    style_parameters,
    styles,
    stylize,
)
from stylize._cv2 import cv2
from stylize.toon import Toon, draw_lines

from .pictures import PHOTOS, blocks

TOON_GATES = {  # the mean over the photos lies between
    "flat share": (0.5, 1),
    "total variation": (0, 0.85),
    "edge recall": (0.8, 1),
    "ssim": (0.7, 0.9),
    "ink": (0.5, 6),
    "specks": (0, 600),
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


def measures(photo):
    scale = default_scale(photo)

    def toon(image):
        return stylize(image, "toon", scale)

    cartoon = toon(photo)
    return (
        quality.flat_share(cartoon),
        quality.tv_ratio(photo, cartoon),
        quality.edge_recall(photo, cartoon),
        quality.ssim_l(photo, cartoon),
        quality.ink_percent(photo, cartoon),
        quality.specks_per_megapixel(cartoon),
        quality.noise_gain(toon, photo),
        quality.crop_error(toon, photo),
    )


def test_toon_passes_its_gates(photos):
    means = np.mean([measures(photo) for photo in photos], axis=0)
    report = dict(zip(TOON_GATES, means.round(3).tolist(), strict=True))
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
        ink = draw_lines(photos[0], scale, Toon())
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
    with pytest.raises(ValueError, match=r"'tooon'.*classic, toon.*did you mean 'toon'"):
        stylize(blocks(), "tooon")
    with pytest.raises(ValueError, match="there is no style"):
        style_parameters("")


@pytest.mark.parametrize(
    ("photo", "scale", "message"),
    [
        (blocks().astype(np.float32), None, "uint8"),
        (blocks()[..., 0], None, r"\(H, W, 3\)"),
        (blocks()[:8], None, "16 pixels"),
        (blocks(), 0, "positive"),
        (blocks(), float("nan"), "positive"),
    ],
)
def test_what_stylize_refuses(photo, scale, message):
    with pytest.raises(ValueError, match=message):
        stylize(photo, "toon", scale)


def test_a_style_of_ones_own(monkeypatch):
    monkeypatch.setattr(registry, "_styles", dict(registry._styles))

    @dataclass(frozen=True)
    class Negative:
        white: int = 255

    @register("negative", Negative())
    def negative(image, scale, parameters):
        return parameters.white - image

    assert styles() == ["classic", "negative", "toon"]
    assert style_parameters("negative") == {"white": 255}
    np.testing.assert_array_equal(stylize(blocks(), "negative"), 255 - blocks())
    with pytest.raises(ValueError, match="already"):
        register("negative", Negative())(negative)
