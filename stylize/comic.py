"""The comic style: a palette of few colours, printed dots in the shadows, bold ink."""

from dataclasses import dataclass

import numpy as np

from ._cv2 import cv2
from .filters import kuwahara, reduced, resize, smoothstep, to_float, to_uint8
from .lines import Lines, draw_lines
from .palette import fit_palette, paint_by_palette
from .parameters import Parameters, ranged
from .registry import register
from .texture import halftone


@dataclass(frozen=True)
class Comic(Parameters):
    """Parameters of the comic style. Lengths are pixels at a short side of 512."""

    brush_radius: float = ranged(4.0, 1, 20, "of the Kuwahara filter that takes away the texture")
    colours: int = ranged(14, 2, 64, "of the palette")
    chroma: float = ranged(1.4, 0, 3, "strength of the colours, 1 being the photo's")
    border: float = ranged(2.0, 0.3, 10, "smoothness of the borders between colours")
    dot_period: float = ranged(7.0, 2, 40, "distance of the printed dots")
    shadow: float = ranged(45.0, 11, 100, "L below which the dots begin")
    dot_coverage: float = ranged(0.5, 0, 1, "share of the darkest shadow that dots cover")
    dot_lightness: float = ranged(0.55, 0, 1, "what a dot leaves of L")
    line_sigma: float = ranged(1.8, 0.3, 6, "of the narrower Gaussian across a line, which is twice as wide")
    line_threshold: float = ranged(0.005, 0, 0.2, "weakest response that is inked, in grey levels of 0..1")


@register("comic", Comic())
def comic(image: np.ndarray, scale: float, p: Comic) -> np.ndarray:
    """Few flat colours, halftone dots where it is dark (Ben Day 1879), and bold lines."""
    height, width = image.shape[:2]
    reduction = max(scale, 1)  # colours are chosen at scale 1 at most, and their borders enlarged
    painted = paint(reduced(image, reduction), scale / reduction, p)
    palette = fit_palette(painted, p.colours)
    light, a, b = cv2.split(paint_by_palette(painted, palette, p.border * scale / reduction, width, height))
    light = 100 * smoothstep(light, -12, 103)  # more contrast
    shadow = 1 - smoothstep(resize(painted[..., 0], width, height), 10, p.shadow)
    dots = halftone(p.dot_coverage * shadow, p.dot_period * scale)
    ink = draw_lines(image, scale, Lines(line_sigma=p.line_sigma, line_threshold=p.line_threshold))
    ink = np.maximum(ink, 1 - smoothstep(light, 7, 12))  # what is nearly black is ink too
    light = light * (1 - (1 - p.dot_lightness) * dots) * (1 - ink)
    colour = p.chroma * (1 - ink)
    return to_uint8(cv2.cvtColor(cv2.merge([light, a * colour, b * colour]), cv2.COLOR_Lab2RGB))


def paint(image: np.ndarray, scale: float, p: Comic) -> np.ndarray:
    """Areas free of texture, in Lab: what the palette is fitted to."""
    return cv2.cvtColor(kuwahara(to_float(image), p.brush_radius * scale), cv2.COLOR_RGB2Lab)
