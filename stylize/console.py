"""What the commands print: one line a message, in any terminal."""

import sys


def say(program: str, message: object) -> None:
    """One line on stderr."""
    print(f"{program}: {one_line(message)}", file=sys.stderr)


def counted(number: int, noun: str) -> str:
    """1 photo, 2 photos."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def one_line(message: object) -> str:
    """A message with line ends and the like, which names of files may hold, written as \\n."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(message))
