"""python -m stylize styles [NAME]: what styles there are, and their parameters."""

import argparse

from .. import describe_style, styles


def add(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    what = "list the styles and their parameters: name, default, range, meaning"
    parser = commands.add_parser("styles", help="list the styles and their parameters", description=what)
    parser.add_argument("style", nargs="?", metavar="NAME", help="this style only")
    parser.set_defaults(run=run, after_interrupt="nothing was written")


def run(options: argparse.Namespace) -> int:
    """Print each style and its parameters."""
    for name in [options.style] if options.style else styles():
        print("\n".join(describe_style(name)))
    return 0
