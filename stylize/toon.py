"""The toon style: flat paint in few tones, and ink lines where the photo has edges.

Everything is computed from a neighbourhood of some 40 pixels (at scale 1); nothing is fitted to the whole
image or drawn at random. So a crop of the cartoon is the cartoon of the crop, which is what makes the style
a fair target for a network that sees crops.
"""

from dataclasses import dataclass

import numpy as np

from ._cv2 import cv2
from .filters import bilateral, gradient_length, kuwahara, soft_quantize, to_float, to_uint8
from .lines import Lines, draw_lines
from .parameters import ranged
from .registry import register
from .smoothing import paint_reduced

FINEST_PAINT = 1.75  # largest scale that is painted; above, about a megapixel, brush strokes only take longer


@dataclass(frozen=True)
class Toon(Lines):
    """Parameters of the toon style: those of its lines, and these. Lengths are pixels at a short side of 512."""

    brush_radius: float = ranged(4.0, 1, 20, "of the Kuwahara filter: a larger brush swallows more texture")
    paint_passes: int = ranged(3, 0, 10, "bilateral passes that even out the brush strokes")
    paint_colour: float = ranged(25.0, 1, 100, "their range sigma, in levels of 0..255")
    tones: int = ranged(8, 2, 64, "steps of lightness")
    slope_hardness: float = ranged(4.0, 0.1, 20, "of the border between two tones on a gentle slope")
    edge_hardness: float = ranged(10.0, 0.1, 20, "and on an edge")
    edge_slope: float = ranged(8.0, 1, 50, "change of L a pixel that counts as an edge")
    chroma: float = ranged(1.25, 0, 3, "strength of the colours, 1 being the photo's")
    ink_lightness: float = ranged(0.08, 0, 1, "what full ink leaves of L")
    ink_chroma: float = ranged(0.35, 0, 1, "what it leaves of the colour, so that a line keeps its place's hue")


@register("toon", Toon())
def toon(image: np.ndarray, scale: float, p: Toon) -> np.ndarray:
    """Paint, then ink, mixed in CIE L*a*b*: L *= 1 - ink (1 - ink_lightness), and likewise the colour."""
    ink = draw_lines(image, scale, p)
    light, a, b = cv2.split(cv2.cvtColor(paint(image, scale, p), cv2.COLOR_RGB2Lab))
    light = quantize_tones(light, scale, p) * (1 - ink * (1 - p.ink_lightness))
    colour = p.chroma * (1 - ink * (1 - p.ink_chroma))
    return to_uint8(cv2.cvtColor(cv2.merge([light, a * colour, b * colour]), cv2.COLOR_Lab2RGB))


def paint(image: np.ndarray, scale: float, p: Toon) -> np.ndarray:
    """Brush strokes: a Kuwahara filter, then bilateral passes. uint8 in, float in 0..1 out."""

    def strokes(photo: np.ndarray, scale: float) -> np.ndarray:
        painted = to_uint8(kuwahara(to_float(photo), p.brush_radius * scale))
        for _ in range(p.paint_passes):
            painted = bilateral(painted, 5 * scale, p.paint_colour, 5 * scale)
        return to_float(painted)

    return paint_reduced(strokes, image, scale, FINEST_PAINT)


def quantize_tones(light: np.ndarray, scale: float, p: Toon) -> np.ndarray:
    """Few tones of L (0..100). Their borders are hard where the picture has edges, and soft on a gentle
    slope, where a hard one would jump about with the noise (Winnemoeller 2006)."""
    edge = np.minimum(gradient_length(light) * (scale / p.edge_slope), 1)
    return soft_quantize(light, p.tones, 100, p.slope_hardness + (p.edge_hardness - p.slope_hardness) * edge)
