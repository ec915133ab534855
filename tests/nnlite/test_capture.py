"""nnlite.capture: a captured step is the same step. On the stand-in, whose streams note what CuPy is asked to do, and
with `--device gpu` on a GPU.
"""

import warnings

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import nn, optim
from nnlite.capture import EAGER_CALLS, RECORDINGS


@pytest.fixture(autouse=True)
def nothing_else_is_captured(gpu):
    if not gpu.formulas.KERNELS:
        pytest.skip("g++ is needed to run kernels on the CPU")


OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, 0.05, momentum=0.9, weight_decay=0.01, dampening=0.1),
    "Adam": lambda p: optim.Adam(p, 0.01, weight_decay=0.1),
    "AdamW": lambda p: optim.AdamW(p, 0.01),
    "amsgrad": lambda p: optim.Adam(p, 0.01, betas=(0.5, 0.6), amsgrad=True),
    "Adagrad": lambda p: optim.Adagrad(p, 0.01, lr_decay=0.1, initial_accumulator_value=0.1),
    "Adadelta": lambda p: optim.Adadelta(p, 0.1),
    "RMSprop": lambda p: optim.RMSprop(p, 0.01, momentum=0.5, centered=True),
}


class Training:
    """A little of everything, on the GPU, from one seed."""

    def __init__(self, optimizer="Adam"):
        nnlite.manual_seed(3)
        self.net = nn.Sequential(
            nn.Conv2d(2, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.LeakyReLU(0.2), nn.Dropout(0.2),
            nn.ReflectionPad2d(1), nn.ConvTranspose2d(4, 2, 4, 2, 3), nn.Tanh(),
        ).to("gpu")  # fmt: skip
        self.optimizer = OPTIMIZERS[optimizer](self.net.parameters())
        self.scheduler = optim.lr_scheduler.StepLR(self.optimizer, 1, 0.7)
        self.calls = 0

    def step(self, x):
        self.calls += 1
        self.optimizer.zero_grad()
        y = self.net(x + 0.1 * nnlite.randn(x.shape, device="gpu"))
        real = F.binary_cross_entropy_with_logits(y, nnlite.full_like(y, 0.9))
        loss = F.l1_loss(y, x) + real
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        return {"loss": loss, "parts": (real.detach(), 7)}

    def values(self):
        state = [t.cpu().numpy() for t in self.net.state_dict().values()]
        remembered = [v for values in self.optimizer.state_dict()["state"].values() for v in values.values()]
        return state + [v.cpu().numpy() if isinstance(v, nnlite.Tensor) else v for v in remembered]


def batch(seed, n=3):
    return nnlite.tensor(np.random.default_rng(seed).standard_normal((n, 2, 6, 6)).astype(np.float32), device="gpu")


def train(training, step, steps, sizes=(3,)):
    losses = []
    for i in range(steps):
        losses.append(step(batch(i, sizes[i % len(sizes)]))["loss"])
        training.scheduler.step()
    return [loss.item() for loss in losses]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_captured_equals_eager(optimizer):
    """Parameters, statistics, moments, counts of steps, and losses, with rates that change and fresh noise."""
    eager, captured = Training(optimizer), None
    losses = train(eager, eager.step, 7)
    captured = Training(optimizer)
    again = train(captured, nnlite.capture(captured.step), 7)
    assert captured.calls == EAGER_CALLS + 1 < eager.calls
    np.testing.assert_allclose(again, losses, rtol=1e-6)
    assert len(set(losses)) == 7
    for a, b in zip(eager.values(), captured.values(), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-7)


def test_shapes_take_turns():
    eager = Training()
    losses = train(eager, eager.step, 10, sizes=(3, 2))
    captured = Training()
    again = train(captured, nnlite.capture(captured.step), 10, sizes=(3, 2))
    assert captured.calls == 2 * (EAGER_CALLS + 1)
    np.testing.assert_allclose(again, losses, rtol=1e-6)
    for a, b in zip(eager.values(), captured.values(), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-7)


def test_what_is_returned_is_a_copy_outside_the_graph():
    training = Training()
    step = nnlite.capture(training.step)
    results = [step(batch(i)) for i in range(5)]
    assert len({r["loss"].item() for r in results}) == 5
    for r in results:
        assert not r["loss"].requires_grad and r["parts"][1] == 7 and isinstance(r["parts"], tuple)


def test_gradients_that_are_not_cleared_go_on_adding_up():
    def run(wrap):
        p = nnlite.ones(3, device="gpu", requires_grad=True)

        def step(x):
            (p * x).sum().backward()

        step = wrap(step)
        for i in range(6):
            step(nnlite.full((3,), float(i), device="gpu"))
        return p.grad.tolist()

    assert run(nnlite.capture) == run(lambda step: step) == [15.0] * 3


def test_plain_arguments_choose_the_recording():
    seen = []

    def step(x, factor, name=None):
        seen.append(factor)
        return x * factor

    step = nnlite.capture(step)
    x = nnlite.ones(2, device="gpu")
    for _ in range(4):
        assert step(x, 2.0).tolist() == [2.0, 2.0]
        assert step(x, 3.0).tolist() == [3.0, 3.0]
    assert seen == [2.0, 3.0] * 3
    for bad in (lambda: step(x, []), lambda: step(np.ones(2), 1.0), lambda: step(x.clone().requires_grad_(), 1.0)):
        with pytest.raises(TypeError, match="arguments are Tensors on the GPU that require no gradient, or plain"):
            bad()


def test_a_step_that_asks_the_gpu_goes_on_eagerly_after_one_warning():
    """And nothing has been done twice: the attempt left no traces."""

    def run(wrap):
        training = Training()

        def step(x):
            training.optimizer.zero_grad()
            loss = F.mse_loss(training.net(x), x)
            loss.backward()
            training.optimizer.step()
            return {"loss": loss * float(loss)}

        return train(training, wrap(step), 6), training.values()

    losses, values = run(lambda step: step)
    with pytest.warns(UserWarning, match="step runs step by step, as without capture: RuntimeError") as caught:
        again, values_again = run(nnlite.capture)
    assert len(caught) == 1
    assert losses == again
    for a, b in zip(values, values_again, strict=True):
        assert np.array_equal(a, b)


def test_too_many_shapes_are_given_up():
    step = nnlite.capture(lambda x: x.sum())
    with pytest.warns(UserWarning, match=f"have changed {RECORDINGS} times") as caught:
        for n in range(1, RECORDINGS + 4):
            assert step(nnlite.ones(n, device="gpu")).item() == n
    assert len(caught) == 1


def test_an_optimiser_that_is_not_the_captured_one_any_more_is_noticed():
    training = Training()
    step = nnlite.capture(training.step)
    for i in range(4):
        step(batch(i))
    training.optimizer.load_state_dict(training.optimizer.state_dict())
    with pytest.raises(RuntimeError, match=r"was load_state_dict called.*nnlite\.capture\(step\)"):
        step(batch(4))


def test_a_loaded_network_goes_on():
    """Weights are loaded in place, so what is captured reads them."""
    training = Training()
    step = nnlite.capture(training.step)
    for i in range(4):
        step(batch(i))
    state = {name: nnlite.zeros_like(t) for name, t in training.net.state_dict().items()}
    training.net.load_state_dict(state)
    for group in training.optimizer.param_groups:
        group["lr"] = 0.0
    step(batch(4))
    assert all((p.detach().cpu().numpy() == 0.0).all() for p in training.net.parameters())


def test_an_error_of_the_step_is_the_readers(gpu):
    def step(x):
        raise KeyError("missing")

    step = nnlite.capture(step)
    for _ in range(4):
        with pytest.raises(KeyError, match="missing"):
            step(nnlite.ones(1, device="gpu"))
    assert gpu.updates.capture.recording is None


def test_the_plain_backend_takes_eager_steps_after_one_warning():
    nnlite.backends.use("plain")  # the fixture `gpu` brings back what was chosen before
    eager = Training()
    losses = train(eager, eager.step, 5)
    plain = Training()
    with pytest.warns(UserWarning, match=r'step by step.*plain backend.*nnlite\.backends\.use\("fast"\)') as caught:
        again = train(plain, nnlite.capture(plain.step), 5)
    assert len(caught) == 1 and plain.calls == 5 and again == losses


def test_on_the_cpu_it_is_the_step_itself_with_one_warning(monkeypatch):
    import sys

    def step(x):
        return x

    x = nnlite.ones(2)
    on_cpu = nnlite.capture(step)
    with pytest.warns(UserWarning, match="its arguments lie on the CPU") as caught:
        assert on_cpu(x) is x and on_cpu(x) is x
    assert len(caught) == 1
    monkeypatch.setitem(sys.modules, "cupy", None)
    without = nnlite.capture(step)
    with pytest.warns(UserWarning, match="there is no GPU"):
        assert without(x) is x
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert without(x) is x


def test_operations_that_copy_from_the_cpu_cannot_be_captured(gpu):
    """Each gives its warning, and its result all the same."""
    x = nnlite.tensor(np.arange(16.0).reshape(1, 1, 4, 4), device="gpu")
    for operation in (
        lambda x: F.interpolate(x, (3, 3)),
        lambda x: x[:, :, [0, 2]],
        lambda x: x + nnlite.randint(1, 2, x.shape, device="gpu"),
        lambda x: F.binary_cross_entropy(F.sigmoid(x), F.sigmoid(x)),
        lambda x: nnlite.matmul(x, x),
    ):
        step = nnlite.capture(operation)
        with pytest.warns(UserWarning, match="as without capture"):
            results = [step(x).cpu().numpy() for _ in range(4)]
        assert all(np.array_equal(r, results[0]) for r in results)
