"""Filters learnt from patches of pictures, without labels and without gradients (Coates & Ng 2012).

A layer of convolutions asks at every place how much the 3x3 patch there is like each of its filters. So its filters can
be found by clustering patches, layer by layer, each on the output of the layers before:

    patches    p, 9 C numbers each, from random places of the layer's input; their mean is subtracted
    whitened   z = W p with W = (cov(p) + e)^(-1/2), so that what all patches share does not count; then |z| = 1
    clustered  by k-means on directions: each z belongs to the center d of largest z.d, and each center becomes the
               direction of the sum of (z.d) z over those that belong to it
    filter     W d: its product with a patch is d.z, up to the patch's length

The first layer finds edges and pairs of colours, the next ones corners, curves and strokes, all of the kind that these
pictures have. It takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import nnlite
from models.vgg import VGGFeatures
from nnlite import Tensor, nn

PATCHES = 20_000  # of each layer's input
ROUNDS = 12  # of k-means
NOISE = 0.05  # e, as a share of the mean variance: directions that hardly vary are not blown up


def taught_vgg(
    pictures: Sequence[Tensor], convolutions: Sequence[int], widths: Sequence[int], seed: int = 0
) -> VGGFeatures:
    """A VGG whose filters are learnt from these pictures, (1, 3, H, W) each in [-1, 1]; of any sizes.

    Each channel is scaled and shifted to have mean 0 and variance 1 over the pictures before its rectifier (Mishkin &
    Matas 2016). Borders are repeated, because zeros would not be neutral after that.
    """
    rng = np.random.default_rng(seed)
    network = VGGFeatures(convolutions, widths, padding_mode="replicate")
    with nnlite.no_grad():
        seen = [network.normalise(picture) for picture in pictures]
        for layer in network.features:
            if isinstance(layer, nn.Conv2d):
                filters = learn_filters(draw_patches(seen, rng), layer.out_channels, rng)
                layer.weight.copy_(nnlite.tensor(filters.reshape(layer.weight.shape)))
                layer.bias.copy_(nnlite.zeros_like(layer.bias))
                _standardise(layer, [layer(x) for x in seen])
            seen = [layer(x) for x in seen]
    return network.eval().requires_grad_(False)


def draw_patches(maps: Sequence[Tensor], rng: np.random.Generator) -> np.ndarray:
    """Up to PATCHES patches of 3x3 from random places of maps (1, C, H, W), borders repeated: (n, 9 C), C first.

    Equally many from each map, if it has so many places: a picture in several sizes shows strokes at several scales.
    """
    drawn = []
    for x in maps:
        count = min(PATCHES // len(maps), x.shape[2] * x.shape[3])
        padded = np.pad(x.numpy()[0], ((0, 0), (1, 1), (1, 1)), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))  # (C, H, W, 3, 3)
        rows, columns = (rng.integers(0, side, count) for side in x.shape[2:])
        drawn.append(windows[:, rows, columns].swapaxes(0, 1).reshape(count, -1))
    return np.concatenate(drawn)


def learn_filters(patches: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` filters (count, d) that tell patches (n, d) apart, as described above."""
    centred = patches - patches.mean(0)
    variances, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    floor = NOISE * variances.mean() + 1e-6  # 1e-6: of a blank picture nothing varies
    whitening = (axes / np.sqrt(np.maximum(variances, 0.0) + floor)) @ axes.T
    return cluster_directions(_unit(centred @ whitening), count, rng) @ whitening


def cluster_directions(points: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """k-means of unit vectors (n, d) by their directions: `count` centers (count, d), of unit length too."""
    centers = points[rng.choice(len(points), count, replace=len(points) < count)]
    for _ in range(ROUNDS):
        similarity = points @ centers.T
        nearest = similarity.argmax(1)
        belongs = np.zeros_like(similarity)
        belongs[np.arange(len(points)), nearest] = similarity.max(1)
        centers = _unit(belongs.T @ points + 1e-3 * centers)  # a center that nothing belongs to stays where it is
    return centers


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6)


def _standardise(layer: nn.Conv2d, outputs: Sequence[Tensor]) -> None:
    """Change the layer so that each channel of what were these outputs has mean 0 and variance 1."""
    values = np.concatenate([y.permute(0, 2, 3, 1).reshape(-1, y.shape[1]).numpy() for y in outputs])
    mean, std = values.mean(0), np.maximum(values.std(0), 0.01)  # a blank picture has a deviation of 0
    layer.weight.copy_(layer.weight / nnlite.tensor(std).reshape(-1, 1, 1, 1))
    layer.bias.copy_((layer.bias - nnlite.tensor(mean)) / nnlite.tensor(std))
