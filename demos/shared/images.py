"""Images into a network, in batches, and out of it; and pictures made of pictures."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

import nnlite


def to_network(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 in 0..255 -> (3, H, W) float32 in [-1, 1]."""
    return (image.astype(np.float32) / 127.5 - 1.0).transpose(2, 0, 1)


def to_image(array: np.ndarray) -> np.ndarray:
    """(3, H, W) in [-1, 1] -> (H, W, 3) uint8 in 0..255; values beyond are cut off."""
    return np.rint((array.transpose(1, 2, 0) + 1.0) * 127.5).clip(0, 255).astype(np.uint8)


def sheet(rows: Sequence[Sequence[np.ndarray]], gap: int = 2) -> np.ndarray:
    """Images (H, W, 3) of one size, uint8, in rows and columns, as one image with white lines between them."""
    framed = [[np.pad(image, ((0, gap), (0, gap), (0, 0)), constant_values=255) for image in row] for row in rows]
    return np.concatenate([np.concatenate(row, axis=1) for row in framed])[:-gap, :-gap]


def shuffled(options: argparse.Namespace, *arrays: Iterable[Any], **how: Any) -> nnlite.DataLoader:
    """Batches of options.batch samples, each with an element of every array; `how` is for the DataLoader."""
    samples = list(zip(*arrays, strict=True))
    return nnlite.DataLoader(samples, options.batch, shuffle=True, seed=options.seed, device=options.device, **how)


def in_batches(
    function: Callable[[nnlite.Tensor], nnlite.Tensor], images: np.ndarray, device: str = "cpu", batch: int = 500
) -> np.ndarray:
    """function(images) without gradients, a batch at a time so that memory does not grow with their number."""
    with nnlite.no_grad():
        parts = [
            function(nnlite.tensor(images[start : start + batch], device=device)).cpu().numpy()
            for start in range(0, len(images), batch)
        ]
    return np.concatenate(parts)
