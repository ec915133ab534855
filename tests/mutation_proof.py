"""Do the tests notice a broken operation? Break each one, in every way below, and see.

    python -m tests.mutation_proof [NAME...]        all operations, or these classes and functions

Gradients: each gradient that a backward returns with the other sign, zero, with its last two axes swapped, or with
broadcast axes not summed (unbroadcast replaced by one that takes the first element instead).
Results: scaled, shifted or reversed, each with a backward that is the derivative of the wrong forward, which no
gradient check can see.
Source: in forward, backward and the functions they call in their file, each sum or difference without one of its
terms, each product or quotient without its second factor, each minus gone.

A mutant is caught when one of the checks that tests/nnlite/test_functional.py makes of every operation fails: the
gradient check or the comparison with PyTorch. If neither does, the tests of the operation's own file judge: they know
about random numbers, running statistics, ties, and what only float32 or numbers far out bring to light. Exits with 1
if a mutant survives.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import functools
import inspect
import io
import itertools
import sys
import textwrap
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tqdm import tqdm

import nnlite
import nnlite.functional as F
from nnlite import Function
from nnlite.errors import guarded
from tests.checks import check_against_pytorch, check_gradient
from tests.operations import OPERATIONS, RANDOM

ALL = {**OPERATIONS, **RANDOM}
PREFIX = "nnlite.functional."

# Tests beside tests/nnlite/test_functional_<file>.py.
OWN_TESTS = {
    "arithmetic": ["test_functional_compare.py"],
    "batch_norm": ["test_functional_norm.py"],
    "cast": ["test_functional_shape.py", "test_gpu.py::test_a_tensor_moves_inside_the_graph"],
    "embedding": ["test_functional_linear.py"],
    "index": ["test_functional_shape.py"],
    "pad": ["test_functional_resize.py"],
    "piecewise": ["test_functional_compare.py", "test_functional_arithmetic.py"],
    "reduce": ["test_functional_compare.py"],
    "relu": ["test_functional_activation.py"],
    "statistics": ["test_functional_compare.py", "test_functional_reduce.py"],
}

# Changes that change no result: (function, change) and why.
HARMLESS = {
    ("resize._take_nearest", "n * factor -> n"): "the shortcut is not taken, the long way gives the same",
    ("resize._interpolated", "1 - reach -> -reach"): "one more pixel, whose weight is 0",
    ("resize._nearest", "n - 1 -> n"): "float32 would have to round up by a whole pixel",
}


class Mutant:
    """A way to break an operation: inside `applied()`, `owner.name` is `value`.

    `effective` says whether it changed anything at all while the checks ran: a sign has no effect on a gradient that
    nobody asks for, and such a mutant proves nothing.
    """

    def __init__(self, what: str, kind: str, owner: Any, name: str, value: Any, effective: bool = True):
        self.what, self.kind, self.owner, self.name, self.value = what, kind, owner, name, value
        self.effective = effective

    def change(self, right, wrong):
        """The wrong array; notes whether it differs."""
        a, b = (x.numpy() if isinstance(x, nnlite.Tensor) else x for x in (right, wrong))
        self.effective |= a.shape != b.shape or not np.array_equal(a, b)
        return wrong

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        missing = object()
        before = vars(self.owner).get(self.name, missing)
        setattr(self.owner, self.name, self.value)
        try:
            yield
        finally:
            delattr(self.owner, self.name) if before is missing else setattr(self.owner, self.name, before)


def classes_used(operation) -> set[type]:
    """The Functions that an operation is made of."""
    used, apply = set(), Function.apply.__func__

    def noting(cls, *inputs, **options):
        used.add(cls)
        return apply(cls, *inputs, **options)

    Function.apply = classmethod(noting)
    try:
        operation.nnlite(*[nnlite.Tensor(a, requires_grad=True) for a in operation.arrays()])
    finally:
        Function.apply = classmethod(apply)
    return used


def functions_used(operation) -> set[str]:
    """The functions of nnlite.functional that an operation of the table calls by name."""
    used = set()

    class Noting:
        def __getattr__(self, name):
            used.add(name)
            return getattr(F, name)

    operation.call(nnlite, Noting(), *[nnlite.Tensor(a) for a in operation.arrays()])
    return used


def all_classes(cls: type = Function) -> Iterator[type]:
    """Every Function of nnlite.functional that defines something of its own."""
    for sub in cls.__subclasses__():
        if sub.__module__.startswith(PREFIX):
            yield sub
        yield from all_classes(sub)


# Wrong results and gradients


def wrong_gradients(cls: type) -> Iterator[Mutant]:
    """Mutants of what `backward` returns, for each input that gets a gradient."""
    changes: dict[str, Callable] = {
        "sign": lambda g: -g,
        "zero": lambda g: 0.0 * g,
        "axes swapped": lambda g: g.swapaxes(-1, -2).reshape(g.shape) if g.ndim > 1 else g,
    }
    for (kind, change), i in itertools.product(changes.items(), range(3)):
        mutant = Mutant(f"{cls.__name__}: gradient {i}", kind, cls, "backward", None, effective=False)

        def backward(self, dy, mutant=mutant, change=change, i=i, right=cls.backward):
            grads = right(self, dy)
            grads = list(grads) if isinstance(grads, (tuple, list)) else [grads]
            if i < len(grads) and grads[i] is not None:
                grads[i] = mutant.change(grads[i], change(grads[i]))
            return grads

        mutant.value = backward
        yield mutant


def not_unbroadcast(cls: type) -> Iterator[Mutant]:
    """The gradient of an operand that was stretched, not summed again."""
    module = sys.modules[cls.__module__]
    if not any("unbroadcast(" in inspect.getsource(base) for base in cls.__mro__ if base.__module__ == cls.__module__):
        return
    mutant = Mutant(f"{cls.__name__}: unbroadcast", "not summed", module, "unbroadcast", None)

    def first_only(grad, shape):
        extra = grad.ndim - len(shape)
        stretched = [n == 1 and grad.shape[extra + i] != 1 for i, n in enumerate(shape)]
        return grad[(0,) * extra][tuple(slice(0, 1) if s else slice(None) for s in stretched)]

    mutant.value = first_only
    yield mutant


def wrong_results(cls: type) -> Iterator[Mutant]:
    """Mutants of forward; backward is the derivative of the wrong forward, so gradient checks pass."""
    changes: dict[str, tuple[Callable, Callable]] = {
        "scaled": (lambda y: 1.01 * y, lambda dy: 1.01 * dy),
        "shifted": (lambda y: y + 0.01, lambda dy: dy),
        "reversed": (lambda y: y[..., ::-1] if y.ndim else -y, lambda dy: dy[..., ::-1] if dy.ndim else -dy),
    }
    for kind, (change, derivative) in changes.items():
        mutant = Mutant(f"{cls.__name__}: result", kind, cls, "apply", None, effective=False)

        class Wrong(cls):  # type: ignore[misc, valid-type]
            def forward(self, *arrays, mutant=mutant, change=change, **options):
                y = super().forward(*arrays, **options)
                return mutant.change(y, change(y))

            def backward(self, dy, derivative=derivative):
                return super().backward(derivative(dy))

        def apply(_, *inputs, wrong=Wrong, **options):
            return Function.apply.__func__(wrong, *inputs, **options)

        mutant.value = classmethod(apply)
        yield mutant


# Wrong source


class Change(ast.NodeTransformer):
    """Makes the `number`th possible change of a tree; notes what it was."""

    def __init__(self, number: int):
        self.number, self.seen, self.note = number, 0, None

    def _pick(self, node: ast.AST, kind: str, replacement: ast.AST) -> ast.AST:
        self.seen += 1
        if self.seen - 1 != self.number:
            return node
        self.note = (kind, f"{ast.unparse(node)} -> {ast.unparse(replacement)}")
        return replacement

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, (ast.Add, ast.Sub)):
            new = self._pick(node, "dropped term", node.left)
            if new is not node:
                return new
            right = node.right if isinstance(node.op, ast.Add) else ast.UnaryOp(ast.USub(), node.right)
            return self._pick(node, "dropped term", right)
        if isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult)):
            return self._pick(node, "dropped factor", node.left)
        return node

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        return self._pick(node, "dropped minus", node.operand) if isinstance(node.op, ast.USub) else node

    def visit_Raise(self, node):  # a message is no formula
        return node

    def visit_JoinedStr(self, node):
        return node

    def visit_arguments(self, node):
        return node


def wrong_source(owner: Any, name: str, function: types.FunctionType) -> Iterator[Mutant]:
    """The function with one operator gone, for each operator in it; its guard stays."""
    keep_guard = guarded if hasattr(function, "__wrapped__") else lambda mutated: mutated
    function = inspect.unwrap(function)
    source = textwrap.dedent(inspect.getsource(function))
    number = 0
    while True:
        tree, change = ast.parse(source), Change(number)
        tree = ast.fix_missing_locations(change.visit(tree))
        if change.note is None:
            return
        tree.body[0].decorator_list = []
        space = dict(function.__globals__)
        exec(compile(tree, "<mutant>", "exec"), space)
        code = space[tree.body[0].name].__code__
        if code.co_freevars == function.__code__.co_freevars:  # super() keeps its class in a free variable
            mutated = types.FunctionType(code, function.__globals__, name, function.__defaults__, function.__closure__)
            mutated.__kwdefaults__ = function.__kwdefaults__
            kind, what = change.note
            place = owner.__name__.removeprefix(PREFIX)
            if (f"{place}.{name}", what) not in HARMLESS:
                yield Mutant(f"{place}.{name}: {what}", kind, owner, name, keep_guard(mutated))
        number += 1


def functions_called(function: types.FunctionType, module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """The plain functions of its own file that it reaches, not those that make an operation of tensors."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for name in sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}):
        called = vars(module).get(name)
        if isinstance(called, types.FunctionType) and called.__module__ == module.__name__ and called is not function:
            yield name, called
            yield from functions_called(called, module)


def wrong_functions(name: str) -> Iterator[Mutant]:
    """Mutants of a function made of operations: its result with the right derivative, and its source."""
    function, changes = getattr(F, name), {"scaled": lambda y: 1.01 * y, "shifted": lambda y: y + 0.01}
    for kind, change in changes.items():
        mutant = Mutant(f"F.{name}: result", kind, F, name, None, effective=False)

        def wrong(*arguments, mutant=mutant, change=change, **options):
            y = function(*arguments, **options)
            return mutant.change(y, change(y)) if isinstance(y, nnlite.Tensor) and y.dtype.kind == "f" else y

        mutant.value = wrong
        yield mutant
    yield from wrong_source(F, name, function)
    module = sys.modules[function.__module__]
    for called_name, called in functions_called(function, module):
        yield from wrong_source(module, called_name, called)


def all_mutants(cls: type, applied: bool) -> Iterator[Mutant]:
    """Every way to break one operation; what is not `applied` itself is a base that operations share."""
    if applied:
        yield from wrong_results(cls)
        yield from wrong_gradients(cls)
        yield from not_unbroadcast(cls)
    module = sys.modules[cls.__module__]
    for name, function in vars(cls).items():
        if isinstance(function, types.FunctionType):
            yield from wrong_source(cls, name, function)
            for called_name, called in functions_called(function, module):
                yield from wrong_source(module, called_name, called)


# Judging


def caught(mutant: Mutant, module: str, names: list[str], torch: Any) -> bool:
    """Whether a check of one of these operations fails, or a test of the file that it is in."""
    with mutant.applied(), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for name in names:
            try:
                if name in OPERATIONS:
                    check_against_pytorch(torch, ALL[name], np.float64, 1e-11, 0, "C")
                check_gradient(ALL[name], 0, ["channels last"] * len(ALL[name].inputs))
            except Exception:  # whatever a broken operation raises
                return True
    if not mutant.effective:
        return False
    file = module.removeprefix(PREFIX)
    require_sound_tests(file)
    with mutant.applied():
        return not own_tests_pass(file)


def own_tests_pass(file: str) -> bool:
    """Run the tests of a file of nnlite/functional/."""
    tests = [f"tests/nnlite/{name}" for name in (f"test_functional_{file}.py", *OWN_TESTS.get(file, ()))]
    tests = [test for test in tests if Path(test.partition("::")[0]).exists()]
    # A warning is an error there too, but for one about this way to run pytest.
    options = ["-x", "-q", "-p", "no:cacheprovider", "-W", "error", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return pytest.main([*tests, *options, "-o", "filterwarnings=", "--hypothesis-seed=0"]) == 0


@functools.cache
def require_sound_tests(file: str) -> None:
    """Tests that fail for some reason of their own would seem to catch everything."""
    if not own_tests_pass(file):
        sys.exit(f"mutation proof: the tests of functional/{file}.py fail without any mutant; run them first")


def main() -> int:
    parser = argparse.ArgumentParser(description="Break every operation in every way; do the tests notice?")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="of nnlite.functional, such as Conv2d or linear (default: all)"
    )
    names = parser.parse_args().names
    try:
        import torch
    except ImportError:
        print("mutation proof skipped: wrong results are judged by PyTorch, which is not installed")
        return 0
    used = {name: classes_used(operation) for name, operation in ALL.items()}
    classes = [cls for cls in dict.fromkeys(all_classes()) if not names or cls.__name__ in names]
    verdicts: dict[tuple[str, str], bool] = {}  # (what, kind) -> caught

    def judge(mutant, module, operations):
        if (mutant.what, mutant.kind) not in verdicts:
            dead = caught(mutant, module, operations, torch)
            if dead or mutant.effective:
                verdicts[mutant.what, mutant.kind] = dead

    for cls in tqdm(classes, desc="operations", file=sys.stderr):
        operations = [name for name, parts in used.items() if any(issubclass(part, cls) for part in parts)]
        applied = not cls.__subclasses__() or any(cls in parts for parts in used.values())
        for mutant in all_mutants(cls, applied):
            judge(mutant, cls.__module__, operations)
    functions = {name: functions_used(operation) for name, operation in ALL.items()}
    wanted = [name for name in sorted(set().union(*functions.values())) if not names or name in names]
    for function in tqdm(wanted, desc="functions", file=sys.stderr):
        operations = [name for name, parts in functions.items() if function in parts]
        for mutant in wrong_functions(function):
            judge(mutant, getattr(F, function).__module__, operations)
    report(f"mutants of {len(classes)} operations", verdicts)
    return 0 if all(verdicts.values()) else 1


def report(title: str, verdicts: dict[tuple[str, str], bool]) -> None:
    """A row for each kind of mutant, and the survivors."""
    made, dead = Counter(kind for _, kind in verdicts), Counter(kind for (_, kind), d in verdicts.items() if d)
    print(f"{title:28}{'made':>8}{'caught':>8}")
    for kind in made:
        print(f"{kind:28}{made[kind]:8}{dead[kind]:8}")
    print(f"{'all':28}{made.total():8}{dead.total():8}")
    for (what, kind), caught_it in verdicts.items():
        if not caught_it:
            print(f"SURVIVED {what} ({kind})")


if __name__ == "__main__":
    sys.exit(main())
