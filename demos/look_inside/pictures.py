"""Weights, maps and layers as pictures."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

import nnlite
from nnlite import nn
from nnlite.files import atomic_path

BEND = (nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid)  # drawn with the layer before them


def enlarged(image: np.ndarray, size: int) -> np.ndarray:
    """(H, W, ...) -> (size, size, ...), each pixel repeated."""
    rows, columns = (np.arange(size) * n // size for n in image.shape[:2])
    return image[rows[:, None], columns[None]]


def signed(values: np.ndarray, largest: float | None = None) -> np.ndarray:
    """(H, W) of either sign -> (H, W, 3) uint8: red above 0, blue below, white 0; full colour at +-largest."""
    share = np.clip(values / (largest or np.abs(values).max() or 1.0), -1.0, 1.0)
    rgb = np.stack([1.0 + np.minimum(share, 0.0), 1.0 - np.abs(share), 1.0 - np.maximum(share, 0.0)], -1)
    return np.rint(255.0 * rgb).astype(np.uint8)


def spread(values: np.ndarray) -> np.ndarray:
    """(H, W) or (H, W, 3) -> (H, W, 3) uint8, the smallest value black and the largest white."""
    low, high = float(values.min()), float(values.max())
    grey = np.rint(255.0 * (values - low) / (high - low or 1.0)).astype(np.uint8)
    return grey if grey.ndim == 3 else np.repeat(grey[..., None], 3, -1)


def around_grey(values: np.ndarray) -> np.ndarray:
    """(3, H, W) of either sign -> (H, W, 3) uint8: 0 is grey, the largest value in size white or black."""
    return np.rint(127.5 + 127.5 * values.transpose(1, 2, 0) / (np.abs(values).max() or 1.0)).astype(np.uint8)


def summarise(
    network: nn.Module, shape: tuple[int, int, int], out: Path, part: Callable[[nnlite.Tensor], nnlite.Tensor]
) -> None:
    """Write network.summary() into layers.txt, the layers into layers.png, the graph of part(input) into graph.png.

    part   the network, or one of its methods if the graph of all of it is too large to be read
    """
    with contextlib.redirect_stdout(io.StringIO()) as text:
        network.summary(shape)
    with atomic_path(out / "layers.txt") as path:
        path.write_text(text.getvalue())
    draw_layers(network, shape, out / "layers.png")
    network.requires_grad_(True)
    names = dict(network.named_parameters())
    nnlite.graph.draw(part(nnlite.zeros(1, *shape)), out / "graph.png", names)
    network.requires_grad_(False)


def draw_layers(network: nn.Module, shape: tuple[int, int, int], path: Path) -> None:
    """Write a picture of the layers from left to right: a box as high as the map, as wide as its channels are many.

    The wide side of neither is to scale: heights go with the root of the map's side, widths with the logarithm of
    the channels. Under a box its shape, above it the layer and how many parameters it has.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    boxes = [("input", "", shape, 0), *_layers(network, shape)]
    widths = [0.25 + 0.12 * math.log2(s[0]) for _, _, s, _ in boxes]
    heights = [0.3 * math.sqrt(s[1] if len(s) == 3 else 1) for _, _, s, _ in boxes]
    figure = Figure(figsize=(1.35 * len(boxes), max(heights) + 1.6))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1.35 * len(boxes)), ylim=(-0.8, max(heights) + 0.8))
    axes.set_axis_off()
    for i, ((name, kind, s, weights), width, height) in enumerate(zip(boxes, widths, heights, strict=True)):
        x, middle = 1.35 * (i + 0.5), max(heights) / 2
        colour = {"Linear": "#f6e3c5", "Conv2d": "#dce8f6"}.get(kind, "#eeeeee")
        axes.add_patch(
            Rectangle((x - width / 2, middle - height / 2), width, height, facecolor=colour, edgecolor="0.3")
        )
        above = "\n".join(filter(None, (name, kind, f"{weights:,}" if weights else "")))
        axes.text(x, middle + height / 2 + 0.06, above, ha="center", va="bottom", fontsize=8)
        axes.text(x, middle - height / 2 - 0.06, "x".join(map(str, s)), ha="center", va="top", fontsize=8)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100)


def _layers(network: nn.Module, shape: tuple[int, int, int]) -> list[tuple[str, str, tuple[int, ...], int]]:
    """(name, kind, output shape, parameters) of the layers without modules inside, in the order they run."""
    rows: list[tuple[str, str, tuple[int, ...], int]] = []

    def noting(name):
        def hook(layer, args, output):
            rows.append((name, type(layer).__name__, output.shape[1:], sum(p.numel() for p in layer.parameters())))

        return hook

    with contextlib.ExitStack() as hooks, nnlite.no_grad():
        for name, layer in network.named_modules():
            if not list(layer.children()) and not isinstance(layer, (*BEND, nn.Flatten)):
                hooks.enter_context(layer.register_forward_hook(noting(name)))
        network(nnlite.zeros(1, *shape))
    return rows
