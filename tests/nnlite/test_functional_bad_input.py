"""Whatever shapes, ranks, dtypes and settings come in: a result, or an error of a known kind that names the shapes."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
import nnlite.torch
from nnlite import DeviceError, GraphError, ShapeError
from tests.operations import ARGUMENTS, ROOM_ARGUMENTS

pytestmark = [pytest.mark.filterwarnings(f"ignore:.*{what}") for what in ("they broadcast", "the result is NaN")]
FUNCTIONS = {name: getattr(F, name) for name in ARGUMENTS} | {n: getattr(nnlite.torch, n) for n in ROOM_ARGUMENTS}
KNOWN = (ShapeError, DeviceError, GraphError, TypeError, IndexError, ValueError)


def shapes_in(arguments):
    for a in arguments:
        if isinstance(a, list):
            yield from shapes_in(a)
        elif hasattr(a, "shape"):
            yield str(a.shape)


def public_functions():
    return {n for n, f in vars(F).items() if inspect.isfunction(f) and not n.startswith("_")}


def test_every_function_is_here():
    assert set(ARGUMENTS) == public_functions()


@pytest.mark.parametrize("name", FUNCTIONS)
@given(data=st.data())
def test_only_known_errors_escape_and_they_name_the_shapes(name, data):
    *positional, last = (ARGUMENTS | ROOM_ARGUMENTS)[name]
    keywords = {k: data.draw(v) for k, v in last.items()} if isinstance(last, dict) else {}
    arguments = [data.draw(a) for a in (positional if keywords else (*positional, last))]
    for a in arguments:  # half of the time with a graph behind it
        if isinstance(a, nnlite.Tensor) and a.dtype.kind == "f" and data.draw(st.booleans()):
            a.requires_grad_()
    try:
        result = FUNCTIONS[name](*arguments, **keywords)
        for y in result if isinstance(result, tuple) else [result]:
            if y.requires_grad:
                y.backward(np.ones(y.shape), retain_graph=True)
            for a in arguments:
                if isinstance(a, nnlite.Tensor) and a.grad is not None:
                    assert a.grad.shape == a.shape and a.grad.dtype == a.dtype
    except KNOWN as error:
        assert str(error)
        given = list(shapes_in([*arguments, *keywords.values()]))
        if isinstance(error, ShapeError) and given:
            assert any(shape in str(error) for shape in given), f"{error} names none of {given}"


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("thing", ["text", [1.0, 2.0], 3.0, {"a": 1}], ids=str)
def test_things_that_are_no_tensors(name, thing):
    required = [p for p in inspect.signature(FUNCTIONS[name]).parameters.values() if p.default is p.empty]
    with pytest.raises((TypeError, ValueError)):
        FUNCTIONS[name](*[thing for p in required if p.kind is p.POSITIONAL_OR_KEYWORD] or [thing])
