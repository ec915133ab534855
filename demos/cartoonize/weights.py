"""The file of a trained generator: its weights, and as text all that is needed to use and judge them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import nnlite
from demos.shared.weights import Claims, build_and_load
from models.cyclegan import ResNetGenerator
from models.pix2pix import GENERATORS
from nnlite import nn

DRAWERS = GENERATORS | {"resnet": ResNetGenerator}  # those that `apply` can use; the last is from demos.cyclegan
OPTIONS: dict[str, dict[str, Sequence[int]]] = {
    "painter": {"width": range(1, 1025), "pen": range(2)},
    "stroke-unet": {"width": range(1, 1025), "levels": range(1, 10)},
    "unet": {"width": range(1, 1025), "size": (32, 64, 128, 256, 512)},
    "resnet": {"width": range(1, 1025), "blocks": range(65), "levels": range(1, 10)},
}
LARGEST = 8192  # short side of a photo, pixels
WRITERS = "python -m demos.cartoonize, demos.cyclegan or demos.translate"


@dataclass(frozen=True)
class GeneratorFile:
    """What a file says about its generator. Lengths are in pixels."""

    kind: str  # a name in DRAWERS
    options: dict[str, int]  # arguments of its class
    style: str  # the style it learnt; empty for a translation
    short_side: int  # of the photos it learnt from
    strokes: int  # it draws as bold as the style does on a photo with this short side
    judged_size: int  # side of the crops on which it is compared with the style
    test_photos: list[str]  # SHA-256 of the photos held out from its training
    translation: str = ""  # what demos.translate taught it, such as "colorize"; its three lengths are 0
    hole: tuple[int, ...] | None = None  # RGB: it draws only what has this colour, and leaves the rest as it is


def read_generator_file(path: Path) -> GeneratorFile:
    """Raises CheckpointError for a missing or broken file, or one that holds no generator."""
    from stylize import (
        styles,  # here, so that a missing system library of OpenCV is reported in one line, by run_program()
    )

    claims = Claims(path, nnlite.load_metadata(path), WRITERS)
    if "generator" not in claims.values:
        raise nnlite.CheckpointError(
            f"{path} does not say which generator it holds; expected generator.safetensors as written by {WRITERS}"
        )
    kind = claims.one_of("generator", DRAWERS)
    options = claims.inside("options")
    options.only(OPTIONS[kind])
    numbers = {name: options.number(name, allowed) for name, allowed in OPTIONS[kind].items()}
    test_photos = claims.strings("test_photos") if "test_photos" in claims.values else []
    if "translation" in claims.values:
        hole = claims.inside("hole") if "hole" in claims.values else None
        colour = tuple(hole.number(name, range(256)) for name in ("red", "green", "blue")) if hole else None
        return GeneratorFile(kind, numbers, "", 0, 0, 0, test_photos, claims.values["translation"], colour)
    short_side = claims.number("short_side", range(1, LARGEST + 1))
    sizes = range(1, short_side + 1)
    if "judged_size" in claims.values:
        judged_size = claims.number("judged_size", sizes)
    else:  # crops of the size it learnt from
        judged_size = claims.inside("recipe").number("size", sizes)
    return GeneratorFile(
        kind=kind,
        options=numbers,
        style=claims.one_of("style", styles()),
        short_side=short_side,
        strokes=claims.number("strokes", range(1, 4 * LARGEST + 1)),
        judged_size=judged_size,
        test_photos=test_photos,
    )


def save_generator(generator: nn.Module, path: Path, metadata: dict[str, str]) -> None:
    """Write its weights in half precision: half the size, and a colour moves by less than a level."""
    half = {name: weight.cpu().numpy().astype(np.float16) for name, weight in generator.state_dict().items()}
    nnlite.save(half, path, metadata)


def load_generator(path: Path) -> tuple[nn.Module, GeneratorFile]:
    """A trained generator, ready to use, and what its file says about it.

    Raises CheckpointError for a missing or broken file or one that holds other weights.
    """
    about = read_generator_file(path)
    return build_and_load(DRAWERS[about.kind], about.options, path), about
