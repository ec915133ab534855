"""python -m stylize dataset SRC... OUT: make a paired dataset."""

import argparse
from functools import partial

from .. import build_dataset, parse_parameters
from ..console import counted, one_line, path_argument, say
from ..manifest import MANIFEST
from ..options import LAYOUTS
from . import add_drawing_options

DESCRIPTION = """Draw many photos and write pairs of photo and cartoon, split by photo, to OUT/train and OUT/test (photo
left, cartoon right; or to OUT/A and OUT/B, see --layout), with OUT/manifest.jsonl. A stopped run is completed, and
photos are added, by the same command with --resume. A number in a --preprocess step may be a range here, such as
rotate=-10..10: each photo gets a number of its own from it."""


def add(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("dataset", help="make a paired dataset", description=DESCRIPTION)
    number = partial(parser.add_argument, type=int, metavar="N")
    fraction = partial(parser.add_argument, type=float, metavar="F")
    switch = partial(parser.add_argument, action="store_true")
    parser.add_argument("sources", metavar="SRC", nargs="+", type=path_argument, help="photos, or folders of photos")
    parser.add_argument("output", metavar="OUT", type=path_argument, help="the folder to write to")
    add_drawing_options(parser)
    number("--short-side", help="then shrink photos to this short side, in pixels")
    number("--strokes", help="draw with the strokes of a photo of this short side")
    number("--size", help="cut squares of this side (default: whole photos)")
    number("--crops", default=1, help="squares from each photo (default 1)")
    switch("--flip", help="add each pair once more, drawn from the mirrored photo")
    parser.add_argument("--layout", default="side", help=f"{', '.join(LAYOUTS)} (default side)")
    fraction("--test-fraction", default=0.2, help="of the photos (default 0.2)")
    number("--minimum-test", default=1, help="test photos at the least (default 1)")
    fraction("--val-fraction", default=0.0, help="of the photos, for a third split, val (default 0: none)")
    number("--minimum-val", help="val photos at the least (default 1 with --val-fraction)")
    number("--seed", default=0, help="decides split, crops and preprocessing (default 0)")
    switch("--resume", help="complete the dataset in OUT, or add photos to it")
    switch("--overwrite", help="replace altered pairs and files that are in the way")
    switch("--strict", help="exit with 1 if a file was skipped")
    number("--workers", help="processes (default: one for 16 photos, up to one a CPU)")
    parser.set_defaults(run=run, after_interrupt="the same command with --resume goes on from here")


def run(options: argparse.Namespace) -> int:
    """Make a paired dataset and say what became of it."""
    parameters = parse_parameters(options.style, options.changes)
    keywords = build_dataset.__kwdefaults__ or {}
    arguments = {name: value for name, value in vars(options).items() if name in keywords}  # options of the same names
    summary = build_dataset(options.sources, options.output, parameters=parameters, **arguments)
    for note in summary.notes:
        say("stylize", note)
    for source, reason in summary.skipped:
        say("stylize", f"skipped {source}: {reason}")
    for split, pairs in summary.pairs.items():
        folders = " and ".join(str(summary.out / side / split) for side in LAYOUTS[options.layout])
        photos = counted(summary.photos[split], "photo")
        print(one_line(f"{split}: {counted(pairs, 'pair')} from {photos} in {folders}"))
    print(f"{counted(summary.drawn, 'photo')} drawn by this run, {len(summary.skipped)} skipped;", end=" ")
    print(one_line(f"all are listed in {summary.out / MANIFEST}"))
    return 1 if options.strict and summary.skipped else 0
