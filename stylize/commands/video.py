"""python -m stylize video IN OUT: draw a video."""

import argparse

from .. import parse_parameters, stylize
from ..console import counted, one_line, path_argument, say
from ..files import FileError, add_overwrite
from ..preprocess import parse_steps, preprocess
from ..registry import style_parameters
from ..sound import carry_sound
from ..temporal import TEMPORAL
from ..video import draw_video
from ..video_writer import CODECS
from . import add_drawing_options


def add(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("video", help="draw a video", description="Draw a video, frame by frame.")
    parser.add_argument("input", metavar="IN", type=path_argument, help="the video")
    formats = " ".join(CODECS)
    parser.add_argument(
        "output", metavar="OUT", type=path_argument, help=f"the cartoon ({formats}); browsers play .webm"
    )
    parser.add_argument("surplus", nargs="*", default=[], help=argparse.SUPPRESS)  # a shell's *.mp4
    parser.add_argument("--scale", type=float, help="stroke scale (default: the short side / 512)")
    parser.add_argument(
        "--temporal",
        choices=TEMPORAL,
        default="full",
        help="against flicker: off, light (the drawing follows the flow of the video), full (the video is steadied "
        "too; default)",
    )
    parser.add_argument("--side-by-side", action="store_true", help="the video on the left, its cartoon on the right")
    add_drawing_options(parser)
    add_overwrite(parser)
    parser.set_defaults(run=run, after_interrupt="the frames drawn so far, if any, are kept and can be played")


def run(options: argparse.Namespace) -> int:
    """Draw a video, and say how long it is and what became of its sound."""
    if options.surplus:
        names = 2 + len(options.surplus)
        raise FileError(f"video takes one video and the name of its cartoon, not {names} names; call it once for each")
    changes = parse_parameters(options.style, options.changes)
    style_parameters(options.style, **changes)  # raises now, rather than at the first frame
    steps = parse_steps(options.preprocess)
    drawn = draw_video(
        options.input,
        options.output,
        lambda frame: stylize(frame, options.style, options.scale, **changes),
        options.temporal,
        options.side_by_side,
        (lambda frame: preprocess(frame, steps)) if steps else None,
        overwrite=options.overwrite,
    )
    sound = carry_sound(options.input, options.output)
    length = f"{counted(drawn.frames, 'frame')} in {counted(len(drawn.cuts) + 1, 'shot')}"
    print(one_line(f"wrote {options.output}: {length}, {sound}"))
    for warning in drawn.warnings:
        say("stylize", warning)
    return 1 if drawn.warnings else 0
