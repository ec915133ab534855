"""Film of the walk back through a graph: nnlite.autograd.walk, one visit and one gradient at a time.

python -m demos.explain autograd
python -m demos.explain autograd --formula "(a * b + c) * a" --values "a=2, b=-3, c=10"
python -m demos.explain autograd --formula "y = relu(w * x + b); (y - t) ** 2" --values "w=1, x=3, b=-1, t=5"

A formula has names, numbers, + - * /, ** with a number, and exp, log, relu, sigmoid, sin, sqrt, tanh. Several, with ";"
between them, give names to values that are used again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from demos.explain.formula import Formula, values
from demos.explain.graph_picture import draw
from demos.explain.steps import Step, steps

FORMULA = "u = a * b; v = u + c; L = u * v"
VALUES = "a=2, b=-3, c=10"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--formula", default=FORMULA, help=f'what is computed (default "{FORMULA}")')
    parser.add_argument("--values", type=values, default=VALUES, help=f'a number for each name (default "{VALUES}")')


def frames(options: argparse.Namespace) -> Iterator[Any]:
    formula = Formula(options.formula, options.values)
    for step in steps(formula):
        yield draw(formula, step)


# For the pages


def frame(code: str, numbers: str, number: int) -> Any:
    """One frame of the film, counted from 0; -1 is the last."""
    formula = Formula(code, values(numbers))
    return draw(formula, steps(formula)[number])


def picture(code: str, numbers: str, gradients: bool = True) -> Any:
    """The graph without the tables: its values and, unless they are not wanted, its gradients."""
    formula = Formula(code, values(numbers))
    last = steps(formula)[-1]
    return draw(formula, last if gradients else Step("", computed=last.computed), tables=False)
