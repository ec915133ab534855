"""Train an autoencoder to complete digits behind a grey square, and measure the gain in decibels."""

from __future__ import annotations

import numpy as np

from demos.denoise import restore
from demos.shared.digits import add_data
from demos.shared.options import Options
from demos.shared.program import UserError, run_program
from models.autoencoder import convolutional, masked_square

LATENT = 128  # what is missing depends on the whole digit, so the code is one for the whole digit


def main() -> int:
    parser = Options("inpaint", __doc__, steps=1200)
    parser.computes("--side", 10, "side of the square, pixels", least=1)
    parser.computes("--batch", 64, "digits in a step", least=1, most=8000)
    add_data(parser)
    options = parser.settle()
    if options.side > 24:
        raise UserError(f"--side {options.side} leaves too little of 28x28 pixels to go by; use at most 24")
    return restore(options, lambda: convolutional(LATENT), masked_square(options.side), inside_the_square)


def inside_the_square(masked: np.ndarray, output: np.ndarray) -> np.ndarray:
    """The output where the square is, the input elsewhere; no pixel of a digit, a whole number / 255, is 0.5."""
    return np.where(masked == 0.5, output, masked)


if __name__ == "__main__":
    run_program("inpaint", main)
