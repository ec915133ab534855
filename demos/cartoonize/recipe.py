"""The options of a run. They travel in its checkpoint and, as text, in the weights, so that both explain themselves."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import nnlite
from demos.shared.options import check_together
from demos.shared.program import UserError
from models.painter import Painter
from models.pix2pix import GENERATORS, Pix2Pix

# A file for each style that comes with the project, named after it; docs/cartoonize.md says how they were trained.
WEIGHTS = Path(__file__).parents[1] / "assets" / "weights"
SHIPPED = WEIGHTS / "toon.safetensors"  # the default

HAIRLINES = ("anime", "watercolor")  # styles with lines of a pixel, or none
HOLD = 0.3  # of the steps with the first rates; over the rest they fall to 0


@dataclass(frozen=True)
class Network:
    """A generator: its size, and how it learns. The weights of the terms are those of models/pix2pix.py."""

    options: dict[str, int]
    lr: float
    lambda_l1: float
    lambda_gradient: float = 0.0
    max_norm: float = math.inf
    betas: tuple[float, float] = (0.5, 0.999)
    divisor: int = 1  # it trains on crops this many times smaller than those that are judged


@dataclass(frozen=True)
class Preset:
    """How much is trained on what; lengths are in pixels."""

    size: int  # side of the crops that are judged
    batch: int
    steps: int
    view: float  # the short side of a photo, in these crops
    boldness: float  # strokes are those of a photo this many times larger: bold ones are learnt fast
    smallest: float  # for training each photo is shrunk at random, at most to this share of its size
    exposure: float  # and made brighter or darker: its numbers (0..1) to a power between 1 / exposure and exposure
    networks: dict[str, Network]

    def defaults(self) -> dict[str, int]:
        """What the command line may override."""
        return {"size": self.size, "batch": self.batch, "steps": self.steps}


# The unet's rate and weights are Isola's. The others have no batch norm: with it the size of a layer's weights does not
# matter, without it they take a larger rate. docs/cartoonize.md tells what was tried.
PAINTER = Network({"width": 32}, 1e-3, lambda_l1=100.0, lambda_gradient=400.0, max_norm=100.0, betas=(0.9, 0.99))
STROKES = Network({"width": 24, "levels": 2}, lr=1e-3, lambda_l1=500.0)
PRESETS = {
    "quick": Preset(
        size=128,
        batch=4,
        steps=500,
        view=2.0,
        boldness=1.5,
        smallest=1.0,
        exposure=1.0,
        networks={"painter": PAINTER, "stroke-unet": STROKES, "unet": Network({"width": 32}, 2e-4, 100.0)},
    ),
    # Four crops of 128 cost what one of 256 does, and teach more: they show four places.
    "full": Preset(
        size=256,
        batch=4,
        steps=2000,
        view=1.5,
        boldness=1.0,
        smallest=0.5,
        exposure=1.35,
        networks={
            "painter": replace(PAINTER, divisor=2),
            "stroke-unet": replace(STROKES, divisor=2),
            "unet": Network({"width": 64}, 2e-4, 100.0),
        },
    ),
}
DISCRIMINATOR_WIDTH, DISCRIMINATOR_LR = 32, 2e-4
STRIDED = 2  # convolutions of the discriminator: its patches are 34x34, and lines are thin
WINDOW = 0.1  # of the steps, over which the generator's weights are averaged


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training computes."""

    preset: str = "quick"
    size: int = PRESETS["quick"].size
    steps: int = PRESETS["quick"].steps
    batch: int = PRESETS["quick"].batch
    seed: int = 0
    style: str = "toon"
    generator: str = "painter"

    def is_main_job(self) -> bool:
        """Whether this is what the program does when it is given no options; the seed and the style are free."""
        return self == Recipe(seed=self.seed, style=self.style)

    @property
    def network(self) -> Network:
        """The size of the generator, and how it learns."""
        return PRESETS[self.preset].networks[self.generator]

    @property
    def crop(self) -> int:
        """Side of the crops trained on."""
        return self.size // self.network.divisor

    @property
    def short_side(self) -> int:
        """Photos are shrunk to this."""
        return round(PRESETS[self.preset].view * self.size)

    @property
    def strokes(self) -> int:
        """They are drawn with the strokes of a photo with this short side."""
        return round(PRESETS[self.preset].boldness * self.short_side)

    def build(self) -> Pix2Pix:
        """Both networks with fresh weights, from the seed."""
        nnlite.manual_seed(self.seed)
        generator = GENERATORS[self.generator](**self.generator_options())
        network = self.network
        return Pix2Pix(
            generator,
            DISCRIMINATOR_WIDTH,
            network.lambda_l1,
            generator_lr=network.lr,
            discriminator_lr=DISCRIMINATOR_LR,
            lambda_gradient=network.lambda_gradient,
            strided=STRIDED,
            max_norm=network.max_norm,
            generator_betas=network.betas,
            decay=max(0.0, 1.0 - 1.0 / (WINDOW * self.steps)),
        )

    def generator_options(self) -> dict[str, int]:
        """Arguments of the generator's class."""
        own = {"unet": {"size": self.crop}, "painter": {"pen": int(self.style not in HAIRLINES)}}
        return self.network.options | own.get(self.generator, {})

    def check(self) -> None:
        """Raise UserError for sizes too large for memory or unsuitable for the generator, naming the nearest that
        fits."""
        check_together(self, ("batch", "size", "size"), most=2**23)
        divisor = self.network.divisor
        if self.generator == "unet":
            good = [size * divisor for size in (32, 64, 128, 256, 512)]
        else:
            multiple = divisor * (
                Painter.multiple if self.generator == "painter" else 2 ** self.generator_options()["levels"]
            )
            good = [max(32 * divisor, round(self.size / multiple) * multiple)]
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


def shipped_styles() -> dict[str, Path]:
    """The styles that come with the project, and the weights of each."""
    return {path.stem: path for path in sorted(WEIGHTS.glob("*.safetensors"))}
