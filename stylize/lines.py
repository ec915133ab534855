"""Ink lines where a photo has edges, with the parameters that the styles share."""

from dataclasses import dataclass

import numpy as np

from .filters import (
    bilateral,
    flow_dog,
    flow_field,
    gaussian,
    gradient_length,
    luma,
    reduced,
    remove_islands,
    resize,
    smoothstep,
    to_float,
)
from .parameters import Parameters, ranged


@dataclass(frozen=True)
class Lines(Parameters):
    """Parameters of the ink. Lengths are pixels, areas square pixels, at a short side of 512."""

    line_sigma: float = ranged(1.4, 0.3, 6, "of the narrower Gaussian across a line, which is twice as wide")
    line_length: float = ranged(4.0, 0.5, 20, "sigma along the line")
    flow_sigma: float = ranged(2.2, 0.5, 10, "smoothness of the field of line directions")
    line_threshold: float = ranged(0.0055, 0, 0.2, "weakest response that is inked, in grey levels of 0..1")
    line_ramp: float = ranged(0.008, 0.0005, 0.1, "from no ink to full ink")
    texture_masking: float = ranged(1.6, 0, 5, "the threshold rises by this times the mean response around")
    texture_sigma: float = ranged(10.0, 2, 40, "how far 'around' is")
    incoherent: float = ranged(0.10, 0, 0.5, "coherence of the flow up to which nothing is inked")
    coherent: float = ranged(0.55, 0.51, 1, "and from which on the response counts in full")
    smallest_mark: float = ranged(30.0, 0, 1000, "area below which an island of ink vanishes")


def draw_lines(image: np.ndarray, scale: float, p: Lines) -> np.ndarray:
    """How much ink lies on each pixel, (H, W) in 0..1.

    Lines need no more detail than there is at scale 1, so larger images are reduced to that. What is enlarged
    again is not the ink but the smooth excess that it is cut from, so its borders stay sharp.
    """
    height, width = image.shape[:2]
    reduction = max(scale, 1)
    excess = resize(line_excess(reduced(image, reduction), scale / reduction, p), width, height)
    # The ramp is a pixel wide at least, so that lines have smooth borders however strong the response is.
    ramp = np.maximum(gradient_length(excess), p.line_ramp)
    ink = np.clip((excess - p.line_ramp / 2) / ramp + 0.5, 0, 1)
    return remove_islands(ink, 0.25, p.smallest_mark * scale**2)


def line_excess(image: np.ndarray, scale: float, p: Lines) -> np.ndarray:
    """Line response minus its threshold, in grey levels of 0..1: positive where a line is to be drawn.

    The threshold rises with the mean response around, and the response is damped where the flow has no clear
    direction: without this texture masking, foliage fills with black worms.
    """
    grey = to_float(luma(bilateral(image, 5 * scale, 22, 4 * scale)))
    tangent, coherence = flow_field(grey, p.flow_sigma * scale)
    response = np.maximum(flow_dog(grey, tangent, p.line_sigma * scale, p.line_length * scale), 0)
    threshold = p.line_threshold + p.texture_masking * gaussian(response, p.texture_sigma * scale)
    return response * smoothstep(coherence, p.incoherent, p.coherent) - threshold
