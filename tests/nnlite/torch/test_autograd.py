"""torch.autograd and the switches of recording, as PyTorch has them."""

import threading
import warnings

import numpy as np
import pytest

import nnlite
import nnlite.torch as ours
from nnlite.errors import GradcheckError, GraphError, NonFiniteError
from tests.nnlite.torch.helpers import assert_same

# Recording, and not


def recorded(t):
    return (t.ones(1, requires_grad=True) * 2).requires_grad


def used_twice(t):
    mode, seen = t.no_grad(), []
    for _ in range(2):
        with mode:
            seen.append(recorded(t))
        seen.append(recorded(t))
    return seen


def decorators(t):
    @t.no_grad()
    def off(depth):
        return [recorded(t), *(off(depth - 1) if depth else []), recorded(t)]

    @t.no_grad
    def bare():
        return recorded(t)

    @t.enable_grad()
    def on():
        return recorded(t)

    @t.set_grad_enabled(False)
    def chosen():
        return recorded(t)

    @t.inference_mode()
    def inferred():
        return recorded(t)

    seen = [off(2), bare(), on(), chosen(), inferred(), off.__name__, recorded(t)]
    with t.no_grad():
        return [*seen, on(), off(0), recorded(t)]


def generators(t):
    @t.no_grad()
    def numbers():
        sent = yield recorded(t)
        yield sent, recorded(t)
        return 5

    generator = numbers()
    return [next(generator), recorded(t), generator.send("sent"), recorded(t), list(generator), list(numbers())]


def set_at_once(t):
    seen = [recorded(t)]
    t.set_grad_enabled(False)
    seen.append(recorded(t))
    t.set_grad_enabled(True)
    with t.set_grad_enabled(False):
        seen.append(recorded(t))
    seen.append(recorded(t))
    mode = t.set_grad_enabled(False)
    with t.enable_grad():
        seen.append(recorded(t))
        with mode:
            seen.append(recorded(t))
    seen.append(recorded(t))
    t.set_grad_enabled(mode=True)
    return [*seen, t.is_grad_enabled()]


def inference(t):
    with t.inference_mode():
        seen = [recorded(t)]
    with t.inference_mode(mode=True):
        seen.append(recorded(t))
    return [*seen, recorded(t)]


def raising(t):
    try:
        with t.no_grad():
            raise ValueError
    except ValueError:
        return recorded(t)


@pytest.mark.parametrize("program", [used_twice, decorators, generators, set_at_once, inference, raising])
def test_recording_is_switched_as_in_pytorch(torch, program):
    assert_same(program, torch)


def test_one_object_inside_itself():
    """In PyTorch nothing is recorded from here on."""
    mode = nnlite.no_grad()
    with mode:
        with mode:
            assert not recorded(nnlite)
        assert not recorded(nnlite)
    assert recorded(nnlite)


def test_a_decorated_function_holds_for_its_thread_only():
    inside, leave, seen = threading.Event(), threading.Event(), []

    @nnlite.no_grad()
    def wait():
        inside.set()
        leave.wait(10)
        return recorded(nnlite)

    thread = threading.Thread(target=lambda: seen.extend([wait(), recorded(nnlite)]))
    thread.start()
    inside.wait(10)
    with nnlite.no_grad():
        inside_both = nnlite.no_grad()(lambda: leave.set() or thread.join())
        inside_both()
        seen.append(recorded(nnlite))
    seen.append(recorded(nnlite))
    assert seen == [False, True, False, True]


# Variable


@pytest.mark.parametrize(
    "made",
    [
        lambda t: t.autograd.Variable(t.ones(2)),
        lambda t: t.autograd.Variable(t.ones(2), requires_grad=True).requires_grad,
        lambda t: t.autograd.Variable(t.ones(2, requires_grad=True)).requires_grad,
        lambda t: t.autograd.Variable(t.ones(2, requires_grad=True) * 2).grad_fn,
        lambda t: t.autograd.Variable(t.ones(2), volatile=True),
        lambda t: t.autograd.Variable(data=t.ones(2)).data,
        lambda t: isinstance(t.ones(2), t.autograd.Variable),
        lambda t: isinstance(1, t.autograd.Variable),
        lambda t: t.autograd.Variable([1.0]),
        lambda t: t.autograd.Variable(t.tensor([1]), requires_grad=True),
    ],
)
def test_variable(torch, made):
    assert_same(made, torch)


def test_a_variable_shares_the_memory_of_its_tensor():
    x = nnlite.ones(2)
    ours.autograd.Variable(x).fill_(2)
    assert x.tolist() == [2, 2]


# Gradients


def gradients_of_two(t):
    x = t.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    t.autograd.backward([y.sum(), (y * 3)], [None, t.ones(2)])
    return x.grad


def test_backward_of_several(torch):
    assert_same(gradients_of_two, torch)


@pytest.mark.parametrize(
    "asked",
    [
        lambda t, x, y: t.autograd.grad(y.sum(), x),
        lambda t, x, y: t.autograd.grad(outputs=y, inputs=[x], grad_outputs=t.ones(2), only_inputs=True),
        lambda t, x, y: t.autograd.grad(y.sum(), (x, y), retain_graph=True),
        lambda t, x, y: t.autograd.grad(y.sum(), [x, t.ones(1, requires_grad=True)], allow_unused=True),
        lambda t, x, y: t.autograd.grad(y.sum(), t.ones(1, requires_grad=True)),
        lambda t, x, y: t.autograd.grad(y, x),
    ],
)
def test_grad(torch, asked):

    def program(t):
        x = t.tensor([1.0, 2.0], requires_grad=True)
        return [asked(t, x, x * x), x.grad]

    assert_same(program, torch)


def scaled(t, new_style=False):
    """y = scale x^2 as a Function of the library."""

    class Scaled(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, scale, name="unused"):
            ctx.save_for_backward(x)
            ctx.scale = scale
            return scale * x * x

        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            assert ctx.needs_input_grad == (True, False, False)[: len(ctx.needs_input_grad)]
            return (2 * ctx.scale * x * dy, None, None)[: len(ctx.needs_input_grad)]

    class WithContextApart(Scaled):
        @staticmethod
        def forward(x, scale):
            return scale * x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, ctx.scale = inputs
            ctx.save_for_backward(x)

    return WithContextApart if new_style else Scaled


class TestFunction:
    @pytest.mark.parametrize("new_style", [False, True])
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_values_and_gradients(self, torch, dtype, new_style):
        def program(t):
            x = t.tensor([1.0, 2.0], dtype=getattr(t, dtype), requires_grad=True)
            y = scaled(t, new_style).apply(x, 3.0)
            (y * x).sum().backward()
            return [y, x.grad, scaled(t, new_style).apply(x.detach(), 3.0).requires_grad]

        assert_same(program, torch)

    def test_gradient_reversal(self, torch):
        def program(t):
            class Reverse(t.autograd.Function):
                @staticmethod
                def forward(ctx, x, alpha):
                    ctx.alpha = alpha
                    return x.view_as(x)

                @staticmethod
                def backward(ctx, dy):
                    return dy.neg() * ctx.alpha, None

            x = t.tensor([1.0, 2.0], requires_grad=True)
            Reverse.apply(x * 2, 0.5).sum().backward()
            return x.grad

        assert_same(program, torch)

    def test_a_straight_through_estimator_with_a_target(self, torch):
        def program(t):
            class Step(t.autograd.Function):
                @staticmethod
                def forward(ctx, x, mask):
                    ctx.save_for_backward(x, mask)
                    return (x > 0).float() * mask

                @staticmethod
                def backward(ctx, dy):
                    x, mask = ctx.saved_tensors
                    return dy * (x.abs() < 1).float() * mask, None

            x = t.tensor([0.5, -2.0, 0.1], requires_grad=True)
            Step.apply(x, t.tensor([1, 1, 0])).sum().backward()
            return x.grad

        assert_same(program, torch)

    def test_a_change_of_a_saved_tensor_is_noticed(self):
        x = nnlite.ones(2, requires_grad=True)
        y = x * 1.0
        z = scaled(ours).apply(y, 2.0)
        with nnlite.no_grad():
            y.fill_(3.0)
        with pytest.raises(GraphError, match="changed in place"):
            z.sum().backward()

    def test_it_passes_gradcheck(self):
        x = nnlite.tensor([1.0, 2.0], dtype="float64", requires_grad=True)
        assert ours.autograd.gradcheck(lambda x: scaled(ours).apply(x, 2.0), (x,), eps=1e-4, atol=1e-4)

    def test_what_is_not_covered_is_refused(self):
        class Two(ours.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x, x

        class Few(ours.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                return x * y

            @staticmethod
            def backward(ctx, dy):
                return dy

        class Dirty(ours.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.mark_dirty(x)

        x = nnlite.ones(2, requires_grad=True)
        with pytest.raises(TypeError, match="expected one Tensor as result, got tuple"):
            Two.apply(x)
        with pytest.raises(TypeError, match="expected 2 gradients, one for each input, got 1"):
            Few.apply(x, x).sum().backward()
        with pytest.raises(TypeError, match="mark_dirty is not covered"):
            Dirty.apply(x)
        with pytest.raises(NotImplementedError):
            ours.autograd.Function.apply(x)


def test_gradcheck_answers_no_if_asked():
    def wrong(x):
        return x * x.detach()

    x = nnlite.tensor([1.0, 2.0], dtype="float64", requires_grad=True)
    assert ours.autograd.gradcheck(wrong, x, raise_exception=False) is False
    with pytest.raises(GradcheckError):
        ours.autograd.gradcheck(wrong, [x])


def a_nan(t):
    x = t.tensor([0.0], requires_grad=True)
    return (x * 0).sqrt() * 0  # forward is 0, backward 0 * infinity


class TestAnomaly:
    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_a_nan_in_backward_raises(self):
        with ours.autograd.detect_anomaly(), pytest.raises(NonFiniteError, match="made a NaN"):
            a_nan(ours).sum().backward()
        a_nan(ours).sum().backward()
        ours.autograd.set_detect_anomaly(True)
        try:
            with pytest.raises(NonFiniteError, match="made a NaN"):
                a_nan(ours).sum().backward()
        finally:
            ours.autograd.set_detect_anomaly(False)
        with ours.autograd.set_detect_anomaly(True), ours.autograd.set_detect_anomaly(False):
            a_nan(ours).sum().backward()
        a_nan(ours).sum().backward()

    def test_an_infinity_in_forward_does_not(self):
        """PyTorch only looks at gradients."""
        with ours.autograd.detect_anomaly(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            x = ours.tensor([0.0], requires_grad=True)
            (ours.log(x) + x).detach()
            assert np.isinf(ours.log(x).item())


def results_and_memory(t):
    """What own operations return: something new, which may be changed in place, or a view with PyTorch's strides."""

    class Product(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, weight):
            ctx.save_for_backward(x, weight)
            return x.mm(weight.t())

        @staticmethod
        def backward(ctx, dy):
            x, weight = ctx.saved_tensors
            return dy.mm(weight), dy.t().mm(x)

    class Left(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x[:, :2]

        @staticmethod
        def backward(ctx, dy):
            return t.cat([dy, t.zeros_like(dy)], 1)

    x = t.arange(12.0).view(3, 4).requires_grad_()
    weight = t.arange(8.0).view(2, 4).requires_grad_()
    y = Product.apply(x, weight)
    y += 1
    y[0] = 2
    left = Left.apply(x)
    (y.sum() + left.pow(2).sum()).backward()
    z = Left.apply(x.detach())
    x.data[0] = 7
    return x.grad, weight.grad, y, z, left.stride(), left.is_contiguous(), Product.apply(x.t()[:2], x[:, :3]).stride()


def test_the_memory_of_own_operations(torch):
    assert_same(results_and_memory, torch)
