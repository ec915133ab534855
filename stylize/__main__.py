"""The command line: python -m stylize image IN OUT, and python -m stylize dataset SRC... OUT."""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

from . import build_dataset, read_image_and_alpha, styles, stylize, write_image


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that reports a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"stylize: {message}; see python -m {self.prog} --help\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one command. The exit code: 0 done, 2 a mistake in what was asked, 130 interrupted."""
    options = command_line().parse_args(arguments)
    try:
        options.run(options)
        return 0
    except ValueError as error:  # ImageError, DatasetError, an unknown style: one line that says what to do
        print(f"stylize: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stylize: interrupted; {options.after_interrupt}", file=sys.stderr)
        return 130


def draw_image(options: argparse.Namespace) -> None:
    """Draw one photo, keeping its transparency."""
    if options.output.exists() and options.output.samefile(options.input):
        raise ValueError(f"{options.output} is the photo itself; choose another name for the cartoon")
    rgb, alpha = read_image_and_alpha(options.input)
    write_image(options.output, stylize(rgb, options.style, options.scale), alpha)
    print(f"wrote {options.output}")


def make_dataset(options: argparse.Namespace) -> None:
    """Make a paired dataset and say what became of it."""
    summary = build_dataset(
        options.sources,
        options.output,
        style=options.style,
        short_side=options.short_side,
        strokes=options.strokes,
        size=options.size,
        crops=options.crops,
        test_fraction=options.test_fraction,
        minimum_test=options.minimum_test,
        seed=options.seed,
        workers=options.workers,
    )
    for source, reason in summary.skipped:
        print(f"stylize: skipped {source}: {reason}", file=sys.stderr)
    for split, pairs in summary.pairs.items():
        print(f"{split}: {pairs} pairs from {summary.photos[split]} photos in {summary.out / split}")
    print(f"{summary.drawn} photos drawn by this run, {len(summary.skipped)} skipped;", end=" ")
    print(f"all are listed in {summary.out / 'manifest.jsonl'}")


def command_line() -> Parser:
    """The parser of both commands."""
    parser = Parser(prog="stylize", description="Turn photographs into cartoons.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("image", help="draw one photo", description="Draw one photo.")
    one.add_argument("input", metavar="IN", type=Path, help="the photo (.jpg .png .webp .bmp .tif .gif)")
    one.add_argument("output", metavar="OUT", type=Path, help="the cartoon; its extension is its format")
    one.add_argument("--style", default="toon", help=f"{', '.join(styles())} (default toon)")
    one.add_argument("--scale", type=float, help="stroke scale (default: the photo's short side / 512)")
    one.set_defaults(run=draw_image, after_interrupt="nothing was written")

    many = commands.add_parser(
        "dataset",
        help="make a paired dataset",
        description="Draw many photos and write pairs, photo left and cartoon right, to OUT/train and OUT/test, "
        "split by photo, with OUT/manifest.jsonl. Run it again to complete a stopped run or to add photos.",
    )
    many.add_argument("sources", metavar="SRC", nargs="+", type=Path, help="photos, or folders of photos")
    many.add_argument("output", metavar="OUT", type=Path, help="the folder to write to")
    many.add_argument("--style", default="toon", help=f"{', '.join(styles())} (default toon)")
    number = partial(many.add_argument, type=int, metavar="N")
    number("--short-side", help="first shrink photos to this short side, in pixels")
    number("--strokes", help="draw with the strokes of a photo of this short side")
    number("--size", help="cut squares of this side (default: whole photos)")
    number("--crops", default=1, help="squares from each photo (default 1)")
    many.add_argument(
        "--test-fraction", type=float, default=0.2, metavar="F", help="of the photos (default 0.2)"
    )
    number("--minimum-test", default=1, help="test photos at the least (default 1)")
    number("--seed", default=0, help="decides split and crops (default 0)")
    number("--workers", help="processes (default: one for 16 photos, up to one a CPU)")
    many.set_defaults(run=make_dataset, after_interrupt="run the same command again to go on from here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
