"""The norms against a loop over the sets of values they normalise, their identities, and running statistics."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from nnlite import nn
from nnlite.backend.cpu import blocks
from tests.helpers import assert_close, backward, in_order, leaf, orders, seeds

sizes = st.tuples(st.integers(1, 4), st.sampled_from([2, 4, 6]), st.integers(1, 4), st.integers(2, 4))

# norm -> what it computes for images x, and the places of the values that it normalises together
NORMS = {
    "batch": (
        lambda x, w, b, eps: F.batch_norm(x, None, None, w, b, training=True, eps=eps),
        lambda n, c: [(slice(None), j) for j in range(c)],
    ),
    "instance": (
        lambda x, w, b, eps: F.instance_norm(x, None, None, w, b, eps=eps),
        lambda n, c: [(i, j) for i in range(n) for j in range(c)],
    ),
    "group": (
        lambda x, w, b, eps: F.group_norm(x, x.shape[1] // 2, w, b, eps),
        lambda n, c: [(i, slice(j, j + 2)) for i in range(n) for j in range(0, c, 2)],
    ),
    "layer": (
        lambda x, w, b, eps: F.layer_norm(x, x.shape[1:], w, b, eps),
        lambda n, c: [(i,) for i in range(n)],
    ),
}
every_norm = pytest.mark.parametrize("name", NORMS)


def loop_norm(x, places, eps):
    """Set by set, with Python's exact sums."""
    y = np.empty_like(x)
    for place in places:
        values = [float(v) for v in x[place].flat]
        mean = math.fsum(values) / len(values)
        var = math.fsum((v - mean) ** 2 for v in values) / len(values)
        y[place] = (x[place] - mean) / math.sqrt(var + eps)
    return y


@every_norm
@given(size=sizes, eps=st.sampled_from([1e-5, 1e-2, 1.0]), layout=st.tuples(orders, orders), seed=seeds)
def test_values_and_gradients(name, size, eps, layout, seed):
    norm, places = NORMS[name]
    rng = np.random.default_rng(seed)
    x = leaf(3.0 + rng.standard_normal(size), order=layout[0])
    affine = size[1:] if name == "layer" else size[1:2]
    weight, bias = (leaf(rng.standard_normal(affine), order=layout[1]) for _ in range(2))

    plain = loop_norm(x.detach().numpy(), places(*size[:2]), eps)
    np.testing.assert_allclose(norm(x, None, None, eps).detach().numpy(), plain, rtol=1e-9, atol=1e-9)
    w, b = (t.detach().numpy() if name == "layer" else t.detach().numpy()[:, None, None] for t in (weight, bias))
    np.testing.assert_allclose(norm(x, weight, bias, eps).detach().numpy(), plain * w + b, rtol=1e-9, atol=1e-9)
    if eps > 1e-3:  # two values and a tiny eps make a step function, which no difference can follow
        nnlite.gradcheck(lambda *t: norm(*t, eps), [x, weight, bias], seed=seed)
        nnlite.gradcheck(lambda x: norm(x, None, None, eps), [x], seed=seed)


@every_norm
def test_what_comes_out_has_mean_0_and_variance_1(name, rng):
    norm, places = NORMS[name]
    y = norm(leaf(5.0 + 3.0 * rng.standard_normal((3, 4, 6, 5))), None, None, 1e-12).detach().numpy()
    for place in places(3, 4):
        assert abs(y[place].mean()) < 1e-12 and y[place].var() == pytest.approx(1.0, abs=1e-9)


@every_norm
@given(a=st.floats(0.1, 10.0), b=st.floats(-100.0, 100.0), seed=seeds)
def test_scale_and_shift_of_the_input_do_not_matter(name, a, b, seed):
    """norm(a x + b) with eps a^2 is norm(x) with eps; so no gradient goes along 1, nor along x when eps is tiny."""
    norm, places = NORMS[name]
    x = np.random.default_rng(seed).standard_normal((2, 4, 3, 3))
    x, moved = leaf(x), leaf(a * x + b)
    y, z = norm(x, None, None, 1e-5), norm(moved, None, None, 1e-5 * a * a)
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), rtol=1e-8, atol=1e-8)
    backward(y)
    backward(z)
    np.testing.assert_allclose(x.grad.numpy(), a * moved.grad.numpy(), rtol=1e-8, atol=1e-8)
    for place in places(2, 4):
        assert abs(x.grad.numpy()[place].sum()) < 1e-10
        assert abs((x.grad.numpy()[place] * x.detach().numpy()[place]).sum()) < 1e-3


@every_norm
@pytest.mark.parametrize(("spread", "tolerance"), [(1.0, 1e-5), (0.01, 1e-3)])
def test_float32_keeps_its_digits_far_from_zero(torch, rng, name, spread, tolerance):
    """Values around 10,000, which float32 knows to 0.0005, against PyTorch in float64 of the same values."""
    x = (1e4 + spread * rng.standard_normal((2, 4, 32, 32))).astype(np.float32)
    theirs = {
        "batch": lambda t: torch.nn.functional.batch_norm(t, None, None, training=True),
        "instance": torch.nn.functional.instance_norm,
        "group": lambda t: torch.nn.functional.group_norm(t, 2),
        "layer": lambda t: torch.nn.functional.layer_norm(t, t.shape[1:]),
    }
    a, b = leaf(x, np.float32, "channels last"), torch.tensor(x.astype(np.float64), requires_grad=True)
    y, z = NORMS[name][0](a, None, None, 1e-5), theirs[name](b)
    u = (x - x.mean() + spread * rng.standard_normal(x.shape)).astype(np.float32)  # along x, as far as that goes
    y.backward(nnlite.Tensor(u))
    z.backward(torch.tensor(u.astype(np.float64)))
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), atol=tolerance)
    assert_close(a.grad, b.grad, tolerance)


def test_the_norms_meet_where_their_sets_are_the_same(rng):
    x = leaf(rng.standard_normal((3, 4, 5, 6)))
    close = dict(rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(F.group_norm(x, 4).detach().numpy(), F.instance_norm(x).detach().numpy(), **close)
    np.testing.assert_allclose(
        F.group_norm(x, 1).detach().numpy(), F.layer_norm(x, (4, 5, 6)).detach().numpy(), **close
    )
    one = leaf(x.detach().numpy()[:1])
    np.testing.assert_allclose(
        F.batch_norm(one, None, None, None, None, True).detach().numpy(), F.instance_norm(one).detach().numpy()
    )
    sequence, image = leaf(x.detach().numpy()[..., 0]), leaf(x.detach().numpy()[..., :1])
    for norm in (F.instance_norm, lambda x: F.group_norm(x, 2), lambda x: F.batch_norm(x, None, None, training=True)):
        assert np.array_equal(norm(sequence).detach().numpy(), norm(image).detach().numpy()[..., 0])


@given(shape=st.sampled_from([(4, 3), (2, 3, 4), (2, 3, 2, 5)]), layout=orders, seed=seeds)
def test_fixed_statistics(shape, layout, seed):
    rng = np.random.default_rng(seed)
    x, weight, bias = leaf(rng.standard_normal(shape), order=layout), leaf(rng.standard_normal(3)), leaf(np.ones(3))
    mean, var = rng.standard_normal(3), rng.uniform(0.5, 2, 3)
    before = mean.copy(), var.copy()
    running = nnlite.Tensor(mean), nnlite.Tensor(var)

    def norm(x, weight, bias):
        return F.batch_norm(x, *running, weight, bias, eps=0.1)

    for c in range(3):
        expected = (x.detach().numpy()[:, c] - mean[c]) / math.sqrt(var[c] + 0.1) * weight.detach().numpy()[c] + 1.0
        np.testing.assert_allclose(norm(x, weight, bias).detach().numpy()[:, c], expected, rtol=1e-12, atol=1e-12)
    nnlite.gradcheck(norm, [x, weight, bias], seed=seed)
    if len(shape) > 2:
        instance = F.instance_norm(x, *running, weight, bias, use_input_stats=False, eps=0.1)
        assert np.array_equal(instance.detach().numpy(), norm(x, weight, bias).detach().numpy())
    assert np.array_equal(mean, before[0]) and np.array_equal(var, before[1])


# Running statistics

TRACKING = {
    "BatchNorm1d": (4, 5),
    "BatchNorm1d sequence": (3, 5, 6),
    "BatchNorm2d": (4, 5, 6, 7),
    "InstanceNorm1d": (3, 5, 6),
    "InstanceNorm2d": (4, 5, 6, 7),
}


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 1e-5)])
@pytest.mark.parametrize("momentum", [0.1, 0.7, None])
@pytest.mark.parametrize("name", TRACKING)
def test_training_then_evaluation_equals_pytorch(torch, rng, name, dtype, tolerance, momentum):
    """Outputs, gradients and running statistics over three batches, then eval() with gradients."""
    kind, shape = name.split()[0], TRACKING[name]
    ours, theirs = (getattr(lib, kind)(5, 1e-3, momentum, True, True) for lib in (nn, torch.nn))
    ours, theirs = (layer.double() if dtype == np.float64 else layer for layer in (ours, theirs))
    start = {n: rng.standard_normal(5).astype(dtype) for n in ("weight", "bias")}
    ours.load_state_dict(start, strict=False)
    theirs.load_state_dict({n: torch.tensor(a) for n, a in start.items()}, strict=False)
    for training in (True, True, True, False):
        ours.train(training)
        theirs.train(training)
        x = (2.0 + 3.0 * rng.standard_normal(shape)).astype(dtype)
        a, b = leaf(x, dtype, "channels last"), torch.tensor(x, requires_grad=True)
        y, z = ours(a), theirs(b)
        u = backward(y)
        z.backward(torch.tensor(u))
        for p, q in ((y, z), *((getattr(lib, n) for lib in (ours, theirs)) for n in ("running_mean", "running_var"))):
            assert p.dtype == dtype
            assert_close(p, q, tolerance)
        for p, q in zip((a, *ours.parameters()), (b, *theirs.parameters()), strict=True):
            assert p.grad.dtype == dtype
            assert_close(p.grad, q.grad, tolerance, terms=np.linalg.norm(u))
    assert int(ours.num_batches_tracked) == int(theirs.num_batches_tracked)


def test_no_momentum_averages_all_batches(rng):
    layer = nn.BatchNorm1d(3, momentum=None).double()
    batches = rng.standard_normal((5, 4, 3))
    for batch in batches:
        layer(nnlite.Tensor(batch))
    np.testing.assert_allclose(layer.running_mean.numpy(), batches.mean((0, 1)), rtol=1e-12)
    np.testing.assert_allclose(layer.running_var.numpy(), batches.var(1, ddof=1).mean(0), rtol=1e-12)


def test_a_backward_sees_the_statistics_of_its_own_forward(rng):
    """As in a GAN: the discriminator's running statistics move between the generator's forward and backward."""
    layer = nn.BatchNorm2d(3).double()
    x = rng.standard_normal((2, 3, 4, 4))
    gradients = []
    for other in (False, True):
        a = leaf(x)
        y = layer.eval()(a)
        if other:
            layer.train()(leaf(5.0 + 7.0 * x))
        backward(y)
        gradients.append(a.grad.numpy())
    assert np.array_equal(*gradients)


def test_a_large_batch_in_float32_equals_pytorch_and_repeats_bit_for_bit(torch, rng):
    x = (1.0 + 2.0 * rng.standard_normal((4, 32, 100, 90))).astype(np.float32)
    assert x.size > blocks.ELEMENTWISE_THREADED
    weight, bias = rng.standard_normal((2, 32)).astype(np.float32)

    def run():
        a = [leaf(v, np.float32, "channels last") for v in (x, weight, bias)]
        y = F.batch_norm(a[0], None, None, a[1], a[2], training=True)
        return backward(y), [y.detach().numpy(), *(t.grad.numpy() for t in a)]

    (u, results), (_, again) = run(), run()
    assert all(np.array_equal(a, b) for a, b in zip(results, again, strict=True))
    b = [torch.tensor(v.astype(np.float64), requires_grad=True) for v in (x, weight, bias)]
    z = torch.nn.functional.batch_norm(b[0], None, None, b[1], b[2], training=True)
    z.backward(torch.tensor(u.astype(np.float64)))
    for p, q in zip(results, (z, *(t.grad for t in b)), strict=True):
        assert_close(p, q, 1e-4)


def test_in_eval_an_image_does_not_see_its_neighbours(rng):
    layer = nn.BatchNorm2d(3)
    x = rng.standard_normal((4, 3, 5, 5)).astype(np.float32)
    layer(nnlite.Tensor(x))
    layer.eval()
    alone = layer(nnlite.Tensor(x[:1])).detach().numpy()
    assert np.array_equal(layer(nnlite.Tensor(x)).detach().numpy()[:1], alone)


def test_images_stay_channels_last(fast, rng):
    x = nnlite.Tensor(in_order(rng.standard_normal((2, 4, 5, 6)), "channels last"))
    for name in ("batch", "instance", "group"):
        assert NORMS[name][0](x, None, None, 1e-5).numpy().transpose(0, 2, 3, 1).flags.c_contiguous


# Slips


@pytest.mark.parametrize("kind", [nn.BatchNorm1d, nn.BatchNorm2d, nn.InstanceNorm1d, nn.InstanceNorm2d])
def test_an_eps_that_was_meant_as_momentum_is_warned_of(kind):
    with pytest.warns(UserWarning, match=rf"{kind.__name__}.*did you mean momentum=0\.8") as caught:
        kind(4, 0.8)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kind(4, 0.1, 0.8)


def test_new_layers_have_the_default_dtype():
    nnlite.set_default_dtype(nnlite.float64)
    try:
        layers = nn.BatchNorm2d(3), nn.LayerNorm(3), nn.GroupNorm(1, 3)
    finally:
        nnlite.set_default_dtype(nnlite.float32)
    state = [t for layer in layers for name, t in layer.state_dict().items() if name != "num_batches_tracked"]
    assert len(state) == 8 and all(t.dtype == np.float64 for t in state)


@pytest.mark.parametrize(
    ("shape", "arguments", "says"),
    [
        ((3,), {}, r"\(3,\)"),
        ((2, 3, 4, 4), {"weight": np.ones(4)}, r"weight has shape \(4,\), expected \(3,\)"),
        ((2, 3, 4, 4), {"running_mean": np.ones((1, 3)), "running_var": np.ones(3)}, r"running_mean .*\(1, 3\)"),
        ((1, 3, 1, 1), {}, "1 value per channel"),
        ((1, 3), {}, "1 value per channel"),
        ((0, 3, 4, 4), {}, r"\(0, 3, 4, 4\)"),
        ((2, 0, 4, 4), {}, r"\(2, 0, 4, 4\)"),
    ],
)
def test_batch_norm_refuses(shape, arguments, says):
    tensors = {"running_mean": None, "running_var": None}
    tensors.update({name: nnlite.Tensor(a) for name, a in arguments.items()})
    with pytest.raises(nnlite.ShapeError, match=says):
        F.batch_norm(nnlite.Tensor(np.ones(shape)), **tensors, training=True)


def full(*shape):
    return nnlite.Tensor(np.ones(shape))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: F.instance_norm(full(2, 3)), r"instance_norm: .*\(N, C, L, \.\.\.\), got \(2, 3\)"),
        (lambda: F.instance_norm(full(2, 3, 1, 1)), r"1 value per channel .*\(2, 3, 1, 1\)"),
        (lambda: F.layer_norm(full(2, 3), 4), r"\(2, 3\) does not end in normalized_shape \(4,\)"),
        (lambda: F.layer_norm(full(2, 3), ()), r"does not end in normalized_shape \(\)"),
        (lambda: F.layer_norm(full(3), (2, 3)), r"\(3,\) does not end in normalized_shape \(2, 3\)"),
        (lambda: F.layer_norm(full(), 3), r"expected an input of shape \(\.\.\., D\), got \(\)"),
        (lambda: F.batch_norm(full(3), None, None), r"expected an input of shape \(N, C, \.\.\.\), got \(3,\)"),
        (lambda: F.instance_norm(full(3, 2)), r"expected an input of shape \(N, C, L, \.\.\.\), got \(3, 2\)"),
        (lambda: F.layer_norm(full(2, 3), (3,), full(2)), r"weight has shape \(2,\), expected \(3,\)"),
        (lambda: F.group_norm(full(2, 6, 4), 4), r"6 channels do not make 4 groups \(input \(2, 6, 4\)\)"),
        (lambda: F.group_norm(full(2, 6), 0), "do not make 0 groups"),
        (lambda: F.group_norm(full(2, 6), 2, full(2)), r"weight has shape \(2,\), expected \(6,\)"),
        (lambda: nn.BatchNorm1d(3)(full(2, 3, 4, 4)), r"\(N, C\) or \(N, C, L\) with C = 3, got \(2, 3, 4, 4\)"),
        (lambda: nn.BatchNorm2d(3)(full(2, 3, 4)), r"BatchNorm2d: expected \(N, C, H, W\)"),
        (lambda: nn.BatchNorm2d(3)(full(2, 4, 4, 4)), r"with C = 3, got \(2, 4, 4, 4\)"),
        (lambda: nn.InstanceNorm1d(3)(full(2, 3, 4, 4)), r"InstanceNorm1d: expected \(N, C, L\)"),
        (lambda: nn.InstanceNorm2d(3, affine=True)(full(2, 5, 4, 4)), r"InstanceNorm2d: .*C = 3, got \(2, 5, 4, 4\)"),
        (lambda: nn.LayerNorm((3, 4)).double()(full(2, 3, 5)), r"layer_norm: .*\(2, 3, 5\) does not end"),
        (lambda: nn.GroupNorm(2, 4)(full(2, 6)), r"GroupNorm: expected \(N, C, \.\.\.\) with C = 4, got \(2, 6\)"),
    ],
)
def test_shapes_are_refused(call, says):
    with pytest.raises(nnlite.ShapeError, match=says):
        call()


def test_what_else_is_refused():
    with pytest.raises(ValueError, match="needs running_mean and running_var"):
        F.batch_norm(full(2, 3), None, None)
    with pytest.raises(ValueError, match="needs running_mean and running_var"):
        F.instance_norm(full(2, 3, 4), use_input_stats=False)
    for one in ((full(3), None), (None, full(3))):
        with pytest.raises(ValueError, match="give running_mean and running_var, or neither"):
            F.batch_norm(full(2, 3), *one, training=True)
    with pytest.raises(ValueError, match="layer_norm: eps must be a number above 0, got -1"):
        F.layer_norm(full(2, 3), 3, eps=-1)
    with pytest.raises(ValueError, match="6 channels do not make 4 groups"):
        nn.GroupNorm(4, 6)
    with pytest.raises(TypeError, match=r"input holds floating-point numbers, not int64; use \.float\(\)"):
        F.batch_norm(nnlite.tensor([[1, 2], [3, 4]]), None, None, training=True)
    with pytest.raises(TypeError, match="input is float64, running_mean int64"):
        F.batch_norm(full(2, 2), nnlite.tensor([0, 0]), full(2), training=True)
    with pytest.raises(TypeError, match="group_norm: expected a Tensor, got ndarray"):
        F.group_norm(np.ones((2, 4)), 2)


@pytest.mark.parametrize("names", ["weight", "bias", "weight bias", "running_mean running_var"])
@pytest.mark.parametrize("dtypes", [(np.float32, np.float64), (np.float64, np.float32)])
@pytest.mark.parametrize("norm", ["batch_norm", "instance_norm", "group_norm", "layer_norm"])
def test_parameters_of_another_dtype_are_refused_as_in_pytorch(torch, norm, dtypes, names):
    if "running" in names and norm != "batch_norm":
        pytest.skip("no such argument, or PyTorch takes it")
    first = {"batch_norm": (None, None), "group_norm": (2,), "layer_norm": ((4,),)}.get(norm, ())
    first = () if "running" in names else first
    for lib, G, error in ((nnlite, F, TypeError), (torch, torch.nn.functional, RuntimeError)):
        x = lib.tensor(np.ones((2, 4, 4), dtypes[0]))
        options = {name: lib.tensor(np.ones(4, dtypes[1])) for name in names.split()}
        with pytest.raises(error, match=r"mixed dtype|input is float"):
            getattr(G, norm)(x, *first, **options, **({"training": True} if norm == "batch_norm" else {}))


def test_running_statistics_of_another_dtype_are_refused():
    with pytest.raises(TypeError, match="instance_norm: input is float64, running_mean float32"):
        F.instance_norm(full(2, 3, 4), full(3).float(), full(3).float())
