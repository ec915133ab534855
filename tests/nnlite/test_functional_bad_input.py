"""Whatever shapes, ranks, dtypes and settings come in: a result, or an error of a known kind that names the shapes."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import nnlite
import nnlite.functional as F
from nnlite import DeviceError, GraphError, ShapeError

KNOWN = (ShapeError, DeviceError, GraphError, TypeError, IndexError, ValueError)

sizes = array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=3)
dtypes = st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_])
tensors = st.builds(lambda shape, dtype: nnlite.Tensor(np.ones(shape, dtype)), sizes, dtypes)
maybe = st.one_of(st.none(), tensors)
whole = st.integers(-2, 4)
pair = st.one_of(whole, st.tuples(whole, whole), st.just((1, 1, 1)), st.just(0.5), st.none())
axes = st.one_of(st.none(), whole, st.lists(whole, max_size=3).map(tuple), st.just(0.5))
probability = st.sampled_from([0.0, 0.5, 1.0, -1.0, 2.0])
reductions = st.sampled_from(["mean", "sum", "none", "average", None])

ARGUMENTS = {
    "add": (tensors, tensors),
    "sub": (tensors, tensors),
    "mul": (tensors, tensors),
    "div": (tensors, tensors),
    "neg": (tensors,),
    "pow": (tensors, st.sampled_from([0, 2, -1, 0.5, "2", None])),
    "exp": (tensors,),
    "log": (tensors,),
    "sqrt": (tensors,),
    "abs": (tensors,),
    "sum": (tensors, axes, st.booleans()),
    "mean": (tensors, axes, st.booleans()),
    "reshape": (tensors, axes),
    "flatten": (tensors, whole, whole),
    "permute": (tensors, axes),
    "transpose": (tensors, whole, whole),
    "clone": (tensors,),
    "cast": (tensors, st.sampled_from([np.float32, "float64", "float17", np.int64])),
    "getitem": (tensors, st.one_of(whole, st.tuples(whole, whole), st.just(slice(1, None)), tensors, st.just("a"))),
    "cat": (st.lists(tensors, max_size=3), whole),
    "interpolate": (tensors,),
    "relu": (tensors,),
    "leaky_relu": (tensors, st.sampled_from([0.2, 0, -1.0])),
    "tanh": (tensors,),
    "sigmoid": (tensors,),
    "conv2d": (tensors, tensors, maybe, pair, pair),
    "conv_transpose2d": (tensors, tensors, maybe, pair, pair, pair),
    "batch_norm": (tensors, maybe, maybe, maybe, maybe, st.booleans()),
    "instance_norm": (tensors,),
    "dropout": (tensors, probability),
    "l1_loss": (tensors, tensors, reductions),
    "mse_loss": (tensors, tensors, reductions),
    "binary_cross_entropy": (tensors, tensors, reductions),
    "binary_cross_entropy_with_logits": (tensors, tensors, reductions),
}
KEYWORDS = {
    "interpolate": {
        "scale_factor": st.one_of(whole, st.just(1.5), st.none()),
        "mode": st.sampled_from(["nearest", "x"]),
    },
    "instance_norm": {"weight": maybe, "bias": maybe},
}


def shapes_in(arguments):
    for a in arguments:
        if isinstance(a, list):
            yield from shapes_in(a)
        elif isinstance(a, nnlite.Tensor):
            yield str(a.shape)


def public_functions():
    return {n for n, f in vars(F).items() if inspect.isfunction(f) and not n.startswith("_")}


def test_every_function_is_here():
    assert set(ARGUMENTS) == public_functions()


@pytest.mark.parametrize("name", ARGUMENTS)
@given(data=st.data())
def test_only_known_errors_escape_and_they_name_the_shapes(name, data):
    arguments = [data.draw(a) for a in ARGUMENTS[name]]
    keywords = {k: data.draw(v) for k, v in KEYWORDS.get(name, {}).items()}
    for a in arguments:  # half of the time with a graph behind it
        if isinstance(a, nnlite.Tensor) and a.dtype.kind == "f" and data.draw(st.booleans()):
            a.requires_grad_()
    try:
        y = getattr(F, name)(*arguments, **keywords)
        if y.requires_grad:
            y.backward(np.ones(y.shape))
            for a in arguments:
                if isinstance(a, nnlite.Tensor) and a.grad is not None:
                    assert a.grad.shape == a.shape and a.grad.dtype == a.dtype
    except KNOWN as error:
        assert str(error)
        given = list(shapes_in([*arguments, *keywords.values()]))
        if isinstance(error, ShapeError) and given:
            assert any(shape in str(error) for shape in given), f"{error} names none of {given}"


@pytest.mark.parametrize("name", [n for n in ARGUMENTS if n not in ("cat", "permute", "transpose", "flatten")])
@pytest.mark.parametrize("thing", ["text", [1.0, 2.0], 3.0, {"a": 1}], ids=str)
def test_things_that_are_no_tensors(name, thing):
    required = [p for p in inspect.signature(getattr(F, name)).parameters.values() if p.default is p.empty]
    with pytest.raises((TypeError, ValueError)):
        getattr(F, name)(*[thing for p in required if p.kind is p.POSITIONAL_OR_KEYWORD])
