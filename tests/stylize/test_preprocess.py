"""Preprocessing: each step against its formula, the text forms, and the removal of a background."""

import numpy as np
import pytest

from stylize import ImageError, read_image
from stylize.images import resize
from stylize.preprocess import largest_upright, parse_steps, preprocess

from .pictures import PHOTOS, blocks


def apply(image, *texts):
    return preprocess(image, parse_steps(texts))


def plane(height, width):
    """A picture whose values say where they are: red is x / 2, green y / 2."""
    y, x = np.mgrid[:height, :width] / 2
    return np.dstack([x, y, np.full_like(x, 100)]).astype(np.uint8)


@pytest.mark.parametrize(
    ("step", "formula"),
    [
        ("brightness=1.5", lambda x: x * 1.5),
        ("brightness=0.5", lambda x: x * 0.5),
        ("grey", lambda x: (x @ [0.299, 0.587, 0.114])[..., None].repeat(3, 2)),
        ("contrast=1.7", lambda x: (x @ [0.299, 0.587, 0.114]).mean() * -0.7 + 1.7 * x),
        ("contrast=0", lambda x: np.full_like(x, (x @ [0.299, 0.587, 0.114]).mean())),
    ],
)
def test_values_follow_their_formula(step, formula):
    picture = blocks()
    expected = np.clip(formula(picture.astype(float)), 0, 255)
    assert np.abs(apply(picture, step) - expected).max() <= 1.01  # rounding, of the grey mean as well


@pytest.mark.parametrize("degrees", [90, 180, 270, -90, 360])
def test_quarter_turns_are_exact_and_counterclockwise(degrees):
    np.testing.assert_array_equal(apply(blocks(), f"rotate={degrees}"), np.rot90(blocks(), degrees // 90))


@pytest.mark.parametrize("degrees", [1, 10, -10, 33.3, 45, 80, 100, -170])
@pytest.mark.parametrize(("height", "width"), [(200, 300), (300, 200), (250, 250), (60, 400)])
def test_a_turned_photo_shows_what_the_geometry_says(degrees, height, width):
    turned = apply(plane(height, width), f"rotate={degrees}")
    h, w = turned.shape[:2]
    y, x = np.mgrid[:h, :w]
    dx, dy, angle = x - (w - 1) / 2, y - (h - 1) / 2, np.radians(degrees)
    source_x = (width - 1) / 2 + dx * np.cos(angle) - dy * np.sin(angle)  # y points down: counterclockwise
    source_y = (height - 1) / 2 + dx * np.sin(angle) + dy * np.cos(angle)
    assert np.abs(turned[..., 0] - source_x / 2).max() < 1.6  # and so no corner is empty: blue, too
    assert np.abs(turned[..., 1] - source_y / 2).max() < 1.6
    assert (turned[..., 2] == 100).all()


@pytest.mark.parametrize(("width", "height", "degrees"), [(300, 200, 10), (300, 200, 50), (500, 60, 30), (90, 90, 45)])
def test_no_larger_upright_rectangle_fits(width, height, degrees):
    """Among rectangles of every shape, by search."""
    angle = np.radians(degrees)
    s, c = np.sin(angle), np.cos(angle)
    w = np.linspace(1, np.hypot(width, height), 4000)
    # its corners (±w/2, ±h/2), turned back, lie inside: |w c + h s| <= width, |w s + h c| <= height
    h = np.minimum((width - w * c) / s, (height - w * s) / c)
    largest = np.max(w * np.clip(h, 0, None))
    found = largest_upright(width, height, degrees)
    assert found[0] * found[1] == pytest.approx(largest, rel=1e-3)
    assert found[0] * c + found[1] * s <= width + 1e-9 and found[0] * s + found[1] * c <= height + 1e-9


def test_scale_and_crop():
    picture = blocks()
    halved = picture.reshape(24, 2, 32, 2, 3).mean((1, 3))
    assert np.abs(apply(picture, "scale=0.5") - halved).max() <= 0.51
    np.testing.assert_array_equal(apply(picture, "crop=square"), picture[:, 8:56])
    np.testing.assert_array_equal(apply(picture, "crop=40x20"), picture[14:34, 12:52])
    with pytest.raises(ImageError, match="64 x 48 pixels are too few for crop=65x20"):
        apply(picture, "crop=65x20")
    with pytest.raises(ImageError, match=r"scale=0\.25 leaves 16 x 12 pixels"):
        apply(picture, "scale=0.25")


def test_steps_are_done_in_the_order_given():
    one, other = apply(blocks(), "crop=square", "rotate=90"), apply(blocks(), "rotate=90", "crop=square")
    np.testing.assert_array_equal(one, other)
    dark = apply(blocks(), "brightness=0.5", "contrast=2")
    assert np.abs(dark.astype(int) - apply(blocks(), "contrast=2", "brightness=0.5")).max() > 10


def test_a_subject_in_the_middle_is_kept_and_the_rest_is_white():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:300, :400]
    disc = np.hypot(y - 160, x - 210) < 90
    picture = np.where(disc[..., None], (200, 60, 40), (60, 110, 70)) + rng.normal(0, 12, (300, 400, 3))
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    cut = apply(picture, "remove-background")
    inside, outside = np.hypot(y - 160, x - 210) < 82, np.hypot(y - 160, x - 210) > 98
    np.testing.assert_array_equal(cut[inside], picture[inside])
    assert (cut[outside] == 255).all()
    np.testing.assert_array_equal(cut, apply(picture, "remove-background"))


def test_a_photo_of_a_person_loses_its_background():
    photo = read_image(PHOTOS / "astronaut.jpg")
    cut = apply(photo, "remove-background")
    white = (cut == 255).all(axis=2)
    assert white[:100, :100].all() and white[60:130, 340:420].mean() > 0.9  # flag, shuttle
    assert white[60:150, 190:260].mean() < 0.02  # face


def test_without_a_subject_the_photo_is_refused():
    with pytest.raises(ImageError, match="no subject"):
        apply(np.full((64, 64, 3), 120, np.uint8), "remove-background")


def test_a_range_is_drawn_from_and_its_text_repeats_it_exactly():
    (step,) = parse_steps(["rotate=-10..10"])
    rng = np.random.default_rng(3)
    numbers = [step.drawn(rng).argument for _ in range(200)]
    assert -10 <= min(numbers) < -8 and 8 < max(numbers) <= 10
    assert str(step) == "rotate=-10..10"
    for number in numbers[:20]:
        (again,) = parse_steps([f"rotate={number}"])
        assert again.argument == number and parse_steps([str(again)]) == (again,)
    (grey,) = parse_steps(["grey"])
    assert grey.drawn(rng) == grey


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rotat=90", "did you mean 'rotate'"),
        ("remove_background", "did you mean 'remove-background'"),
        ("sepia", "the steps are scale, crop, rotate"),
        ("rotate", "rotate takes a number in -360..360"),
        ("rotate=left", "got 'rotate=left'"),
        ("rotate=10..-10", "a range LOW..HIGH"),
        ("scale=0", "0.01..8"),
        ("brightness=nan", "number"),
        ("contrast=inf", "number"),
        ("grey=1", "takes no argument"),
        ("crop=0x20", "crop=square or crop=640x480"),
        ("crop", "crop=square"),
    ],
)
def test_a_misspelt_step_says_what_is_meant(text, message):
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        parse_steps([text])


def test_the_photo_given_is_not_changed():
    photo = resize(read_image(PHOTOS / "coffee.jpg"), 150, 100)
    before = photo.copy()
    for text in ("scale=0.5", "crop=square", "rotate=5", "rotate=90", "brightness=2", "contrast=2", "grey"):
        result = apply(photo, text)
        assert result.dtype == np.uint8 and result.flags.c_contiguous and not np.shares_memory(result, photo), text
    apply(photo, "remove-background")
    np.testing.assert_array_equal(photo, before)
