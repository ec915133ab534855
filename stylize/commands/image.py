"""python -m stylize image IN OUT: draw one photo."""

import argparse
from pathlib import Path

from .. import parse_parameters, read_image, read_image_and_alpha, stylize, write_image
from ..preprocess import parse_steps, preprocess
from . import add_drawing_options


def add(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("image", help="draw one photo", description="Draw one photo.")
    parser.add_argument("input", metavar="IN", type=Path, help="the photo (.jpg .png .webp .bmp .tif .gif)")
    parser.add_argument("output", metavar="OUT", type=Path, help="the cartoon; its extension is its format")
    parser.add_argument("--scale", type=float, help="stroke scale (default: the photo's short side / 512)")
    add_drawing_options(parser)
    parser.set_defaults(run=run, after_interrupt="nothing was written")


def run(options: argparse.Namespace) -> int:
    """Draw one photo, keeping its transparency, unless it is preprocessed: the steps see it on white."""
    if options.output.exists() and options.output.samefile(options.input):
        raise ValueError(f"{options.output} is the photo itself; choose another name for the cartoon")
    changes = parse_parameters(options.style, options.changes)
    steps = parse_steps(options.preprocess)
    rgb, alpha = read_image_and_alpha(options.input)
    if steps:
        rgb, alpha = preprocess(read_image(options.input), steps), None
    write_image(options.output, stylize(rgb, options.style, options.scale, **changes), alpha)
    print(f"wrote {options.output}")
    return 0
