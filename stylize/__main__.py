"""The command line: python -m stylize COMMAND ...; each command is a module of stylize/commands."""

from .console import Parser, attempt, run


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status, 2 for a mistake in what was asked, 130 if it was interrupted."""
    return attempt("stylize", lambda: command(arguments), is_foreseen)


def command(arguments: list[str] | None = None) -> int:
    """Run one command. Raises ValueError for a mistake."""
    options = command_line().parse_args(arguments)
    try:
        return options.run(options)
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(options.after_interrupt) from interrupt


def command_line() -> Parser:
    """The parser of all commands."""
    from .commands import check, dataset, image, list_styles, video  # here, because OpenCV may be missing

    parser = Parser(prog="stylize", description="Turn photographs into cartoons.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in (image, video, list_styles, dataset, check):
        module.add(commands)
    return parser


def is_foreseen(error: Exception) -> bool:
    """ImageError, DatasetError, an unknown style: each says what is wrong and what to do."""
    return isinstance(error, ValueError)


if __name__ == "__main__":
    run("stylize", command, is_foreseen, needs=["stylize.api"])
