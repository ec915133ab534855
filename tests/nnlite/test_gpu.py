"""The code for the GPU: same results as the CPU, nothing mixed up.

It runs on a stand-in for CuPy (tests/fake_cupy.py), or with `pytest --device gpu` on CuPy and a real GPU.
"""

import json
import warnings

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import nn, optim
from nnlite.backend.cpu import Cpu
from tests import fake_cupy
from tests.helpers import assert_close, in_order, leaf, window_geometry
from tests.operations import MODULES, OPERATIONS


class _Library:
    """nnlite, but constants that an operation makes for itself lie where its inputs do."""

    def __init__(self, device):
        self.device = device

    def __getattr__(self, name):
        return getattr(nnlite, name)

    def tensor(self, data, dtype=None):
        return nnlite.tensor(data, dtype, device=self.device)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 1e-5)])
def test_every_operation_gives_what_the_cpu_gives(gpu, name, dtype, tolerance):
    results = []
    for device in ("cpu", "gpu"):
        nnlite.manual_seed(1)
        leaves = [leaf(a, dtype, "channels last") for a in OPERATIONS[name].arrays(dtype=dtype)]
        tensors = [nnlite.Tensor(t.detach().to(device).array, requires_grad=True) for t in leaves]

        y = OPERATIONS[name].call(_Library(device), F, *tensors)
        assert y.device == device
        u = np.random.default_rng(2).standard_normal(y.shape).astype(dtype)
        y.backward(nnlite.tensor(u, device=device))
        assert all(t.grad.device == device for t in tensors)
        results.append([t.cpu().numpy() for t in (y, *(t.grad for t in tensors))])
    for i, (a, b) in enumerate(zip(*results, strict=True)):
        assert a.dtype == b.dtype == dtype
        assert_close(b, a, tolerance, terms=np.linalg.norm(u) if i else 0.0)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_gives_what_the_cpu_gives(gpu, name):
    make, *shapes = MODULES[name]
    results = []
    for device in ("cpu", "gpu"):
        nnlite.manual_seed(1)
        module = make(nn).to(device)
        state = list(module.state_dict().values())
        assert all(t.device == device for t in state)
        rng = np.random.default_rng(0)
        inputs = [nnlite.tensor(rng.random(shape, np.float32), device=device) for shape in shapes]
        y = module(*inputs)
        assert y.device == device
        outputs, gradients = [y, module.eval()(*inputs), *state], []
        if y.requires_grad:
            (y * y).sum().backward()
            gradients = [p.grad for p in module.parameters()]
        results.append([[t.detach().cpu().numpy() for t in tensors] for tensors in (outputs, gradients)])
    (outputs, gradients), (outputs_there, gradients_there) = results
    assert [a.dtype for a in outputs + gradients] == [b.dtype for b in outputs_there + gradients_there]
    for a, b in zip(outputs, outputs_there, strict=True):
        assert_close(b, a, 1e-5)
    for a, b in zip(gradients, gradients_there, strict=True):
        assert_close(b, a, 1e-5, terms=np.linalg.norm(2.0 * outputs[0]))


@pytest.mark.parametrize("chunk", [1, 500, 2**26])
@pytest.mark.parametrize("plain", [False, True])
def test_the_primitives_give_what_the_cpu_gives(gpu, rng, chunk, plain, monkeypatch):
    monkeypatch.setattr(gpu, "WINDOWS_CHUNK", chunk)
    if plain:
        monkeypatch.setattr(gpu.formulas, "KERNELS", False)
        monkeypatch.setattr(gpu.cublas, "_library", lambda: None)
    x, w, bias = rng.standard_normal((3, 6, 5, 2)), rng.standard_normal((3 * 3 * 2, 4)), rng.standard_normal(4)
    rows = rng.standard_normal((30, 4))

    def primitives(b, to, back):
        view = b.windows(to(x), window_geometry((3, 3), (1, 2)))
        product = b.rows_matmul(view, to(w), to(bias))
        out = to(np.zeros((3, 4, 4, 4)))
        b.rows_matmul(view, to(w), out=out[:, :, ::2])
        p, g = to(in_order(x, "C").copy()), to(x)

        def step(p, g, lr):
            p -= lr * g

        b.update(step, p, g, constants=(0.5,))
        return [
            back(a)
            for a in (
                product,
                out,
                b.rows_outer(view, product),
                b.matmul(to(rows), to(rows.T.copy())),
                b.elementwise(lambda a, s: a * s, to(x), constants=(to(x[0, 0, 0, 0] + np.arange(6.0)),)),
                b.column_sums(lambda a, c: a * a + c, to(rows), constants=(1.0,)),
                p,
            )
        ]

    on_cpu = primitives(Cpu(), lambda a: a, lambda a: a)
    on_gpu = primitives(gpu.Gpu(), gpu.asarray, gpu.to_numpy)
    for a, b in zip(on_cpu, on_gpu, strict=True):
        assert_close(b, a, 1e-13)


@pytest.mark.parametrize("order", ["C", "Fortran", "channels last", "every second"])
def test_arrays_travel_with_their_values_and_memory_order(gpu, rng, order):
    x = in_order(rng.standard_normal((2, 3, 4, 5)), order)
    there = gpu.asarray(x)
    assert there.shape == x.shape
    if order != "every second":
        assert there.strides == x.strides
    assert np.array_equal(gpu.to_numpy(there), x)
    t = nnlite.tensor(x, device="cuda")
    assert t.device == "gpu" and t.gpu() is t and np.array_equal(t.cpu().numpy(), x)
    assert "device='gpu'" in repr(t) and t.sum().item() == pytest.approx(x.sum())


def test_mixed_devices_are_refused_with_both_named(gpu):
    a, b = nnlite.tensor(np.ones((2, 3))), nnlite.tensor(np.ones((3,)), device="gpu")
    with pytest.raises(nnlite.DeviceError, match=r"\(2, 3\) on cpu, \(3,\) on gpu; move them together"):
        a + b
    with pytest.raises(nnlite.DeviceError, match=r"use \.cpu\(\)\.numpy\(\)"):
        b.numpy()
    for mix in (
        lambda: F.linear(a, nnlite.ones(4, 3, dtype=nnlite.float64, device="gpu")),
        lambda: F.conv2d(nnlite.ones(1, 1, 3, 3), nnlite.ones(1, 1, 2, 2, device="gpu")),
        lambda: nnlite.cat([a, nnlite.ones(2, 3, dtype=nnlite.float64, device="gpu")]),
        lambda: F.mse_loss(nnlite.ones(3), nnlite.ones(3, device="gpu")),
        lambda: a > nnlite.ones(3, device="gpu"),
        lambda: a[nnlite.tensor([0], device="gpu")],
        lambda: nn.Linear(3, 2).to("gpu")(nnlite.ones(2, 3)),
        lambda: F.embedding(nnlite.tensor([0], device="gpu"), a),
        lambda: F.batch_norm(nnlite.ones(2, 3, device="gpu"), nnlite.zeros(3), nnlite.ones(3)),
        lambda: F.cross_entropy(nnlite.ones(2, 3, device="gpu"), nnlite.tensor([0, 1])),
        lambda: F.nll_loss(nnlite.ones(2, 3), nnlite.tensor([0, 1], device="gpu")),
        lambda: F.binary_cross_entropy_with_logits(
            nnlite.ones(2, 3), nnlite.ones(2, 3), pos_weight=nnlite.ones(3, device="gpu")
        ),
        lambda: nnlite.where(nnlite.ones(2, 3, device="gpu") > 0, a, 0.0),
    ):
        with pytest.raises(nnlite.DeviceError, match=r"different devices|another device"):
            mix()


def test_a_tensor_moves_inside_the_graph(gpu):
    x = leaf([1.0, 2.0])
    y = x.gpu() * 3.0
    y.cpu().sum().backward()
    assert y.device == "gpu" and x.grad.device == "cpu" and x.grad.tolist() == [3.0, 3.0]


def test_one_seed_gives_the_same_network_on_both_and_the_same_numbers_on_each(gpu):
    def draw(device):
        nnlite.manual_seed(11)
        weights = nn.Conv2d(2, 3, 3).to(device).weight.detach()
        x = nnlite.randn(50, 3, device=device)
        return [t.cpu().numpy() for t in (weights, x, nnlite.rand_like(x), F.dropout(x), F.rsample(x, x))]

    on_cpu, first, second = draw("cpu"), draw("gpu"), draw("gpu")
    assert np.array_equal(on_cpu[0], first[0])
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(on_cpu[1:], first[1:], strict=True))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_dropped_there_gets_no_gradient(gpu, dtype):
    for drop, shape, p in ((F.dropout, (20, 3, 6, 6), 0.3), (F.dropout2d, (40, 50, 2, 2), 0.4), (F.dropout, (7,), 1.0)):
        x = nnlite.ones(shape, dtype=dtype, device="gpu", requires_grad=True)
        y = drop(x, p)
        y.backward(2.0 * nnlite.ones_like(y))
        kept = y.detach().cpu().numpy()
        assert set(np.unique(kept)) <= {0.0, np.dtype(dtype).type(1.0) / np.dtype(dtype).type(1.0 - p or 1.0)}
        assert abs((kept == 0).mean() - p) < 0.05
        assert np.array_equal(x.grad.cpu().numpy(), 2.0 * kept)
        if drop is F.dropout2d:
            assert np.array_equal(kept.min(axis=(2, 3)), kept.max(axis=(2, 3)))


def test_a_sample_made_there_has_its_mean_its_spread_and_its_gradients(gpu):
    mu, log_var = (nnlite.full((200, 50), v, device="gpu", requires_grad=True) for v in (3.0, 2.0))
    y = F.rsample(mu, log_var)
    y.backward(nnlite.ones_like(y))
    sample = y.detach().cpu().numpy()
    assert abs(sample.mean() - 3.0) < 0.1 and abs(sample.std() - np.e) < 0.1
    assert (mu.grad.cpu().numpy() == 1.0).all()
    np.testing.assert_allclose(log_var.grad.cpu().numpy(), (sample - 3.0) / 2.0, rtol=1e-4, atol=1e-6)


def test_the_state_of_random_numbers_there_goes_through_json(gpu):
    nnlite.manual_seed(2**40 + 3)
    assert nnlite.get_rng_state()["gpu"] == {"seed": 2**40 + 3, "place": 0}
    nnlite.rand(7, device="gpu")
    state = json.loads(json.dumps(nnlite.get_rng_state()))
    assert state["gpu"] == {"seed": 2**40 + 3, "place": 2}
    first = nnlite.randn(9, device="gpu").cpu().numpy()
    nnlite.manual_seed(0)
    nnlite.set_rng_state(state)
    assert np.array_equal(nnlite.randn(9, device="gpu").cpu().numpy(), first)
    nnlite.set_rng_state({name: value for name, value in state.items() if name != "gpu"})  # of an older checkpoint


@pytest.mark.parametrize("switch", ["cudnn", "matmul"])
def test_tf32_is_what_pytorch_makes_it(gpu, switch, rng, monkeypatch, request):
    """On for convolutions, off for other products, and each has its switch; 11 bits of the factors are left by it."""
    at = nnlite.backends.cudnn if switch == "cudnn" else nnlite.backends.cuda.matmul
    assert at.allow_tf32 is (switch == "cudnn")
    with pytest.raises(AttributeError):
        at.alow_tf32 = True
    a, b = (rng.standard_normal((256, 256)).astype(np.float32) for _ in "ab")
    x, y = nnlite.tensor(a, device="gpu"), nnlite.tensor(b, device="gpu")
    image, weight = x.T.reshape(1, 256, 16, 16), y.T.reshape(256, 256, 1, 1)
    errors = []
    for allowed in (False, True):
        monkeypatch.setattr(at, "allow_tf32", allowed)
        product = F.conv2d(image, weight).reshape(256, 256).T if switch == "cudnn" else x @ y
        exact = a.astype(float) @ b
        errors.append(np.linalg.norm(product.cpu().numpy() - exact) / np.linalg.norm(exact))
        if request.config.getoption("--device") == "cpu":
            assert gpu.cublas._library().compute_types[-1] == (77 if allowed else 68)
    assert errors[0] < 1e-6
    if request.config.getoption("--device") == "gpu":
        assert 1e-5 < errors[1] < 1e-2


@pytest.mark.gpu
@pytest.mark.skipif(not nnlite.gpu_available(), reason="CuPy with a GPU is needed")
def test_a_real_gpu_has_all_that_the_fast_ways_need():
    """cuBLAS is found and kernels compile, or products would be CuPy's and nothing could be captured."""
    from nnlite.backend.gpu import cublas

    assert cublas._library() is not None

    def train(wrap):
        nnlite.manual_seed(5)
        net = nn.Sequential(
            nn.Conv2d(3, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.LeakyReLU(0.2), nn.Dropout(0.5),
            nn.ConvTranspose2d(8, 3, 4, 2, 1),
        ).to("gpu")  # fmt: skip
        adam = optim.Adam(net.parameters(), 1e-3)

        def step(x):
            adam.zero_grad()
            loss = F.mse_loss(net(x).tanh(), x)
            loss.backward()
            adam.step()
            return loss

        step, batches = wrap(step), np.random.default_rng(0).standard_normal((6, 4, 3, 32, 32)).astype(np.float32)
        losses = [step(nnlite.tensor(x, device="gpu")) for x in batches]
        return [loss.item() for loss in losses], [p.detach().cpu().numpy() for p in net.parameters()]

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is captured
        captured = train(nnlite.capture)
    eager = train(lambda step: step)
    np.testing.assert_allclose(captured[0], eager[0], rtol=1e-4)
    for a, b in zip(captured[1], eager[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_a_network_trains_there_as_here(gpu, tmp_path):
    """Module.to, Adam, batch norm's buffers, loading and saving: the same numbers on both devices."""
    results = []
    x = np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype(np.float32)
    for device in ("cpu", "gpu"):
        nnlite.manual_seed(7)
        net = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.ConvTranspose2d(4, 3, 4, 2, 1))
        net.to(device)
        adam = optim.Adam(net.parameters(), 0.01, weight_decay=0.1)
        batch = nnlite.tensor(x, device=device)
        for _ in range(3):
            adam.zero_grad()
            loss = F.l1_loss(net(batch).tanh(), batch)
            loss.backward()
            adam.step()
        nnlite.save({"net": net.state_dict(), "adam": adam.state_dict()}, tmp_path / "state.safetensors")
        state = nnlite.load(tmp_path / "state.safetensors")
        net.load_state_dict(state["net"])
        adam.load_state_dict(state["adam"])
        assert all(p.device == device for p in (*net.parameters(), net[1].running_mean))
        results.append([loss.item(), *(t.numpy() for t in state["net"].values())])
    for a, b in zip(*results, strict=True):
        assert_close(b, a, 1e-5)


def test_the_loader_hands_out_batches_there(gpu):
    samples = [(np.full((3, 2, 2), i, np.float32),) for i in range(4)]
    batches = [b for (b,) in nnlite.DataLoader(samples, 2, device="gpu")]
    assert [b.device for b in batches] == ["gpu", "gpu"] and batches[1].cpu().numpy()[1, 0, 0, 0] == 3.0


def test_the_stand_in_is_strict():
    cupy = fake_cupy.module()
    a = cupy.asarray(np.ones((2, 3)))
    for mix in (lambda: a + np.ones(3), lambda: np.asarray(a), lambda: cupy.exp(np.ones(3))):
        with pytest.raises(TypeError):
            mix()
    assert isinstance(a.sum(), cupy.ndarray) and (a.T * 2.0).strides == (16, 8)
