"""The fast CPU backend against the plain one, which says what every primitive means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
from nnlite import backend as backends
from nnlite.backend.cpu import Cpu
from nnlite.backend.plain import Plain
from nnlite.backend.tricks import TRICKS, without
from tests.helpers import ORDERS, assert_close, backward, in_order, leaf, make_blocks_tiny, orders, seeds
from tests.operations import OPERATIONS, RANDOM
from tests.primitives import convolutions

plain, cpu = Plain(np), Cpu()

ALL = {**OPERATIONS, **RANDOM}
TOLERANCE = {np.float64: 1e-12, np.float32: 2e-5}  # Winograd's sums with four taps lose a digit

dtypes = st.sampled_from(list(TOLERANCE))
switched_off = st.one_of(st.just([]), st.lists(st.sampled_from(list(TRICKS)), max_size=3, unique=True))
# One array axis is the channels'; other ranks only go through formulas without vectors.
images = st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 6), st.integers(1, 6))
matrices = st.tuples(st.integers(1, 20), st.integers(1, 6))


class in_tiny_blocks:
    """Inside, arrays of any size go in blocks to three threads, and these tricks are not used."""

    def __init__(self, off=()):
        self.patch, self.off = pytest.MonkeyPatch(), without(*off)

    def __enter__(self):
        make_blocks_tiny(self.patch)
        self.off.__enter__()

    def __exit__(self, *error):
        self.off.__exit__(*error)
        self.patch.undo()


def same(fast, reference, tolerance, terms=0.0):
    assert fast.dtype == reference.dtype
    assert_close(fast, reference, tolerance, terms)


# Primitives


@given(data=st.data(), dtype=dtypes, off=switched_off, biased=st.booleans())
def test_convolutions(data, dtype, off, biased):
    x, w, y, geometry, groups = data.draw(convolutions(dtype))
    to_y, to_x = (np.arange(n).astype(dtype) if biased else None for n in (len(w), x.shape[1]))
    sizes, tolerance = [np.abs(a) for a in (x, w, y)], TOLERANCE[dtype]

    def results(backend, x, w, y, *biases):
        return (
            backend.correlate(x, w, geometry, groups, biases[0]),
            backend.spread(y, w, geometry, groups, x.shape[2:], biases[1]),
            backend.correlate_weight(x, y, geometry, groups),
        )

    with in_tiny_blocks(off):
        fast = results(cpu, x, w, y, to_y, to_x)
    reference, terms = results(plain, x, w, y, to_y, to_x), results(plain, *sizes, to_y, to_x)
    for ours, theirs, largest in zip(fast, reference, terms, strict=True):
        same(ours, theirs, tolerance, largest.max(initial=0.0))


@given(sizes=st.tuples(*[st.integers(1, 20)] * 3), order=st.tuples(orders, orders), dtype=dtypes, seed=seeds)
def test_matmul(sizes, order, dtype, seed):
    (m, k, n), rng = sizes, np.random.default_rng(seed)
    a, b = (in_order(rng.standard_normal(s).astype(dtype), o) for s, o in zip([(m, k), (k, n)], order, strict=True))
    with in_tiny_blocks():
        same(cpu.matmul(a, b), plain.matmul(a, b), TOLERANCE[dtype], np.sqrt(k))


FORMULAS = {  # of two arrays, two vectors and a number: as in batch norm, and as in an activation
    "normalise": lambda a, b, mean, scale, number: (a - mean) * scale + number,
    "difference": lambda a, b, mean, scale, number: (b - (a - mean) * scale - number) * scale,
    "product": lambda a, b, mean, scale, number: b * (a - mean),
    "multiple": lambda a, b, mean, scale, number: b * scale * number,
    "slope": lambda a, b, mean, scale, number: np.maximum(a, 0.0) * b,
}


@st.composite
def formulas(draw):
    """(formula, arrays, constants), the vectors float64 as often as not, and of numbers far from zero or near."""
    shape, dtype = draw(st.one_of(images, matrices)), draw(dtypes)
    rng, offset = np.random.default_rng(draw(seeds)), draw(st.sampled_from([0.0, 1000.0]))
    a, b = (offset + rng.standard_normal(shape), rng.standard_normal(shape))
    channels = draw(st.sampled_from([1, shape[1]]))
    vectors = offset + rng.standard_normal(channels), rng.uniform(0.5, 2.0, channels)
    constants = *(v.astype(draw(st.sampled_from([dtype, np.float64]))) for v in vectors), 0.5
    arrays = [in_order(v.astype(dtype), draw(orders)) for v in (a, b)]
    return FORMULAS[draw(st.sampled_from(list(FORMULAS)))], arrays, constants


@given(case=formulas(), off=switched_off)
def test_formulas_and_their_sums(case, off):
    formula, arrays, constants = case
    tolerance = TOLERANCE[arrays[0].dtype.type]
    with in_tiny_blocks(off):
        y = cpu.elementwise(formula, *arrays, constants=constants)
        sums = cpu.column_sums(formula, *arrays, constants=constants)
    with without(*off):
        at_once = cpu.elementwise(formula, *arrays, constants=constants)
    reference = plain.elementwise(formula, *arrays, constants=constants)
    same(y, reference, tolerance)
    same(at_once, reference, tolerance)
    exact = reference.astype(np.float64)
    same(sums, plain.column_sums(lambda y: y, exact), tolerance, plain.column_sums(np.abs, exact).max())


@given(shape=st.one_of(images, matrices), order=orders, dtype=dtypes, offset=st.sampled_from([0.0, 1e4]), seed=seeds)
def test_moments(shape, order, dtype, offset, seed):
    values = np.random.default_rng(seed).standard_normal(shape)
    x = in_order((offset + values).astype(dtype), order)
    with in_tiny_blocks():
        mean, var = cpu.moments(x)
    expected_mean, expected_var = plain.moments(x)
    assert mean.dtype == var.dtype == np.float64
    np.testing.assert_allclose(mean, expected_mean, rtol=0, atol=1e-6)  # even of 10,000 in float32
    np.testing.assert_allclose(var, expected_var, rtol=1e-5, atol=1e-9)


@given(
    shape=st.one_of(images, matrices, st.just((7,)), st.just(()), st.just((2, 3, 4))), data=st.data(), off=switched_off
)
def test_updates(shape, data, off):
    rng, dtype = np.random.default_rng(data.draw(seeds)), data.draw(dtypes)
    arrays = [rng.standard_normal(shape).astype(dtype) for _ in range(3)]

    def momentum(p, g, v, lr, beta):
        v *= beta
        v += g
        p -= lr * v

    results = []
    for backend in cpu, plain:
        p, g, v = (in_order(a.copy(), data.draw(orders)) for a in arrays)
        with in_tiny_blocks(off):
            backend.update_all(lambda b=backend, own=(p, g, v): b.update(momentum, *own, constants=(0.1, 0.9)))
        assert np.array_equal(g, arrays[1]) and not np.array_equal(p, arrays[0])
        results.append((p, v))
    for ours, theirs in zip(*results, strict=True):
        same(ours, theirs, TOLERANCE[dtype])


@given(case=convolutions(), fill=st.sampled_from([0.0, -np.inf, 2.5]))
def test_windows_and_memory_order(case, fill):
    x, *_, geometry, _ = case
    last = [b.channels_last(x) for b in (cpu, plain)]
    assert np.array_equal(*last) and np.array_equal(cpu.arrange(x), x)
    assert np.array_equal(*(b.channels_first(base) for b, base in zip((cpu, plain), last, strict=True)))
    assert np.array_equal(*(b.windows(last[1], geometry, fill) for b in (cpu, plain)))
    assert np.array_equal(cpu.concatenate([x, 2 * x], 1), plain.concatenate([x, 2 * x], 1))


# Operations


def outcome(name, backend, dtype, order, patch):
    """The size of the gradient it began with; the result and the gradients."""
    patch.setattr(backends, "_chosen", backend)
    nnlite.manual_seed(7)
    tensors = [leaf(a, dtype, order) for a in ALL[name].arrays(7)]
    output = ALL[name].nnlite(*tensors)
    u = backward(output)
    return np.linalg.norm(u), [output.array, *(t.grad.array for t in tensors)]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", ALL)
def test_every_operation(name, dtype, monkeypatch):
    order = ORDERS[len(name) % len(ORDERS)]
    terms, reference = outcome(name, "plain", dtype, order, monkeypatch)
    with in_tiny_blocks():
        _, fast = outcome(name, "fast", dtype, order, monkeypatch)
    for ours, theirs in zip(fast, reference, strict=True):
        same(ours, theirs, TOLERANCE[dtype], terms)


@pytest.mark.parametrize("trick", TRICKS)
def test_every_operation_without(trick, monkeypatch):
    for name in ALL:
        terms, reference = outcome(name, "plain", np.float64, "channels last", monkeypatch)
        with in_tiny_blocks([trick]):
            _, fast = outcome(name, "fast", np.float64, "channels last", monkeypatch)
        for ours, theirs in zip(fast, reference, strict=True):
            same(ours, theirs, TOLERANCE[np.float64], terms)
