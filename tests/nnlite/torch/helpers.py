"""Run the same lines with PyTorch and with nnlite.torch, and compare what comes out."""

import warnings

import numpy as np

import nnlite.torch
from nnlite import Tensor


def outcome(function, library):
    """(what the function returns or the exception it raises, the categories of its warnings)."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = function(library)
        except Exception as error:
            result = error
    return result, [w.category for w in caught]


def comparable(value):
    """Plain values, with (dtype, shape, numbers) for a tensor."""
    if isinstance(value, Tensor) or (type(value).__module__.startswith("torch") and hasattr(value, "detach")):
        array = np.asarray(value.detach().cpu().numpy())
        return "tensor", str(array.dtype), array.shape, array.tolist()
    if isinstance(value, tuple):
        return tuple(comparable(v) for v in value)
    if isinstance(value, list):
        return [comparable(v) for v in value]
    if isinstance(value, dict):
        return {comparable(k): comparable(v) for k, v in value.items()}
    return value


def assert_same(function, torch, warned=True):
    """Both give equal values, or both raise; and both warn, or neither does."""
    theirs, their_warnings = outcome(function, torch)
    ours, our_warnings = outcome(function, nnlite.torch)
    if isinstance(theirs, Exception):
        assert isinstance(ours, Exception), f"PyTorch raises {theirs!r}, here it is {ours!r}"
        assert "\n" not in str(ours)
    else:
        assert not isinstance(ours, Exception), f"PyTorch gives {theirs!r}, here {ours!r}"
        assert comparable(ours) == comparable(theirs)
    if warned:
        assert bool(our_warnings) == bool(their_warnings), (our_warnings, their_warnings)
