"""The watercolour style: broad washes with dark edges, uneven pigment, and the grain of the paper. No lines."""

from dataclasses import dataclass

import numpy as np

from .filters import gaussian, gradient_length, kuwahara, luma, remap, to_float, to_uint8
from .parameters import Parameters, ranged
from .registry import register
from .smoothing import paint_reduced
from .texture import noise


@dataclass(frozen=True)
class Watercolor(Parameters):
    """Parameters of the watercolour style. Lengths are pixels at a short side of 512."""

    wash_radius: float = ranged(4.0, 1, 20, "of the first Kuwahara filter: the brush")
    detail_radius: float = ranged(2.5, 1, 20, "of the second, which makes the washes flat")
    wobble: float = ranged(2.0, 0, 20, "how far the border of a wash strays")
    dilution: float = ranged(0.12, 0, 0.9, "share of water: lightens everything towards the paper")
    chroma: float = ranged(1.3, 0, 3, "strength of the colours, 1 being the photo's")
    edge_darkening: float = ranged(1.0, 0, 10, "pigment that gathers at the border of a wash")
    turbulence: float = ranged(0.4, 0, 2, "how unevenly the pigment lies, over tens of pixels")
    grain: float = ranged(0.2, 0, 2, "how much pigment settles in the valleys of the paper")


@register("watercolor", Watercolor())
def watercolor(image: np.ndarray, scale: float, p: Watercolor) -> np.ndarray:
    """Washes, in which the density of the pigment varies (Bousseau 2006)."""
    wash = stray(paint(image, scale, p), p.wobble * scale, 6 * scale)
    grey = luma(wash)[..., None]
    wash = np.clip(grey + p.chroma * (wash - grey), 0, 1)
    wash = 1 - (1 - p.dilution) * (1 - wash)
    edges = gaussian(gradient_length(luma(wash)) * scale, 1.0 * scale)
    density = p.edge_darkening * np.minimum(edges * 10, 1)
    for strength, sigma, seed in ((p.turbulence, 20, 1), (p.turbulence / 2, 6, 2), (p.grain, 0.8, 3)):
        density += strength * (noise(image.shape[:2], sigma * scale, sigma * scale, seed=seed) - 0.5)
    # Two layers of the same pigment reflect C^2; density more layers, to first order:
    return to_uint8(wash - (wash - wash * wash) * density[..., None])


def paint(image: np.ndarray, scale: float, p: Watercolor) -> np.ndarray:
    """Two Kuwahara filters, at scale 1 at most. Float in 0..1."""

    def washes(photo: np.ndarray, scale: float) -> np.ndarray:
        return kuwahara(kuwahara(to_float(photo), p.wash_radius * scale), p.detail_radius * scale)

    return paint_reduced(washes, image, scale, 1)


def stray(image: np.ndarray, distance: float, sigma: float) -> np.ndarray:
    """Displace every pixel by up to distance / 2 either way, smoothly: borders look drawn by hand."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    dx, dy = (distance * (noise((height, width), sigma, sigma, seed=seed) - 0.5) for seed in (4, 5))
    return remap(image, x + dx, y + dy)
