"""The pencil style: a drawing in graphite, hatched by tone, with the outlines drawn over."""

from dataclasses import dataclass

import numpy as np

from .filters import bilateral, gaussian, luma, to_float, to_uint8
from .lines import Lines, draw_lines
from .parameters import Parameters, ranged
from .registry import register
from .smoothing import paint_reduced
from .texture import hatching

GRAPHITE = 0.08  # it is never quite black


@dataclass(frozen=True)
class Pencil(Parameters):
    """Parameters of the pencil style. Lengths are pixels at a short side of 512."""

    shading: float = ranged(0.9, 0, 0.99, "how dark black becomes")
    shading_gamma: float = ranged(1.9, 0.5, 4, "above 1 leaves light tones whiter")
    smudging: float = ranged(0.65, 0, 1, "share of the shading that is smooth instead of hatched")
    stroke_length: float = ranged(7.0, 1, 80, "of a hatching stroke")
    stroke_breadth: float = ranged(0.65, 0.3, 10, "of a hatching stroke")
    detail: float = ranged(1.2, 0, 3, "strength of the colour dodge, which draws fine detail")
    detail_sigma: float = ranged(4.0, 1, 20, "the dodge compares a pixel with its surroundings this wide")
    line_sigma: float = ranged(1.1, 0.3, 6, "of the narrower Gaussian across a line, which is twice as wide")
    line_threshold: float = ranged(0.004, 0, 0.2, "weakest response that is drawn, in grey levels of 0..1")
    line_strength: float = ranged(0.85, 0, 1, "how dark an outline is")


@register("pencil", Pencil())
def pencil(image: np.ndarray, scale: float, p: Pencil) -> np.ndarray:
    """Smooth shading, hatching, colour dodge and outlines, multiplied, in graphite on white paper."""
    grey = luma(paint_reduced(even_out, image, scale, 1.75))
    tone = 1 - p.shading * (1 - grey) ** p.shading_gamma
    strokes = hatching(tone ** (1 - p.smudging), p.stroke_length * scale, p.stroke_breadth * scale)
    dodge = np.minimum((grey + 0.02) / (gaussian(grey, p.detail_sigma * scale) + 0.02), 1) ** p.detail
    ink = draw_lines(image, scale, Lines(line_sigma=p.line_sigma, line_threshold=p.line_threshold))
    drawn = tone**p.smudging * strokes * dodge * (1 - p.line_strength * ink)
    return np.dstack([to_uint8(GRAPHITE + (1 - GRAPHITE) * drawn)] * 3)


def even_out(photo: np.ndarray, scale: float) -> np.ndarray:
    return to_float(bilateral(photo, 5 * scale, 20, 4 * scale))
