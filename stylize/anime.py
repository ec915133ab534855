"""The anime style: large clean areas in clear colours, cool shadows, thin lines."""

from dataclasses import dataclass

import numpy as np

from ._cv2 import cv2
from .filters import kuwahara, smoothstep, to_float, to_uint8
from .lines import Lines, draw_lines
from .parameters import Parameters, ranged
from .registry import register
from .smoothing import l0_smooth, paint_reduced


@dataclass(frozen=True)
class Anime(Parameters):
    """Parameters of the anime style. Lengths are pixels at a short side of 512."""

    brush_radius: float = ranged(2.5, 1, 20, "of the Kuwahara filter that takes away the texture")
    smoothing: float = ranged(0.010, 0.0005, 0.1, "of L0: the larger, the fewer and larger the areas")
    gamma: float = ranged(0.85, 0.3, 2, "of the lightness; below 1 brightens")
    contrast: float = ranged(0.3, 0, 1, "how much of an S-curve the lightness goes through")
    vibrance: float = ranged(0.6, 0, 2, "dull colours grow by up to this much, strong ones less")
    cool_shadows: float = ranged(6.0, 0, 30, "how far black is moved to blue, in units of Lab")
    line_sigma: float = ranged(0.9, 0.3, 6, "of the narrower Gaussian across a line, which is twice as wide")
    line_threshold: float = ranged(0.008, 0, 0.2, "weakest response that is inked, in grey levels of 0..1")
    line_strength: float = ranged(0.8, 0, 1, "what a line takes from the lightness")


@register("anime", Anime())
def anime(image: np.ndarray, scale: float, p: Anime) -> np.ndarray:
    """Flat paint, graded in CIE L*a*b*, and thin lines."""
    light, a, b = cv2.split(cv2.cvtColor(flatten(image, scale, p), cv2.COLOR_RGB2Lab))
    light, a, b = grade(light / 100, a, b, p)
    ink = draw_lines(image, scale, Lines(line_sigma=p.line_sigma, line_threshold=p.line_threshold))
    light = light * (1 - p.line_strength * ink)
    return to_uint8(cv2.cvtColor(cv2.merge([100 * light, a, b]), cv2.COLOR_Lab2RGB))


def flatten(image: np.ndarray, scale: float, p: Anime) -> np.ndarray:
    """Kuwahara, then L0, at scale 1 at most: large areas need no more, and L0 is slow. Float in 0..1."""

    def areas(photo: np.ndarray, scale: float) -> np.ndarray:
        return l0_smooth(kuwahara(to_float(photo), p.brush_radius * scale), p.smoothing * scale)

    return paint_reduced(areas, image, scale, 1)


def grade(light: np.ndarray, a: np.ndarray, b: np.ndarray, p: Anime) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Brighter, with more contrast, dull colours stronger and shadows bluer; light in 0..1."""
    light = np.clip(light, 0, 1) ** p.gamma
    light = light + p.contrast * (smoothstep(light, 0, 1) - light)
    gain = 1 + p.vibrance * np.exp(-np.sqrt(a * a + b * b) / 45)
    shadow = 1 - smoothstep(light, 0, 0.5)
    return light, a * gain, b * gain - p.cool_shadows * shadow
