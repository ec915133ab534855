"""python -m stylize image IN OUT: draw one photo."""

import argparse

from .. import parse_parameters, stylize, write_image
from ..console import one_line, path_argument, say
from ..files import FileError, add_overwrite, check_place, check_target
from ..formats import WRITABLE
from ..images import read_picture
from ..preprocess import parse_steps, preprocess
from . import add_drawing_options, add_max_megapixels

COMMAND = "stylize image"


def add(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("image", help="draw one photo", description="Draw one photo.")
    parser.add_argument(
        "input", metavar="IN", type=path_argument, help="the photo, such as a .jpg, .png, .webp or .tif"
    )
    parser.add_argument("output", metavar="OUT", type=path_argument, help="the cartoon; its extension is its format")
    parser.add_argument("surplus", nargs="*", default=[], help=argparse.SUPPRESS)  # a shell's *.jpg
    parser.add_argument("--scale", type=float, help="stroke scale (default: the photo's short side / 512)")
    add_drawing_options(parser)
    add_max_megapixels(parser)
    add_overwrite(parser)
    parser.set_defaults(run=run, after_interrupt="nothing was written")


def run(options: argparse.Namespace) -> int:
    """Draw one photo. Its transparency is kept, unless there are preprocessing steps: these see it on white."""
    if options.surplus:
        raise FileError(
            f"image takes one photo and the name of its cartoon, but got {2 + len(options.surplus)} names; for many "
            "photos: python -m demos.cartoonize apply PHOTOS --out DIR, or in a shell: "
            'for photo in *.jpg; do python -m stylize image "$photo" "cartoons/$photo"; done'
        )
    changes = parse_parameters(options.style, options.changes)
    steps = parse_steps(options.preprocess)
    picture = read_picture(options.input, options.max_megapixels)
    for note in picture.notes:
        say("stylize", f"{options.input}: {note}")
    rgb, alpha = picture.rgb, picture.alpha
    check_place(options.output, WRITABLE)
    check_target(options.output, COMMAND, [options.input], options.overwrite)
    if steps:
        rgb, alpha = preprocess(picture.on_white, steps), None
    write_image(options.output, stylize(rgb, options.style, options.scale, **changes), alpha, COMMAND)
    print(one_line(f"wrote {options.output}"))
    return 0
