"""The toon style: flat paint in few tones, and ink lines where the photo has edges.

Everything is computed from a neighbourhood of some 40 pixels (at scale 1); nothing is fitted to the whole
image or drawn at random. So a crop of the cartoon is the cartoon of the crop, which is what makes the style
a fair target for a network that sees crops.
"""

from dataclasses import dataclass

import numpy as np

from ._cv2 import cv2
from .filters import (
    bilateral,
    flow_dog,
    flow_field,
    gaussian,
    gradient_length,
    kuwahara,
    luma,
    remove_islands,
    resize,
    smoothstep,
    soft_quantize,
    to_float,
    to_uint8,
)
from .registry import register


@dataclass(frozen=True)
class Toon:
    """Parameters of the toon style. Lengths are pixels, areas square pixels, at a short side of 512."""

    # Paint
    brush_radius: float = 4.0  # of the Kuwahara filter: a larger brush swallows more texture
    paint_passes: int = 3  # bilateral passes that even out the brush strokes
    paint_colour: float = 25.0  # their range sigma, in levels of 0..255
    tones: int = 8  # steps of lightness
    slope_hardness: float = 4.0  # of the border between two tones on a gentle slope
    edge_hardness: float = 10.0  # and on an edge
    edge_slope: float = 8.0  # change of L a pixel that counts as an edge
    chroma: float = 1.25  # strength of the colours, 1 being the photo's
    # Ink
    line_sigma: float = 1.4  # of the narrower Gaussian across the line, which comes out about twice as wide
    line_length: float = 4.0  # sigma along the line
    flow_sigma: float = 2.2  # smoothness of the field of line directions
    line_threshold: float = 0.0055  # weakest response that is inked, in grey levels of 0..1
    line_ramp: float = 0.008  # from no ink to full ink
    texture_masking: float = 1.6  # the threshold rises by this much times the mean response around
    texture_sigma: float = 10.0  # how far 'around' is
    incoherent: float = 0.10  # coherence of the flow at and below which nothing is inked
    coherent: float = 0.55  # and from which on the response counts in full
    smallest_mark: float = 30.0  # area below which an island of ink vanishes
    ink_lightness: float = 0.08  # what full ink leaves of L
    ink_chroma: float = 0.35  # what it leaves of the colour, so that a line keeps the hue of its place


@register("toon", Toon())
def toon(image: np.ndarray, scale: float, p: Toon) -> np.ndarray:
    """Paint, then ink, mixed in CIE L*a*b*: L *= 1 - ink (1 - ink_lightness), and likewise the colour."""
    ink = draw_lines(image, scale, p)
    light, a, b = cv2.split(cv2.cvtColor(to_float(paint(image, scale, p)), cv2.COLOR_RGB2Lab))
    light = quantize_tones(light, scale, p) * (1 - ink * (1 - p.ink_lightness))
    colour = p.chroma * (1 - ink * (1 - p.ink_chroma))
    return to_uint8(cv2.cvtColor(cv2.merge([light, a * colour, b * colour]), cv2.COLOR_Lab2RGB))


def paint(image: np.ndarray, scale: float, p: Toon) -> np.ndarray:
    """Brush strokes: a Kuwahara filter, then bilateral passes. uint8 in, uint8 out."""
    painted = to_uint8(kuwahara(to_float(image), p.brush_radius * scale))
    for _ in range(p.paint_passes):
        painted = bilateral(painted, 5 * scale, p.paint_colour, 5 * scale)
    return painted


def quantize_tones(light: np.ndarray, scale: float, p: Toon) -> np.ndarray:
    """Few tones of L (0..100). Their borders are hard where the picture has edges, and soft on a gentle
    slope, where a hard one would jump about with the noise (Winnemoeller 2006)."""
    edge = np.minimum(gradient_length(light) * (scale / p.edge_slope), 1)
    return soft_quantize(light, p.tones, 100, p.slope_hardness + (p.edge_hardness - p.slope_hardness) * edge)


def draw_lines(image: np.ndarray, scale: float, p: Toon) -> np.ndarray:
    """How much ink lies on each pixel, (H, W) in 0..1.

    Lines need no more detail than there is at scale 1, so larger images are reduced to that. What is enlarged
    again is not the ink but the smooth excess that it is cut from, so its borders stay sharp.
    """
    height, width = image.shape[:2]
    reduction = max(scale, 1)
    reduced = resize(image, round(width / reduction), round(height / reduction))
    excess = resize(line_excess(reduced, scale / reduction, p), width, height)
    # The ramp is a pixel wide at least, so that lines have smooth borders however strong the response is.
    ramp = np.maximum(gradient_length(excess), p.line_ramp)
    ink = np.clip((excess - p.line_ramp / 2) / ramp + 0.5, 0, 1)
    return remove_islands(ink, 0.25, p.smallest_mark * scale**2)


def line_excess(image: np.ndarray, scale: float, p: Toon) -> np.ndarray:
    """Line response minus its threshold, in grey levels of 0..1: positive where a line is to be drawn.

    The threshold rises with the mean response around, and the response is damped where the flow has no clear
    direction: without this texture masking, foliage fills with black worms.
    """
    grey = to_float(luma(bilateral(image, 5 * scale, 22, 4 * scale)))
    tangent, coherence = flow_field(grey, p.flow_sigma * scale)
    response = np.maximum(flow_dog(grey, tangent, p.line_sigma * scale, p.line_length * scale), 0)
    threshold = p.line_threshold + p.texture_masking * gaussian(response, p.texture_sigma * scale)
    return response * smoothstep(coherence, p.incoherent, p.coherent) - threshold
