"""Pictures and scales at the limits of OpenCV are drawn, or refused in a sentence that names the limit."""

from dataclasses import dataclass, fields

import numpy as np
import pytest

from stylize import (
    ImageError,
    Parameters,
    build_dataset,
    default_scale,
    filters,
    load_pairs,
    read_image,
    read_manifest,
    register,
    registry,
    resize_short_side,
    styles,
    stylize,
    texture,
)
from stylize.__main__ import main
from stylize._cv2 import cv2
from stylize.classic import WIDEST_MEDIAN
from stylize.filters import LONGEST, remap
from stylize.manifest import write_manifest
from stylize.preprocess import parse_steps, preprocess
from stylize.registry import SCALES

from .pictures import PHOTOS, blocks, contents, save, save_blocks


def strip(length, axis, side=16):
    shape = [side, side]
    shape[axis] = length
    return np.resize(blocks(height=64, width=256).swapaxes(0, axis ^ 1), (*shape, 3))


@pytest.mark.parametrize("axis", [0, 1])
def test_remap_in_pieces_is_remap(axis, monkeypatch):
    """Places beyond the borders and half way between pixels, in pictures of one or more channels."""
    rng = np.random.default_rng(0)
    shape = (40, 700) if axis else (700, 40)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    x += rng.integers(-9, 10, shape).astype(np.float32) / 2
    y += rng.normal(0, 5, shape).astype(np.float32)
    for channels in ((), (2,), (3,)):
        image = rng.random((*shape, *channels)).astype(np.float32)
        for interpolation in (cv2.INTER_LINEAR, cv2.INTER_NEAREST):
            whole = remap(image, x, y, interpolation)
            np.testing.assert_array_equal(whole, cv2.remap(image, x, y, interpolation, borderMode=filters.BORDER))
            monkeypatch.setattr(filters, "LONGEST", 100)
            np.testing.assert_allclose(remap(image, x, y, interpolation), whole, atol=1e-6)  # 0 in OpenCV 5
            monkeypatch.undo()


def test_noise_far_from_the_corner_is_the_noise_of_the_repeated_tile(monkeypatch):
    plain = texture.noise((30, 1300), 3, 0.65, -50, seed=1)
    monkeypatch.setattr(texture, "LONGEST", 100)
    np.testing.assert_allclose(texture.noise((30, 1300), 3, 0.65, -50, seed=1), plain, atol=1e-6)
    far = texture.noise((4, 40_000), 0.5, 0.5)  # 80,000 pixels on the tile
    assert far[:, -5000:].std() > 0.2  # and not a constant


@pytest.mark.parametrize("style", styles())
def test_a_style_in_pieces_is_the_style(style, monkeypatch):
    photo = cv2.resize(read_image(PHOTOS / "cat.jpg"), None, fx=2, fy=2)[:200, :800]
    whole = stylize(photo, style)
    monkeypatch.setattr(filters, "LONGEST", texture.TILE)
    assert (stylize(photo, style) != whole).mean() < 1e-4  # none in OpenCV 5


@pytest.mark.parametrize(
    "style", [pytest.param(style, marks=pytest.mark.slow) if style == "anime" else style for style in styles()]
)
@pytest.mark.parametrize("axis", [0, 1])
def test_sides_longer_than_opencv_takes(style, axis):
    photo = strip(LONGEST + 500, axis)
    drawn = stylize(photo, style)
    assert drawn.shape == photo.shape
    ends = drawn.take(range(400), axis), drawn.take(range(-400, 0), axis)
    assert all(end.std() > 5 for end in ends)  # no end is left out
    if style == "toon":  # local: the end of the drawing is the drawing of the end
        alone = stylize(photo.take(range(-1000, 0), axis), style, default_scale(photo)).take(range(-400, 0), axis)
        assert (alone != ends[1]).mean() < 0.01


def test_steps_on_long_strips_work_or_say_why_not():
    photo = strip(LONGEST + 100, 1, 40)
    for step in ("rotate=90", "scale=0.5", "crop=square", "brightness=1.1", "contrast=0.9", "grey"):
        assert preprocess(photo, parse_steps([step])).ndim == 3
    try:
        assert preprocess(photo, parse_steps(["rotate=3"])).ndim == 3
    except ImageError as error:
        assert "OpenCV cannot" in str(error)  # before version 5


@pytest.mark.parametrize("style", styles())
def test_every_parameter_at_its_ends_at_every_scale(style):
    """Each alone, on the smallest pictures, on odd sides, and on long ones."""
    parameters = registry._styles[style].parameters
    changes = [{}, *({one.name: end} for one in fields(parameters) for end in one.metadata["range"])]
    for i, change in enumerate(changes):
        for j, scale in enumerate((SCALES[0], 0.3, 7.0, SCALES[1])):
            shape = [(16, 16), (16, 90), (91, 17)][(i + j) % 3]
            photo = np.resize(blocks(i), (*shape, 3))
            drawn = stylize(photo, style, scale, **change)
            assert drawn.shape == photo.shape and drawn.dtype == np.uint8, (change, scale)


@pytest.mark.parametrize("level", [0, 7, 255])
def test_the_widest_median_is_a_median(level):
    """On a flat area cv2.medianBlur fails if half of its window's pixels do not fit in 16 bits."""
    plain = np.full((400, 400), level, np.uint8)
    assert (cv2.medianBlur(plain, WIDEST_MEDIAN) == level).all()
    photo = cv2.cvtColor(plain, cv2.COLOR_GRAY2RGB)
    assert (stylize(photo, "classic", SCALES[1], grey_median=31) == level).all()


@pytest.mark.parametrize("scale", [400, 1000, 64.1, 1e300, float("inf"), float("nan"), 0, -1, 1e-9, 5e-324, 0.0156])
def test_a_mistaken_scale_is_explained(scale, tmp_path, capsys):
    photo = save(tmp_path / "photo.png", blocks())
    for style in styles():
        with pytest.raises(ValueError, match=r"it needs 0\.015625\.\.64, where 1 suits a short side of 512 pixels"):
            stylize(blocks(), style, scale)
    assert main(["image", str(photo), str(tmp_path / "out.png"), f"--scale={scale}"]) == 2
    said = capsys.readouterr().err
    assert "not a percentage" in said and said.count("\n") == 1 and not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("options", [["--strokes", "100000"], ["--crops", "99999999", "--size", "16"]])
def test_dataset_options_far_out_of_range(options, tmp_path, capsys):
    photos = save_blocks(tmp_path / "photos", 3)
    assert main(["dataset", str(photos), str(tmp_path / "out"), *options]) == 2
    said = capsys.readouterr().err
    assert f"{options[0][2:]} is {options[1]}; it needs" in said and said.count("\n") == 1
    assert not (tmp_path / "out").exists()


@dataclass(frozen=True)
class NoParameters(Parameters):
    """None."""


@pytest.fixture
def fragile(monkeypatch):
    """A style that fails on pictures wider than 100 pixels, with the error that the test sets."""
    monkeypatch.setattr(registry, "_styles", dict(registry._styles))
    failures = {}

    @register("fragile", NoParameters())
    def draw(image, scale, p):
        if image.shape[1] > 100:
            failures["now"]()
        return 255 - image

    return failures


def out_of_memory():
    np.empty(2**61, np.uint8)


def beyond_opencv():
    cv2.remap(np.zeros((1, 40_000), np.uint8), *np.zeros((2, 1, 40_000), np.float32), cv2.INTER_LINEAR)


@pytest.mark.parametrize(
    ("failure", "reason"), [(out_of_memory, "not enough memory"), (beyond_opencv, "OpenCV cannot draw")]
)
def test_a_photo_that_cannot_be_drawn_is_skipped_and_the_run_goes_on(tmp_path, photos, out, fragile, failure, reason):
    fragile["now"] = failure
    save(photos / "wide.png", blocks(9, 48, 120))
    summary = build_dataset([photos], out, style="fragile", minimum_test=2)
    assert [name for name, _ in summary.skipped] == ["wide.png"] and reason in summary.skipped[0][1]
    assert summary.drawn == 6 and sum(summary.pairs.values()) == 6
    before = contents(out)
    assert build_dataset([photos], out, style="fragile", minimum_test=2).skipped == summary.skipped  # still there
    assert contents(out) == before
    (photos / "wide.png").unlink()  # taken away
    assert build_dataset([photos], out, style="fragile", minimum_test=2).skipped == []
    fragile["now"] = lambda: None  # on a larger machine
    save(photos / "wide.png", blocks(9, 48, 120))
    assert build_dataset([photos], out, style="fragile", minimum_test=2).drawn == 1
    assert len(load_pairs(out, "train")) + len(load_pairs(out, "test")) == 7


@pytest.mark.parametrize("taken_away", [False, True])
def test_a_run_that_a_photo_ended_can_be_resumed(tmp_path, photos, out, taken_away):
    """As left by an earlier version, or by a process killed for lack of memory: planned but not begun."""
    save(photos / "wide.png", blocks(9, 48, 120))
    build_dataset([photos], out)
    records = read_manifest(out)
    wide = next(record for record in records if record["source"] == "wide.png")
    (out / wide["file"]).unlink()
    wide["status"] = "pending"
    del wide["file_sha256"]
    write_manifest(out, records)
    if taken_away:
        (photos / "wide.png").unlink()
    assert build_dataset([photos], out).drawn == 1 - taken_away
    assert ("wide.png" in {record["source"] for record in read_manifest(out)}) == (not taken_away)


def test_a_long_photo_is_a_pair_like_any_other(tmp_path, photos, out):
    photo = strip(LONGEST + 500, 1)
    save(photos / "panorama.png", photo)
    assert build_dataset([photos], out, style="toon", short_side=16).skipped == []
    pairs = [*load_pairs(out, "train"), *load_pairs(out, "test")]
    shrunk = resize_short_side(photo, 16)
    assert max(pair[1].shape[1] for pair in pairs) == shrunk.shape[1]
