"""The checker itself: it must pass what is right and catch what is broken on purpose, naming the input."""

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import GradcheckError, gradcheck, nn, tensor
from nnlite.functional import arithmetic, conv
from nnlite.functional.batch_norm import BatchNorm
from tests.helpers import leaf, signed


def broken(operation, **changes):
    """The operation with some of its gradients replaced: input number -> function of (self, dy, right gradient)."""

    def backward(self, dy):
        grads = operation.backward(self, dy)
        grads = list(grads) if isinstance(grads, (tuple, list)) else [grads]
        for name, change in changes.items():
            i = int(name.removeprefix("input"))
            grads[i] = change(self, dy, grads[i])
        return grads

    return type("Broken" + operation.__name__, (operation,), {"backward": backward})


def image(rng):
    return leaf(rng.standard_normal((2, 3, 4, 4)))


def conv_inputs(rng):
    return [image(rng), leaf(rng.standard_normal((2, 3, 3, 3))), leaf(rng.standard_normal(2))]


def apply_conv(operation):
    geometry = conv.Geometry(kernel=(3, 3), stride=(1, 1), dilation=(1, 1), padding=(1, 1), end=(1, 1))
    return lambda x, w, b: operation.apply(x, w, b, geometry=geometry, groups=1)


def apply_norm(operation):
    options = {"training": True, "momentum": 0.0, "eps": 1e-2}
    return lambda x, w, b: operation.apply(x, w, b, None, None, **options)


def norm_inputs(rng):
    return [image(rng), leaf(signed(rng, 3)), leaf(signed(rng, 3))]


def two(rng):
    return [leaf(signed(rng, (3, 4))), leaf(signed(rng, (3, 4)))]


MUTANTS = {
    "wrong sign": (broken(arithmetic.Sub, input1=lambda s, dy, g: -g), two, 1),
    "zero": (broken(arithmetic.Mul, input0=lambda s, dy, g: 0 * g), two, 0),
    "half of it": (broken(arithmetic.Exp, input0=lambda s, dy, g: 0.5 * g), lambda rng: two(rng)[:1], 0),
    "a constant factor off by 1e-4": (broken(arithmetic.Div, input1=lambda s, dy, g: g * 1.0001), two, 1),
    "dropped factor": (broken(arithmetic.Div, input1=lambda s, dy, g: -dy / (s.b * s.b)), two, 1),
    "one element": (broken(arithmetic.Mul, input1=lambda s, dy, g: g + np.eye(3, 4)), two, 1),
    "right for the sum only": (broken(arithmetic.Mul, input0=lambda s, dy, g: g.mean() + 0 * g), two, 0),
    "bias summed over one axis too few": (
        broken(conv.Conv2d, input2=lambda s, dy, g: dy[:, :, 0].sum((0, 2))), conv_inputs, 2,
    ),
    "kernel flipped": (broken(conv.Conv2d, input1=lambda s, dy, g: g[:, :, ::-1, ::-1]), conv_inputs, 1),
    "kernel transposed": (broken(conv.Conv2d, input1=lambda s, dy, g: g.swapaxes(2, 3)), conv_inputs, 1),
    "image transposed": (broken(conv.Conv2d, input0=lambda s, dy, g: g.swapaxes(2, 3)), conv_inputs, 0),
    "image shifted by a pixel": (broken(conv.Conv2d, input0=lambda s, dy, g: np.roll(g, 1, 3)), conv_inputs, 0),
    "batch norm's input gradient zero": (broken(BatchNorm, input0=lambda s, dy, g: 0 * g), norm_inputs, 0),
    "batch norm as if the mean stood still": (
        broken(BatchNorm, input0=lambda s, dy, g: dy * (s.inv_std * s.weight)[:, None, None]), norm_inputs, 0,
    ),
    "batch norm's weight as if not normalised": (
        broken(BatchNorm, input1=lambda s, dy, g: (dy * s.x).sum((0, 2, 3))), norm_inputs, 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
@pytest.mark.parametrize("seed", range(3))
def test_a_broken_operation_is_caught_and_its_input_named(name, seed, rng):
    operation, inputs, wrong = MUTANTS[name]
    original = operation.__mro__[1]
    apply = {conv.Conv2d: apply_conv, BatchNorm: apply_norm}.get(original, lambda o: o.apply)
    tensors = inputs(rng)
    assert gradcheck(apply(original), tensors, seed=seed)
    says = rf"gradient of input {wrong} is wrong.*worst at .* of input {wrong}: numeric"
    with pytest.raises(GradcheckError, match=says):
        gradcheck(apply(operation), tensors, seed=seed)


def test_a_missing_unbroadcast(rng):
    class Add(arithmetic.Add):
        def backward(self, dy):
            return dy, dy[0]  # the first row instead of the sum over rows

    inputs = [leaf(signed(rng, (3, 4))), leaf(signed(rng, 4))]
    with pytest.raises(GradcheckError, match="input 1"):
        gradcheck(Add.apply, inputs)
    inputs = [leaf(signed(rng, (3, 4))), leaf(signed(rng, (1, 4)))]

    class Forgetful(arithmetic.Add):
        def backward(self, dy):
            return dy, dy

    with pytest.raises(nnlite.ShapeError, match="unbroadcast"):
        gradcheck(Forgetful.apply, inputs)


def test_a_gradient_that_never_arrives(rng):
    with pytest.raises(GradcheckError, match="input 1"):
        gradcheck(lambda a, b: a * b.detach(), two(rng))


def test_the_message_has_all_that_is_needed(rng):
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    wrong = broken(arithmetic.Mul, input0=lambda s, dy, g: g + np.array([[0, 0], [7.0, 0]]))
    with pytest.raises(GradcheckError) as caught:
        gradcheck(lambda x: wrong.apply(x, 2.0), [x], eps=1e-3, seed=11)
    message = str(caught.value)
    assert "eps 0.001, seed 11" in message and "worst at (1, 0) of input 0" in message
    numeric, analytic = (float(message.split(word)[-1].split(",")[0]) for word in (" numeric ", " analytic "))
    assert analytic - numeric == pytest.approx(7.0, abs=1e-6)


def test_it_refuses_float32_and_inputs_without_gradient(rng):
    with pytest.raises(TypeError, match=r"input 1 is float32.*float64"):
        gradcheck(F.add, [leaf(1.0), leaf(1.0, np.float32)])
    with pytest.raises(ValueError, match="requires a gradient"):
        gradcheck(F.exp, [tensor(np.ones(2))])


@pytest.mark.parametrize("distance", [0.0, 1e-6, -2e-5, 4e-5])
@pytest.mark.parametrize("function", [F.abs, F.relu, lambda x: F.leaky_relu(x, 0.2)], ids=["abs", "relu", "leaky_relu"])
def test_it_refuses_inputs_at_a_kink(function, distance):
    x = np.linspace(1.0, 2.0, 20)
    x[7] = distance
    with pytest.raises(ValueError, match="kink"):
        gradcheck(function, [leaf(x)])
    x[7] = 0.01
    gradcheck(function, [leaf(x)])


def test_it_accepts_steep_but_smooth_functions():
    gradcheck(lambda x: 1.0 / x, [leaf([0.05, -0.1])])
    gradcheck(lambda x: (x * 8.0).exp(), [leaf([-1.0, 1.0])])
    gradcheck(lambda x: (x * x - x * x) + 5.0, [leaf([1.0, 2.0])])  # no slope at all
    gradcheck(lambda x: x.sum(), [leaf(3.0)])  # 0-d


def test_inputs_without_requires_grad_stand_still():
    seen = []

    def function(x, w):
        seen.append(w.numpy().tolist())
        return x * w

    gradcheck(function, [leaf([1.0, 2.0]), tensor(np.array([3.0, 4.0]))])
    assert all(w == [3.0, 4.0] for w in seen)


def test_random_state_and_inputs_are_put_back():
    x = leaf(np.ones((4, 5)))
    nnlite.manual_seed(4)
    expected = F.dropout(x).detach().numpy()
    nnlite.manual_seed(4)
    gradcheck(F.dropout, [x])
    assert np.array_equal(F.dropout(x).detach().numpy(), expected)
    assert x.grad is None and np.all(x.detach().numpy() == 1.0)
    nnlite.manual_seed(4)
    with pytest.raises(GradcheckError):
        gradcheck(lambda x: F.dropout(x).detach() * x, [x])
    assert np.array_equal(F.dropout(x).detach().numpy(), expected), "random state must be put back after a failure too"


class Drifting(nn.Module):
    """A layer whose buffer is replaced at each call, not written into."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", nnlite.zeros(1).double())

    def forward(self, x):
        self.calls = self.calls + 1.0
        return x * self.calls


@pytest.mark.parametrize(
    "make", [lambda: nn.BatchNorm1d(3), lambda: nn.Sequential(nn.BatchNorm1d(3, momentum=None), nn.Tanh()), Drifting]
)
def test_buffers_are_the_same_in_each_call_and_put_back(make, rng):
    layer = make().double()
    before = {name: t.numpy().copy() for name, t in layer.state_dict().items()}
    seen = []

    class Watched(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            seen.append([t.numpy().tolist() for t in layer.buffers()])
            return layer(x)

    gradcheck(Watched(), [leaf(rng.standard_normal((4, 3)))])
    assert len(seen) > 1 and all(s == seen[0] for s in seen)
    for name, t in layer.state_dict().items():
        assert np.array_equal(t.numpy(), before[name]), name
    with pytest.raises(ValueError, match="kink"):
        gradcheck(nn.Sequential(layer, nn.ReLU()), leaf(np.zeros((4, 3))))
    for name, t in layer.state_dict().items():
        assert np.array_equal(t.numpy(), before[name]), f"{name} must be put back after a failure too"


def test_one_tensor_is_one_input():
    shapes = []
    gradcheck(lambda x: shapes.append(x.shape) or x.exp(), leaf(np.ones((3, 2))))
    assert set(shapes) == {(3, 2)}
    wrong = broken(arithmetic.Exp, input0=lambda s, dy, g: 2.0 * g)
    with pytest.raises(GradcheckError, match="gradient of input 0"):
        gradcheck(wrong.apply, leaf(np.ones((3, 2))))


@pytest.mark.parametrize("name", ["eps", "tolerance"])
@pytest.mark.parametrize("value", [0.0, -1e-4, float("nan")])
def test_it_refuses_steps_and_tolerances_that_are_not_above_0(name, value):
    with pytest.raises(ValueError, match=f"gradcheck: {name} must be above 0, got {value}"):
        gradcheck(F.exp, [leaf([1.0])], **{name: value})


@pytest.mark.parametrize(("function", "given"), [(lambda x: (x, x), "tuple"), (lambda x: None, "NoneType")])
def test_it_refuses_a_function_that_returns_no_tensor(function, given):
    with pytest.raises(TypeError, match=f"gradcheck: fn must return a Tensor, got {given}"):
        gradcheck(function, [leaf([1.0])])


def test_inputs_on_the_gpu(gpu, rng):
    inputs = [nnlite.Tensor(t.gpu().array, requires_grad=True) for t in conv_inputs(rng)]
    assert gradcheck(apply_conv(conv.Conv2d), inputs)
    assert gradcheck(lambda x: x.sum(), inputs[0])
    assert gradcheck(lambda x: x.cpu().exp(), inputs[2])
    wrong = broken(conv.Conv2d, input1=lambda s, dy, g: g[:, :, ::-1, ::-1])
    with pytest.raises(GradcheckError, match=r"gradient of input 1 is wrong.*worst at .* of input 1"):
        gradcheck(apply_conv(wrong), inputs)


@pytest.mark.parametrize("scale", [1e3, 1e6])
def test_a_kink_in_a_small_element_is_seen_among_large_ones(scale):
    weights = tensor(np.array([scale] * 20 + [1.0]))
    x = np.linspace(1.0, 2.0, 21)
    gradcheck(lambda x: x.relu() * weights, [leaf(x)])
    x[-1] = 1e-5
    with pytest.raises(ValueError, match=r"disagree by .* at \(20,\) of the output .*kink"):
        gradcheck(lambda x: x.relu() * weights, [leaf(x)])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_slope_that_happens_to_be_near_0_is_no_kink(scale, seed):
    """1,000 sums of four smooth terms: some of their slopes cancel, and their curvature does not."""
    rng = np.random.default_rng(seed)
    matrix = tensor(scale * rng.standard_normal((4, 1000)))
    gradcheck(lambda x: (x * 3.0).exp() @ matrix, [leaf(rng.standard_normal((1, 4)))], seed=seed)


def test_the_terms_of_a_slope_may_cancel_in_the_only_output():
    """Along the direction that is drawn from this seed the slope is 0, and the third derivative is not."""
    rng = np.random.default_rng(3)
    rng.standard_normal()  # the weight of the output
    v = rng.standard_normal(2)
    weights = tensor(np.array([v[1], -v[0]]))
    gradcheck(lambda x: ((x * 3.0).exp() * weights).sum(), [leaf(np.ones(2))], seed=3)


def test_a_derivative_of_almost_nothing_is_not_taken_for_a_wrong_one():
    """Softmax far out: its derivative is smaller than the digits that a difference of two outputs has."""
    for seed in range(20):
        x = leaf([-20.0 + 0.1 * seed, 1.0, -18.0])
        nnlite.gradcheck(lambda x: F.softmax(x, 0), [x], seed=seed)
