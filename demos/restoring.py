"""What demos/denoise.py and demos/inpaint.py share: train on corrupted digits, restore others, measure in decibels."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

import nnlite
from demos.autoencoding import errors, falling, pairs, save_weights
from demos.common import sheet
from demos.digits import in_batches, load_digits, pictures
from demos.training import Training
from models.autoencoder import DenoisingAutoencoder, Network
from nnlite.plot import image_grid

SHOWN = 10


def restore(
    options: argparse.Namespace,
    computed: dict[str, Any],
    network: Callable[[], Network],
    corrupt: Callable[[nnlite.Tensor], nnlite.Tensor],
    mend: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> int:
    """Train `network` to undo `corrupt`, and judge it on held-out digits; the exit status.

    mend(corrupted, output) is what becomes of the network's output. PSNR is the mean over the digits, of the corrupted
    one as it is, not cut off to 0..1.
    """
    nnlite.manual_seed(options.seed)
    train, test = load_digits()
    seen = corrupt(nnlite.tensor(test.images)).numpy()
    model = DenoisingAutoencoder(*network(), corrupt, lr=2e-3).to(options.device)

    def restored(images: np.ndarray) -> np.ndarray:
        return mend(images, in_batches(model.reconstruct, images, options.device))

    def draw(count: int = SHOWN) -> np.ndarray:
        shown = [pictures(images[:count]) for images in (test.images, seen, restored(seen[:count]))]
        return sheet([row[i : i + SHOWN] for i in range(0, count, SHOWN) for row in shown])

    def judge() -> dict[str, float]:
        before, after = (float(decibels(images, test.images).mean()) for images in (seen, restored(seen)))
        return {"psnr_in": before, "psnr_out": after, "gain": after - before}

    training = Training(model, options, computed, falling([model], options.steps))
    if not training.run(pairs(train.images, options), draw, judge):
        return training.stopped()
    save_weights(model, options.out / "autoencoder.safetensors", computed)
    image_grid([[draw(4 * SHOWN)]], options.out / "restored.png")
    figures = training.finish(judge())
    print(
        f"PSNR of {len(test)} digits never seen in training: {figures['psnr_in']:.2f} dB corrupted, "
        f"{figures['psnr_out']:.2f} dB restored: a gain of {figures['gain']:.2f} dB.\n"
        f"Look at {options.out / 'restored.png'}, rows of originals, corrupted and restored ones."
    )
    return 0


def decibels(images: np.ndarray, originals: np.ndarray) -> np.ndarray:
    """(N,): the PSNR of each image."""
    return -10.0 * np.log10(np.maximum(errors(images, originals), 1e-10))
