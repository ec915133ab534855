"""The command line: python -m stylize COMMAND ...; each command is a module of stylize/commands."""

import argparse
import sys
from typing import NoReturn

from .commands import check, dataset, image, list_styles, video
from .console import say

COMMANDS = (image, video, list_styles, dataset, check)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that reports a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"stylize: {message}; see python -m {self.prog} --help\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one command. The exit code: that of the command, 2 a mistake in what was asked, 130 interrupted."""
    options = command_line().parse_args(arguments)
    try:
        return options.run(options)
    except ValueError as error:  # ImageError, DatasetError, an unknown style: one line that says what to do
        say("stylize", error)
        return 2
    except KeyboardInterrupt:
        say("stylize", f"interrupted; {options.after_interrupt}")
        return 130


def command_line() -> Parser:
    """The parser of all commands."""
    parser = Parser(prog="stylize", description="Turn photographs into cartoons.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
