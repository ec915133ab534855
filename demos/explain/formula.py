"""A formula with a number for each name, such as "u = a * b; u * (u + 1)", computed by nnlite as a graph to look at."""

from __future__ import annotations

import argparse
import ast
import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import nnlite
import nnlite.functional as F
from demos.shared.program import UserError
from nnlite.graph import Node, nodes_of

MOST_LETTERS, MOST_OPERATIONS = 200, 9
LONGEST_NAME = 13  # in a picture
MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"
OPERATORS: dict[type, tuple[str, Any]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: (MINUS, operator.sub),
    ast.Mult: (TIMES, operator.mul),
    ast.Div: ("÷", operator.truediv),
    ast.Pow: ("^", operator.pow),
}
FUNCTIONS = {f.__name__: f for f in (F.exp, F.log, F.relu, F.sigmoid, F.sin, F.sqrt, F.tanh)}
ALLOWED = f"names, numbers, + - * /, ** with a number, and {', '.join(FUNCTIONS)}"


class Formula:
    """What nnlite recorded, in the order of computation: `nodes`; for each its `value`, `name` and `text`.

    text    the code that computes it; an operation without a name of its own has the beginning of it as its name
    symbol  what an operation's circle shows, such as "+"
    root    the operation that computes the result
    """

    def __init__(self, code: str, values: Mapping[str, float]):
        self.value: dict[Node, float] = {}
        self.name: dict[Node, str] = {}
        self.text: dict[Node, str] = {}
        self.symbol: dict[Node, str] = {}
        self._tensors = {
            name: nnlite.tensor(float(number), dtype=nnlite.float64, requires_grad=True)
            for name, number in values.items()
        }
        for name, leaf in self._tensors.items():
            self._note(leaf, leaf, name)
        with np.errstate(all="ignore"):  # what is not finite is refused
            result = self._run(_statements(code))
        self.root = result.grad_fn
        if self.root is None:
            raise UserError(f"{code!r}: nothing is computed from {' and '.join(values) or 'no name'}")
        self.nodes = nodes_of(result)
        unused = [self.name[node] for node in self.value if node not in self.nodes]
        if unused:
            raise UserError(f"{code!r}: the result does not need {', '.join(unused)}; leave it out")
        if sum(node in self.symbol for node in self.nodes) > MOST_OPERATIONS:
            raise UserError(f"{code!r}: more than {MOST_OPERATIONS} operations are too many for a picture")

    def _run(self, statements: list[ast.stmt]) -> nnlite.Tensor:
        for statement in statements:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=code) if name not in self._tensors:
                    result = self._tensors[name] = self._compute(code)
                    if result.grad_fn in self.value:
                        self.name[result.grad_fn] = _cut(name, LONGEST_NAME)
                case ast.Assign(targets=[ast.Name(id=name)]):
                    raise UserError(f"{name} has a value already; give each name one value")
                case ast.Expr(value=code):
                    result = self._compute(code)
                case _:
                    raise UserError(f"{ast.unparse(statement)!r}: a formula is made of {ALLOWED}")
        return result

    def _compute(self, code: ast.expr) -> nnlite.Tensor:
        match code:
            case ast.Name(id=name):
                if name not in self._tensors:
                    raise UserError(f'{name} has no value; give one, such as --values "{name}=2"')
                return self._tensors[name]
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return nnlite.tensor(float(number), dtype=nnlite.float64)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self._made(-self._compute(inner), code, MINUS)
            case ast.BinOp(op=ast.Pow(), right=exponent) if not _is_number(exponent):
                raise UserError(f"{ast.unparse(code)!r}: the exponent must be a number")
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                symbol, operation = OPERATORS[type(op)]
                a, b = self._compute(left), self._compute(right)
                words = [short(float(x)) if not x.requires_grad else "" for x in (a, b)]
                return self._made(operation(a, b), code, f"{words[0]} {symbol} {words[1]}".strip())
            case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in FUNCTIONS:
                return self._made(FUNCTIONS[name](self._compute(inner)), code, name)
        raise UserError(f"{ast.unparse(code)!r}: a formula is made of {ALLOWED}")

    def _made(self, result: nnlite.Tensor, code: ast.expr, symbol: str) -> nnlite.Tensor:
        if result.grad_fn is not None:
            self.symbol[result.grad_fn] = symbol
        self._note(result.grad_fn, result, ast.unparse(code))
        return result

    def _note(self, node: Node | None, result: nnlite.Tensor, text: str) -> None:
        value = float(result)
        if not math.isfinite(value):
            raise UserError(f"{text} is {value} with these values")
        if node is not None:
            self.value[node], self.name[node], self.text[node] = value, _cut(text, LONGEST_NAME), text

    def equation(self, node: Node) -> str:
        """Such as "u = a * b = -6"."""
        text, name = self.text[node], self.name[node]
        start = "" if name == _cut(text, LONGEST_NAME) else f"{name} = "
        return f"{start}{_cut(text, 60)} = {short(self.value[node])}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _statements(code: str) -> list[ast.stmt]:
    if len(code) > MOST_LETTERS:
        raise UserError(f"the formula has {len(code)} letters; at most {MOST_LETTERS} fit into a picture")
    try:
        statements = ast.parse(code.strip()).body
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{code!r} is not a formula: {getattr(error, 'msg', error)}") from error
    if not statements:
        raise UserError('the formula is empty; write one, such as "(a * b + c) * a"')
    return statements


def _is_number(code: ast.expr) -> bool:
    """2 or -2."""
    return isinstance(code.operand if isinstance(code, ast.UnaryOp) else code, ast.Constant)


def values(text: str) -> dict[str, float]:
    """The type of an argument such as "a=2, b=-3"."""
    result = {}
    for pair in text.split(","):
        name, _, number = pair.partition("=")
        try:
            result[name.strip()] = float(number)
        except ValueError:
            raise argparse.ArgumentTypeError(f'expected "a=2, b=-3", got {text!r}') from None
    return result


def short(number: float) -> str:
    """A number with at most four digits and a real minus sign."""
    return f"{number + 0.0:.4g}".replace("-", MINUS)


def in_brackets(number: float) -> str:
    """The number as it stands after an operator: 2, but (-2)."""
    return f"({short(number)})" if number < 0 else short(number)


def sum_of(numbers: Sequence[float]) -> str:
    """Such as "4 + (-6) = -2"; one number as it is, and nothing for none."""
    if not numbers:
        return ""
    first, *others = numbers
    added = "".join(f" + {in_brackets(number)}" for number in others)
    return short(first) + (f"{added} = {short(sum(numbers))}" if others else "")
