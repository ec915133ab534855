"""The options of a run. They travel in its checkpoint and, as text, in the weights, so that both explain themselves."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import nnlite
from demos.common import UserError
from models.pix2pix import GENERATORS, Pix2Pix
from nnlite import nn

# Sizes for a training that two cores finish in minutes. Two levels see about 40 pixels around, as far as the strokes of
# the toon style look; deeper ones learn the few training photos by heart and miscolour skies that they never saw.
NETWORKS = {"stroke-unet": {"width": 24, "levels": 2}, "unet": {"width": 32}}
DISCRIMINATOR_WIDTH = 32
# Isola's values suit his network. Without batch norm, a layer cares for the size of its weights and takes a larger
# rate; and with his weight of the L1 term the discriminator, which wants lines, shifts colours for them in the end.
GENERATOR_LR = {"stroke-unet": 1e-3, "unet": 2e-4}
LAMBDA_L1 = {"stroke-unet": 500.0, "unet": 100.0}
DISCRIMINATOR_LR = 2e-4
CONSTANT_SHARE = 0.3  # of the steps with these rates; over the rest they fall to 0


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training computes."""

    size: int = 128
    steps: int = 750
    batch: int = 4
    seed: int = 0
    style: str = "toon"
    generator: str = "stroke-unet"

    @property
    def short_side(self) -> int:
        """Photos are shrunk to this: a crop of `size` then shows about half of one."""
        return 2 * self.size

    @property
    def strokes(self) -> int:
        """They are drawn with the strokes of a photo with this short side: bold ones, which a small network learns."""
        return 3 * self.size

    def build(self) -> Pix2Pix:
        """Both networks with fresh weights, from the seed."""
        nnlite.manual_seed(self.seed)
        generator = build_generator(self.generator, self.generator_options())
        return Pix2Pix(generator, DISCRIMINATOR_WIDTH, LAMBDA_L1[self.generator])

    def set_rates(self, model: Pix2Pix, step: int) -> None:
        """Set both learning rates for a step, counted from 0: constant at first, then falling linearly to 0."""
        factor = min(1.0, (self.steps - step) / (self.steps * (1.0 - CONSTANT_SHARE)))
        model.generator_optimizer.param_groups[0]["lr"] = factor * GENERATOR_LR[self.generator]
        model.discriminator_optimizer.param_groups[0]["lr"] = factor * DISCRIMINATOR_LR

    def generator_options(self) -> dict[str, int]:
        """Arguments of the generator's class."""
        return NETWORKS[self.generator] | ({"size": self.size} if self.generator == "unet" else {})

    def check(self) -> None:
        """Raise UserError for a size that the generator cannot take, naming the nearest that it can."""
        if self.generator == "unet":
            good = [32, 64, 128, 256, 512]
        else:
            multiple = 2 ** NETWORKS[self.generator]["levels"]
            good = [max(32, round(self.size / multiple) * multiple)]
        if self.size not in good:
            nearest = min(good, key=lambda size: abs(size - self.size))
            raise UserError(f"--size {self.size}: {self.generator} cannot take it; the nearest it can is {nearest}")

    def metadata(self) -> dict[str, str]:
        """What `apply` must know about a generator's weights, as the text part of their file."""
        return {
            "generator": self.generator,
            "options": json.dumps(self.generator_options()),
            "short_side": str(self.short_side),
            "style": self.style,
            "strokes": str(self.strokes),
            "recipe": json.dumps(asdict(self)),
        }


def build_generator(kind: str, options: dict[str, int]) -> nn.Module:
    """A generator of this kind with fresh weights."""
    return GENERATORS[kind](**options)


def load_generator(path: Path) -> tuple[nn.Module, dict[str, str]]:
    """A trained generator, ready to use, and the metadata of its file.

    Raises CheckpointError for a missing or broken file or one that holds other weights.
    """
    metadata = nnlite.load_metadata(path)
    if metadata.get("generator") not in GENERATORS:
        raise nnlite.CheckpointError(
            f"{path} does not say which generator it holds; expected generator.safetensors as written by "
            "python -m demos.cartoonize"
        )
    generator = build_generator(metadata["generator"], json.loads(metadata["options"]))
    generator.load_state_dict(nnlite.load(path))
    return generator.eval(), metadata
