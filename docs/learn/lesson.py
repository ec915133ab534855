"""What every page of this course uses: the library's own source shown in a cell, and the checks of exercises."""

import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]  # of the project


def show_source(*things: Any) -> None:
    """The code of functions, methods or classes, as it is in the library now."""
    from IPython.display import Markdown, display

    for thing in things:
        display(Markdown(f"```python\n{inspect.cleandoc(inspect.getsource(thing))}\n```"))


def shell(command: str) -> None:
    """Run a command line of the project, `python -m ...`, in the project's folder, and print what it prints."""
    words = command.replace("python", sys.executable, 1).split()
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout.rstrip())
    if done.returncode:
        raise RuntimeError(f"{command!r} failed with exit status {done.returncode}")


# Exercises


class WrongAnswer(AssertionError):
    """An answer that is not right; the message has the value that shows it."""


class NotAnswered(Exception):
    """The answer is still `...`, or returns None."""


def exercise(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """Make `check`, which raises WrongAnswer, a check for a page: it says "Right.", or that there is no answer yet."""

    def checked(answer: Any) -> None:
        try:
            if answer is None or answer is ...:
                raise NotAnswered
            check(answer)
        except NotAnswered:
            print("No answer yet.")
        else:
            print("Right.")

    checked.__name__, checked.__doc__ = check.__name__, check.__doc__
    checked.is_exercise = True
    return checked


def expect(given: Any, right: Any, what: str, tolerance: float = 1e-6) -> None:
    """Raise WrongAnswer unless `given`, a number or an array, equals `right` in shape and value; `what` names it."""
    if given is None or given is ...:
        raise NotAnswered
    numbers, wanted = (np.asarray(getattr(value, "array", value)) for value in (given, right))
    if numbers.shape != wanted.shape:
        raise WrongAnswer(f"{what} has shape {numbers.shape}; {wanted.shape} is right")
    if not np.allclose(numbers, wanted, rtol=tolerance, atol=tolerance):
        raise WrongAnswer(f"{what} is\n{numbers}\nwhich is not right")
