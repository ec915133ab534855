"""The commands of python -m stylize, one a module: `add(commands)` describes it to argparse, `run(options)` does it.

`run` returns the exit code: 0 done, 1 done but something is wrong with what was looked at.
"""

import argparse
from functools import partial

from ..preprocess import STEPS
from .. import registry
from ..images import MAX_MEGAPIXELS


def add_drawing_options(parser: argparse.ArgumentParser) -> None:
    """--style, --set and --preprocess: how a photo becomes a cartoon."""
    parser.add_argument("--style", default="toon", help=f"{', '.join(registry.styles())} (default toon)")
    repeated = partial(parser.add_argument, action="append", default=[])
    repeated("--set", metavar="NAME=VALUE", dest="changes", help="a parameter of the style; may be repeated")
    steps = ", ".join(f"{name}={kind.example}" if kind.example else name for name, kind in STEPS.items())
    repeated("--preprocess", metavar="STEP", help=f"done to the photo first, in the order given: {steps}")


def add_max_megapixels(parser: argparse.ArgumentParser) -> None:
    """--max-megapixels: how large a photo may be."""
    limit = "refuse larger photos, which need much memory (default %(default)s)"
    parser.add_argument("--max-megapixels", type=_positive, default=MAX_MEGAPIXELS, metavar="N", help=limit)


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:  # nan is not either
        raise argparse.ArgumentTypeError(f"it needs a number above 0, got {text}")
    return value
