"""Comparisons, and the functions that choose between elements: ties, NaN, indices."""

import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import nnlite
from nnlite import tensor

few = arrays(np.float64, (3, 4), elements=st.sampled_from([-1.0, 0.0, 0.5, 1.0]))


@pytest.mark.parametrize("name", ["eq", "ne", "lt", "le", "gt", "ge"])
@given(a=few, b=few)
def test_comparisons_are_numpys(name, a, b):
    compare = getattr(operator, name)
    for other in (b, b[0], 0.5):
        right = compare(a, other)
        ours = compare(tensor(a), tensor(other) if isinstance(other, np.ndarray) else other)
        assert ours.dtype == np.bool_ and np.array_equal(ours.numpy(), right)
        assert np.array_equal(getattr(nnlite, name)(tensor(a), other).numpy(), right)
    assert np.array_equal((~(tensor(a) > 0)).numpy(), ~(a > 0))


@given(a=few, dim=st.sampled_from([None, 0, 1, -1]), keepdim=st.booleans())
def test_indices_of_extremes_name_the_first(a, dim, keepdim):
    for ours, numpys in (("argmax", np.argmax), ("argmin", np.argmin)):
        index = getattr(tensor(a), ours)(dim, keepdim)
        assert index.dtype == np.int64 and np.array_equal(index.numpy(), numpys(a, axis=dim, keepdims=keepdim))
        if dim is not None:
            values, indices = getattr(tensor(a), ours.removeprefix("arg"))(dim, keepdim)
            assert np.array_equal(indices.numpy(), index.numpy())
            assert np.array_equal(values.numpy(), getattr(a, ours.removeprefix("arg"))(axis=dim, keepdims=keepdim))


TIES = {
    "maximum": lambda lib, a, b: lib.maximum(a, b),
    "minimum": lambda lib, a, b: lib.minimum(a, b),
    "max": lambda lib, a, b: a.max() + b.min(),
    "amax": lambda lib, a, b: lib.stack([a, b]).amax(0),
    "clip": lambda lib, a, b: a.clip(-1.0, 0.5) + b.clip(min=0.0),
    "where": lambda lib, a, b: lib.where(a > b, a, b),
    "abs": lambda lib, a, b: a.abs() * b,
    "norm": lambda lib, a, b: lib.norm(a, dim=1) + lib.norm(b * 0, p=3, dim=1),
    "std": lambda lib, a, b: (a * 0.0).std(1) + b.std(1),
}


@pytest.mark.parametrize("name", TIES)
def test_gradients_at_ties_and_kinks_are_pytorchs(torch, name, rng):
    a, b = (rng.choice([-1.0, 0.0, 0.5, 1.0], (3, 4)) for _ in "ab")
    results = []
    for lib in (nnlite, torch):
        x, y = (lib.tensor(v, requires_grad=True) for v in (a, b))
        z = TIES[name](lib, x, y)
        (z * lib.arange(1.0, z.numel() + 1, dtype=lib.float64).reshape(tuple(z.shape))).sum().backward()
        results.append([z.detach().numpy(), *(np.zeros_like(a) if t.grad is None else t.grad.numpy() for t in (x, y))])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_extremes_far_out(torch):
    x = np.array([[-8e307, 8e307, -np.inf], [-np.inf, -np.inf, -np.inf], [800.0, 800.0, -800.0]])
    results = []
    for lib in (nnlite, torch):
        t = lib.tensor(x, requires_grad=True)
        y = t.logsumexp(1)
        y[::2].sum().backward()
        results.append((y.detach().numpy(), t.grad.numpy()[::2]))  # PyTorch makes NaN of the row without a number
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs)
