"""Train an autoencoder to take Gaussian noise off digits (Vincent et al. 2008), and measure the gain in decibels."""

from __future__ import annotations

from demos.common import run
from demos.options import Options
from demos.restoring import restore
from demos.run_folder import claim_folder
from models.autoencoder import feature_maps, gaussian_noise

WIDTHS = 16, 32  # channels at 14x14 and 7x7


def main() -> int:
    parser = Options("denoise", __doc__, steps=2000)
    parser.computes("--sigma", 0.4, "standard deviation of the noise, where paper is 0 and ink 1", least=0.01, most=1e2)
    parser.computes("--batch", 64, "digits in a step", least=1, most=8000)
    options, computed = parser.settle()
    corrupt = gaussian_noise(options.sigma)
    with claim_folder(options.out, options.program, computed, options.resume):
        return restore(options, computed, lambda: feature_maps(*WIDTHS), corrupt, lambda noisy, output: output)


if __name__ == "__main__":
    run("denoise", main)
