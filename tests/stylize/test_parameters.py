"""Parameters: ranges are kept, and a mistake is one line that says what would have been right."""

from dataclasses import FrozenInstanceError, dataclass

import pytest

from stylize import Parameters, parse_parameters, ranged, style_parameters, styles, stylize
from stylize.toon import Toon

from .pictures import blocks


@dataclass(frozen=True)
class Example(Parameters):
    count: int = ranged(3, 1, 9, "how many")
    width: float = ranged(1.5, 0.5, 4, "how wide")
    name: str = "plain"  # without a range: not checked


def test_values_in_their_ranges_become_the_type_of_the_default():
    example = Example(count=9, width=4)
    assert (example.count, example.width) == (9, 4.0) and type(example.width) is float
    with pytest.raises(FrozenInstanceError):
        example.count = 2


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"count": 10}, "count is 10; it needs a whole number in 1..9"),
        ({"count": 2.5}, "count is 2.5; it needs a whole number in 1..9"),
        ({"count": True}, "count is True; it needs a whole number in 1..9"),
        ({"width": 0.4}, "width is 0.4; it needs a number in 0.5..4"),
        ({"width": float("nan")}, "width is nan; it needs a number in 0.5..4"),
        ({"width": "wide"}, "width is 'wide'; it needs a number in 0.5..4"),
    ],
)
def test_values_out_of_range(values, message):
    for make in (Example, Example().changed):
        with pytest.raises(ValueError) as error:
            make(**values)
        assert str(error.value) == message


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ValueError, match=r"^Example has no parameter 'widht'; did you mean 'width'\?$"):
        Example().changed(widht=2)
    with pytest.raises(ValueError, match=r"^Example has no parameter 'zzz'; it has count, width, name$"):
        Example().changed(zzz=2)


def test_parsing_a_command_line():
    assert Example().parse(["count=4", "width=2", "name=a=b"]) == {"count": 4, "width": 2.0, "name": "a=b"}
    for text, message in {
        "count": "a parameter is given as NAME=VALUE, got 'count'",
        "count=four": "count is four; it needs a whole number in 1..9",
        "count=4.5": "count is 4.5; it needs a whole number in 1..9",
        "width=9": "width is 9.0; it needs a number in 0.5..4",
        "cuont=4": "Example has no parameter 'cuont'; did you mean 'count'?",
    }.items():
        with pytest.raises(ValueError) as error:
            Example().parse([text])
        assert str(error.value) == message


def test_describing():
    lines = list(Example(count=4).describe())
    assert [line.split() for line in lines] == [
        ["count", "4", "1..9", "how", "many"],
        ["width", "1.5", "0.5..4", "how", "wide"],
    ]


def test_a_changed_parameter_reaches_the_style():
    assert style_parameters("toon", tones=6) == style_parameters("toon") | {"tones": 6}
    assert parse_parameters("toon", ["tones=6"]) == {"tones": 6}
    plain, changed = stylize(blocks(), "toon", 1.0), stylize(blocks(), "toon", 1.0, chroma=0)
    assert (plain != changed).any() and abs(changed.astype(int) - changed[..., :1]).max() <= 1
    with pytest.raises(ValueError, match=r"^tones is 200; it needs a whole number in 2\.\.64$"):
        stylize(blocks(), "toon", tones=200)
    with pytest.raises(ValueError, match="did you mean 'line_threshold'"):
        Toon().changed(line_treshold=0.01)


@pytest.mark.parametrize("style", styles())
def test_every_style_draws_at_either_end_of_every_range(style):
    """One parameter at a time: no value that is allowed breaks a style."""
    from stylize.registry import _styles

    photo = blocks(height=24, width=30)
    parameters = _styles[style].parameters
    for name, field in type(parameters).__dataclass_fields__.items():
        for value in field.metadata["range"]:
            drawn = stylize(photo, style, 0.5, **{name: value})
            assert drawn.shape == photo.shape, (name, value)
