"""Colours: profiles against the formulas; bit depths, palettes and transparency against the formats."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from stylize.images import ImageError, read_image, read_picture

from .files_by_hand import bmp, png, png_chunk, tiff
from .pictures import blocks, save
from .profiles import (
    ADOBE,
    D65,
    P3,
    PROPHOTO,
    SRGB,
    cmyk_profile,
    grey_profile,
    in_srgb,
    lab_in_srgb,
    rgb_profile,
    srgb_encoded,
)

SPACES = {
    "Adobe RGB": (ADOBE, D65, 563 / 256),
    "Display P3": (P3, D65, None),
    "ProPhoto": (PROPHOTO, (0.3457, 0.3585), 461 / 256),
}
GLASS = np.random.default_rng(0).integers(0, 256, (48, 64), dtype=np.uint8)


def written(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("extension", ["png", "tif", "webp", "jpg"])
def test_profiles_become_srgb(extension, space, tmp_path):
    options = {"lossless": True} if extension == "webp" else {}
    path = save(tmp_path / f"a.{extension}", blocks(), icc_profile=rgb_profile(*SPACES[space]), **options)
    with Image.open(path) as image:
        stored = np.asarray(image)
    actual = read_image(path)
    assert np.abs(actual - in_srgb(stored, *SPACES[space])).max() < 2.5
    assert np.abs(actual.astype(int) - stored).mean() > 5  # it would be different without the profile


def test_colours_outside_srgb_come_close_and_greys_stay_grey(tmp_path):
    ramp = np.arange(256, dtype=np.uint8)[None, :, None].repeat(16, 0).repeat(3, 2)
    for name, space in SPACES.items():
        path = save(tmp_path / f"{name}.png", ramp, icc_profile=rgb_profile(*space))
        actual = read_image(path).astype(int)
        assert np.ptp(actual, axis=2).max() <= 1, name
        assert np.abs(actual - in_srgb(ramp, *space)).max() < 1.5, name


@pytest.mark.parametrize("profile", ["of LittleCMS", "by hand"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_srgb_profiles_leave_every_bit_alone(mode, profile, tmp_path):
    by_littlecms = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = by_littlecms if profile == "of LittleCMS" else rgb_profile(SRGB, D65, None)
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (80, 90, 3), dtype=np.uint8)).convert(mode)
    plain = read_picture(save(tmp_path / "plain.png", noise))
    tagged = read_picture(save(tmp_path / "tagged.png", noise, icc_profile=data))
    np.testing.assert_array_equal(plain.rgb, tagged.rgb)
    assert tagged.notes == ()


def test_colours_of_a_transparent_picture_are_converted_and_its_alpha_is_not(tmp_path):
    rgba = np.dstack([blocks(), GLASS | 1])  # none is hidden altogether
    picture = read_picture(save(tmp_path / "a.png", rgba, icc_profile=rgb_profile(*SPACES["Adobe RGB"])))
    np.testing.assert_array_equal(picture.alpha, rgba[..., 3])
    assert np.abs(picture.rgb - in_srgb(blocks(), *SPACES["Adobe RGB"])).max() < 2.5


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_grey_profiles(mode, tmp_path):
    grey = np.arange(256, dtype=np.uint8)[None].repeat(16, 0)
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    actual = read_image(save(tmp_path / "a.png", image, icc_profile=grey_profile(1.0)))
    assert np.abs(actual - 255 * srgb_encoded(grey[..., None] / 255)).max() < 1.5
    assert np.ptp(actual, axis=2).max() == 0


def test_a_grey_picture_with_a_profile_for_colours_stays_grey(tmp_path):
    grey = np.arange(256, dtype=np.uint8)[None].repeat(16, 0)
    picture = read_picture(save(tmp_path / "a.jpg", grey, quality=100, icc_profile=rgb_profile(*SPACES["ProPhoto"])))
    with Image.open(tmp_path / "a.jpg") as image:
        stored = np.asarray(image.convert("RGB"))
    assert np.ptp(picture.rgb, axis=2).max() == 0 and picture.notes == ()
    assert np.abs(picture.rgb - in_srgb(stored, *SPACES["ProPhoto"])).max() < 1.5


@pytest.mark.parametrize("extension", ["tif", "jpg"])
def test_cmyk_profiles(extension, tmp_path):
    """Pure inks get the colours in the profile, here odd ones that no formula for CMYK gives."""

    def colour(inks):
        return (round(100 - 25 * sum(inks)), 20 * inks[0], -30 * inks[1] + 10 * inks[2])

    mixtures = [[n >> 3 & 1, n >> 2 & 1, n >> 1 & 1, n & 1] for n in range(16)]
    inks = np.array(mixtures, np.uint8).reshape(4, 4, 4).repeat(16, 0).repeat(16, 1) * 255
    options = {"quality": 100, "subsampling": 0} if extension == "jpg" else {}
    image = Image.merge("CMYK", [Image.fromarray(ink) for ink in np.moveaxis(inks, 2, 0)])
    actual = read_image(save(tmp_path / f"a.{extension}", image, icc_profile=cmyk_profile(colour), **options))
    expected = np.array([lab_in_srgb(*colour(m)) for m in mixtures]).reshape(4, 4, 3)
    assert np.abs(actual[8::16, 8::16] - expected).max() < 4  # L, a and b have 8 bits in this profile


def test_cmyk_without_a_profile_is_ink_on_white(tmp_path):
    inks = np.random.default_rng(0).integers(0, 256, (40, 40, 4), dtype=np.uint8)
    image = Image.merge("CMYK", [Image.fromarray(ink) for ink in np.moveaxis(inks, 2, 0)])
    actual = read_image(save(tmp_path / "a.tif", image))
    light = 255.0 - inks
    assert np.abs(actual - light[..., :3] * light[..., 3:] / 255).max() <= 1


@pytest.mark.parametrize("extension", ["png", "jpg", "webp", "tif"])
def test_a_profile_that_is_damaged_or_does_not_fit_is_ignored_with_a_note(extension, tmp_path):
    plain = read_image(save(tmp_path / f"plain.{extension}", blocks()))
    sound = rgb_profile(*SPACES["Adobe RGB"])
    inks = cmyk_profile(lambda inks: (50, 0, 0))
    for name, profile in {"text": b"no profile", "cut": sound[:200], "inks": inks}.items():
        path = save(tmp_path / f"{name}.{extension}", blocks(), icc_profile=profile)
        picture = read_picture(path)
        np.testing.assert_array_equal(picture.rgb, plain)
        assert picture.notes == ("its colour profile is damaged or does not fit, and was ignored",)
        np.testing.assert_array_equal(read_image(path), plain)  # the pixels are sound


@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_greys_are_rounded(order, tmp_path):
    values = np.linspace(0, 65535, 400).astype(np.uint16).reshape(20, 20)
    expected = np.rint(values / 257.0)
    np.testing.assert_array_equal(read_image(written(tmp_path / "a.tif", tiff(values, order=order)))[..., 0], expected)
    np.testing.assert_array_equal(read_image(written(tmp_path / "a.png", png(values, 0)))[..., 1], expected)


def test_16_bit_greys_that_count_from_white(tmp_path):
    values = np.linspace(0, 65535, 400).astype(np.uint16).reshape(20, 20)
    actual = read_image(written(tmp_path / "a.tif", tiff(values, photometric=0)))
    np.testing.assert_array_equal(actual[..., 2], 255 - np.rint(values / 257.0))


def test_12_bit_greys_fill_the_range(tmp_path):
    values = np.linspace(0, 4095, 400).astype(int).reshape(20, 20)
    first, second = values[:, ::2], values[:, 1::2]
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=2).astype(np.uint8).tobytes()
    path = written(tmp_path / "a.tif", tiff(values.astype(np.uint16), bits=12, strips=[packed]))
    assert np.abs(read_image(path)[..., 0] - 255 * values / 4095).max() <= 0.5


@pytest.mark.parametrize("extension", ["png", "tif"])
def test_16_bit_colours_are_within_one_step(extension, tmp_path):
    samples = np.random.default_rng(0).integers(0, 65536, (20, 30, 3), dtype=np.uint16)
    samples[0, 0], samples[0, 1] = 0, 65535
    data = png(samples, 2) if extension == "png" else tiff(samples, photometric=2)
    actual = read_image(written(tmp_path / f"a.{extension}", data)).astype(int)
    assert np.abs(actual - samples / 257).max() <= 1
    assert (actual[0, 0] == 0).all() and (actual[0, 1] == 255).all()
    eight = (np.arange(600).reshape(20, 30, 1).repeat(3, 2) % 256).astype(np.uint16)
    same = png(257 * eight, 2) if extension == "png" else tiff(257 * eight, photometric=2)
    np.testing.assert_array_equal(read_image(written(tmp_path / f"b.{extension}", same)), eight)


def test_16_bit_grey_and_colour_with_alpha(tmp_path):
    samples = np.random.default_rng(0).integers(256, 65536, (20, 30, 4), dtype=np.uint16)
    grey = read_picture(written(tmp_path / "a.png", png(samples[..., :2], 4)))
    assert np.abs(grey.rgb - samples[..., :1] / 257).max() <= 1
    assert np.abs(grey.alpha - samples[..., 1] / 257).max() <= 1
    colour = read_picture(written(tmp_path / "b.png", png(samples, 6)))
    assert np.abs(np.dstack([colour.rgb, colour.alpha]) - samples / 257).max() <= 1


@pytest.mark.parametrize("dtype", ["float32", "uint32"])
def test_samples_of_unknown_range_are_refused(dtype, tmp_path):
    kind = 3 if dtype == "float32" else 1
    path = written(tmp_path / "a.tif", tiff(np.ones((20, 20), dtype), t339=(kind,)))
    with pytest.raises(ImageError, match=r"a\.tif: .*samples have no known range; save the picture with 8 or 16 bits"):
        read_image(path)
    path = written(tmp_path / "b.tif", tiff(np.ones((20, 20, 3), np.float32), photometric=2, t339=(3, 3, 3)))
    with pytest.raises(ImageError, match="8 or 16 bits"):
        read_image(path)


def test_a_bmp_has_alpha_only_if_it_says_so(tmp_path):
    bgra = np.dstack([blocks()[..., ::-1], np.zeros((48, 64), np.uint8)])
    seen_through = np.dstack([blocks()[..., ::-1], GLASS | 1])
    for name, data in {
        "unused": bmp(bgra),
        "unused, not 0": bmp(seen_through),
        "masked without alpha": bmp(bgra, 108, alpha_mask=0),
        "version 4, alpha 0": bmp(bgra, 108, alpha_mask=0xFF000000),
        "version 5, alpha 0": bmp(bgra, 124, alpha_mask=0xFF000000),
    }.items():
        picture = read_picture(written(tmp_path / f"{name}.bmp", data))
        np.testing.assert_array_equal(picture.rgb, blocks(), name)
        assert picture.alpha is None, name
    for header in (108, 124):
        picture = read_picture(written(tmp_path / f"{header}.bmp", bmp(seen_through, header, alpha_mask=0xFF000000)))
        np.testing.assert_array_equal(np.dstack([picture.rgb, picture.alpha]), np.dstack([blocks(), GLASS | 1]))


def test_alpha_of_tiffs(tmp_path):
    rgba = np.dstack([blocks(), GLASS | 1])
    picture = read_picture(written(tmp_path / "apart.tif", tiff(rgba, photometric=2, t338=(2,))))
    np.testing.assert_array_equal(np.dstack([picture.rgb, picture.alpha]), rgba)
    multiplied = np.dstack([np.rint(rgba[..., :3] * (rgba[..., 3:] / 255)), rgba[..., 3]]).astype(np.uint8)
    picture = read_picture(written(tmp_path / "multiplied.tif", tiff(multiplied, photometric=2, t338=(1,))))
    np.testing.assert_array_equal(picture.alpha, rgba[..., 3])
    visible = rgba[..., 3] > 200
    assert np.abs(picture.rgb[visible].astype(int) - rgba[visible][:, :3]).max() <= 2
    assert read_picture(written(tmp_path / "unknown.tif", tiff(rgba, photometric=2, t338=(0,)))).alpha is None


def test_a_transparent_colour_of_a_palette_of_greys_and_of_bits(tmp_path):
    grey = np.random.default_rng(0).integers(0, 4, (20, 20), dtype=np.uint8)
    picture = read_picture(written(tmp_path / "grey.png", png(grey, 0, png_chunk(b"tRNS", b"\0\2"))))
    np.testing.assert_array_equal(picture.alpha, np.where(grey == 2, 0, 255))
    np.testing.assert_array_equal(picture.rgb[grey != 2], grey[grey != 2][:, None].repeat(3, 1))

    image = Image.fromarray(grey)
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    for name, transparency in {"one.png": 1, "each.png": bytes([255, 0, 128, 255]), "one.gif": 1}.items():
        picture = read_picture(save(tmp_path / name, image, transparency=transparency))
        opacity = [255, 0, 255 if transparency == 1 else 128, 255]
        np.testing.assert_array_equal(picture.alpha, np.array(opacity)[grey], name)
        np.testing.assert_array_equal(picture.rgb[grey == 3], 9)
        np.testing.assert_array_equal(picture.rgb[grey == 0], [[255, 0, 0]] * (grey == 0).sum())

    bits = save(tmp_path / "bits.png", Image.fromarray(grey > 1))
    np.testing.assert_array_equal(read_image(bits)[..., 0], np.where(grey > 1, 255, 0))


def test_a_large_profile_in_a_png_is_read(tmp_path):
    """More than the megabyte that Pillow unpacks by default."""
    data = rgb_profile(*SPACES["Adobe RGB"])
    padded = (len(data) + 2_000_000).to_bytes(4, "big") + data[4:] + bytes(2_000_000)
    path = save(tmp_path / "a.png", blocks(), icc_profile=padded)
    assert np.abs(read_image(path) - in_srgb(blocks(), *SPACES["Adobe RGB"])).max() < 2.5
    with pytest.raises(ValueError, match="too large"):  # and Pillow's own limit is unchanged
        Image.open(io.BytesIO(path.read_bytes()))
