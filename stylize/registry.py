"""The styles by name, and `stylize`, which applies one.

A style is a function (image, scale, parameters) -> image over the filters of this package, and a frozen
dataclass of parameters. To add one:

    @dataclass(frozen=True)
    class Negative(Parameters):
        white: int = ranged(255, 1, 255, "the level that black becomes")

    @register("negative", Negative())
    def negative(image, scale, p):
        return p.white - np.minimum(image, p.white)
"""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .images import MINIMUM_SIDE
from .limits import photo_limits
from .parameters import Parameters

StyleFunction = Callable[[np.ndarray, float, Any], np.ndarray]
REFERENCE_SIDE = 512  # the short side, in pixels, at which a style's lengths are meant as they are written
SCALES = (1 / 64, 64)  # stroke scales from that of 8 pixels to that of 32,768, the largest square that can be read


@dataclass(frozen=True)
class _Style:
    function: StyleFunction
    parameters: Parameters


_styles: dict[str, _Style] = {}


def register(name: str, parameters: Parameters) -> Callable[[StyleFunction], StyleFunction]:
    """Decorator: make a function (image, scale, parameters) -> image known as the style `name`.

    image and result: RGB, uint8, (H, W, 3). scale: every length in `parameters` is to be multiplied by it.
    parameters: the style's defaults. Raises ValueError for a name that is taken, TypeError for parameters of
    another class.
    """
    if not isinstance(parameters, Parameters):
        raise TypeError(f"the parameters of {name!r} are a {type(parameters).__name__}; derive it from Parameters")

    def add(function: StyleFunction) -> StyleFunction:
        if name in _styles:
            raise ValueError(f"there is a style named {name!r} already; choose another name")
        _styles[name] = _Style(function, parameters)
        return function

    return add


def styles() -> list[str]:
    """The names of all styles, sorted."""
    return sorted(_styles)


def style_parameters(name: str, **changes: float) -> dict[str, Any]:
    """The parameters of a style by name: its defaults, with `changes` applied. Raises ValueError as `stylize` does."""
    return asdict(_find(name).parameters.changed(**changes))


def parse_parameters(name: str, texts: Iterable[str]) -> dict[str, float]:
    """["tones=6", ...] -> {"tones": 6, ...}: changes for a style. Raises ValueError as `stylize` does."""
    return _find(name).parameters.parse(texts)


def describe_style(name: str) -> list[str]:
    """What a style is, then a line for each parameter: name, default, range, meaning. Raises ValueError for an
    unknown style."""
    style = _find(name)
    summary = (style.function.__doc__ or "").strip().partition("\n")[0]
    return [f"{name}: {summary}", *(f"    {line}" for line in style.parameters.describe())]


def default_scale(image: np.ndarray) -> float:
    """The stroke scale at which a picture looks the same at every size: its short side / 512."""
    return min(image.shape[:2]) / REFERENCE_SIDE


def stylize(image: np.ndarray, style: str = "toon", scale: float | None = None, **changes: float) -> np.ndarray:
    """Draw a photograph in a style.

    image: RGB, uint8, (H, W, 3), each side at least 16 pixels; the result has the same shape.
    scale: the stroke scale, 1/64 to 64; lengths such as line width and brush radius grow in proportion. Default:
    short side / 512. Drawing a small photo with the scale of a larger one gives bold strokes.
    changes: parameters of the style that are to differ from its defaults, such as tones=6.

    Raises ValueError: unknown style or parameter (the message suggests the nearest), a parameter outside its
    range, wrong shape or dtype, a scale out of range. Raises ImageError, which is a ValueError too, for an image that
    is too large for OpenCV or for memory.
    """
    chosen = _find(style)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"expected an image as RGB, (H, W, 3), uint8; got {image.shape}, {image.dtype}")
    if min(image.shape[:2]) < MINIMUM_SIDE:
        raise ValueError(f"the image is {image.shape}; a side needs {MINIMUM_SIDE} pixels or more")
    if scale is None:
        scale = default_scale(image)
    if not SCALES[0] <= scale <= SCALES[1]:
        raise ValueError(
            f"the stroke scale is {scale:g}; it needs {SCALES[0]:g}..{SCALES[1]:g}, where 1 suits a short side of "
            f"{REFERENCE_SIDE} pixels (it is not a percentage); leave it out for one that suits the picture"
        )
    parameters = chosen.parameters.changed(**changes)
    with photo_limits():
        return chosen.function(np.ascontiguousarray(image), scale, parameters)


def _find(name: str) -> _Style:
    if name not in _styles:
        near = difflib.get_close_matches(name, _styles, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"there is no style {name!r}; the styles are {', '.join(styles())}{hint}")
    return _styles[name]


# Importing a style registers it. This comes last because each of them imports this module.
from . import anime, classic, comic, pencil, toon, watercolor  # noqa: E402, F401
