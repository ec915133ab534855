"""The styles by name, and `stylize`, which applies one.

A style is a function (image, scale, parameters) -> image over the filters of filters.py, and a frozen
dataclass of parameters. To add one:

    @register("negative", NegativeParameters())
    def negative(image, scale, parameters):
        return 255 - image
"""

import difflib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .images import MINIMUM_SIDE

StyleFunction = Callable[[np.ndarray, float, Any], np.ndarray]
REFERENCE_SIDE = 512  # the short side, in pixels, at which a style's lengths are meant as they are written


@dataclass(frozen=True)
class _Style:
    function: StyleFunction
    parameters: Any


_styles: dict[str, _Style] = {}


def register(name: str, parameters: Any) -> Callable[[StyleFunction], StyleFunction]:
    """Decorator: make a function (image, scale, parameters) -> image known as the style `name`.

    image and result: RGB, uint8, (H, W, 3). scale: every length in `parameters` is to be multiplied by it.
    parameters: an instance of a frozen dataclass, the style's defaults. Raises ValueError for a name that
    is taken.
    """

    def add(function: StyleFunction) -> StyleFunction:
        if name in _styles:
            raise ValueError(f"there is a style named {name!r} already; choose another name")
        _styles[name] = _Style(function, parameters)
        return function

    return add


def styles() -> list[str]:
    """The names of all styles, sorted."""
    return sorted(_styles)


def style_parameters(name: str) -> dict[str, Any]:
    """The default parameters of a style, by name. Raises ValueError for an unknown style."""
    return asdict(_find(name).parameters)


def default_scale(image: np.ndarray) -> float:
    """The stroke scale at which a picture looks the same at every size: its short side / 512."""
    return min(image.shape[:2]) / REFERENCE_SIDE


def stylize(image: np.ndarray, style: str = "toon", scale: float | None = None) -> np.ndarray:
    """Draw a photograph in a style.

    image: RGB, uint8, (H, W, 3), each side at least 16 pixels; the result has the same shape.
    scale: the stroke scale, > 0; lengths such as line width and brush radius grow in proportion. Default:
    short side / 512. Drawing a small photo with the scale of a larger one gives bold strokes.

    Raises ValueError: unknown style (the message suggests the nearest), wrong shape or dtype, scale not
    positive.
    """
    chosen = _find(style)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"stylize: expected RGB, (H, W, 3), uint8; got {image.shape}, {image.dtype}")
    if min(image.shape[:2]) < MINIMUM_SIDE:
        raise ValueError(f"stylize: the image is {image.shape}; a side needs {MINIMUM_SIDE} pixels or more")
    if scale is None:
        scale = default_scale(image)
    if not 0 < scale < float("inf"):
        raise ValueError(f"stylize: the scale must be a positive number, got {scale}")
    return chosen.function(np.ascontiguousarray(image), scale, chosen.parameters)


def _find(name: str) -> _Style:
    if name not in _styles:
        near = difflib.get_close_matches(name, _styles, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"there is no style {name!r}; the styles are {', '.join(styles())}{hint}")
    return _styles[name]
