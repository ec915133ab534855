"""The code for the GPU, plain and with kernels: same results as the CPU, nothing mixed up.

It runs on a stand-in for CuPy (tests/fake_cupy.py), or with `pytest --device gpu` on CuPy and a real GPU.
"""

import json

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import backend as backends
from nnlite import nn, optim
from nnlite.backend.plain import Plain
from tests.helpers import LibraryOn, assert_close, in_order, leaf
from tests.operations import MODULES, OPERATIONS


@pytest.fixture(autouse=True, params=["plain", "fast"])
def way(gpu, request):
    """Every test runs on CuPy's own functions and on the kernels."""
    nnlite.backends.use(request.param)  # the fixture `gpu` brings back what was chosen before
    return request.param


def test_the_kernels_are_to_be_asked_for(gpu):
    """Until they have run on a GPU: docs/gpu.md says what to change then."""
    nnlite.backends.use("default")
    assert type(backends.on("gpu")) is Plain and type(backends.on("cpu")) is not Plain
    nnlite.backends.use("fast")
    assert type(backends.on("gpu")) is gpu.Gpu


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 1e-5)])
def test_every_operation_gives_what_the_cpu_gives(gpu, name, dtype, tolerance):
    results = []
    for device in ("cpu", "gpu"):
        nnlite.manual_seed(1)
        leaves = [leaf(a, dtype, "channels last") for a in OPERATIONS[name].arrays(dtype=dtype)]
        tensors = [nnlite.Tensor(t.detach().to(device).array, requires_grad=True) for t in leaves]

        y = OPERATIONS[name].call(LibraryOn(device), F, *tensors)
        assert y.device == device
        u = np.random.default_rng(2).standard_normal(y.shape).astype(dtype)
        y.backward(nnlite.tensor(u, device=device))
        assert all(t.grad.device == device for t in tensors)
        results.append([t.cpu().detach().numpy() for t in (y, *(t.grad for t in tensors))])
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


def test_one_seed_gives_the_same_network_on_both_and_the_same_numbers_on_each(way):
    def draw(device):
        nnlite.manual_seed(11)
        weights = nn.Conv2d(2, 3, 3).to(device).weight.detach()
        x = nnlite.randn(50, 3, device=device)
        return [t.cpu().numpy() for t in (weights, x, nnlite.rand_like(x), F.dropout(x), F.rsample(x, x))]

    on_cpu, first, second = draw("cpu"), draw("gpu"), draw("gpu")
    assert np.array_equal(on_cpu[0], first[0])
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    from_the_cpu = [np.array_equal(a, b) for a, b in zip(on_cpu[1:], first[1:], strict=True)]
    assert from_the_cpu == [way == "plain"] * 4


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


def test_the_state_of_random_numbers_goes_through_json(way):
    """Numbers are drawn on the CPU and moved (plain), or where they are used: a row of their own, four at a place."""
    nnlite.manual_seed(2**40 + 3)
    assert nnlite.get_rng_state()["gpu"] == {"seed": 2**40 + 3, "place": 0}
    nnlite.rand(7, device="gpu")
    state = json.loads(json.dumps(nnlite.get_rng_state()))
    assert state["gpu"] == {"seed": 2**40 + 3, "place": 2 if way == "fast" else 0}
    first = nnlite.randn(9, device="gpu").cpu().numpy()
    nnlite.manual_seed(0)
    nnlite.set_rng_state(state)
    assert np.array_equal(nnlite.randn(9, device="gpu").cpu().numpy(), first)
    nnlite.set_rng_state({name: value for name, value in state.items() if name != "gpu"})  # of an older checkpoint


def test_training_goes_on_from_a_checkpoint_as_if_it_had_never_stopped(tmp_path):
    """Dropout and noise after loading are those that would have come."""
    x = nnlite.tensor(np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32), device="gpu")

    def start():
        net = nn.Sequential(nn.Linear(6, 5), nn.Dropout(0.5), nn.Linear(5, 6)).to("gpu")
        return net, optim.Adam(net.parameters(), 0.01)

    def train(net, adam):
        adam.zero_grad()
        loss = F.mse_loss(net(x + 0.1 * nnlite.randn(x.shape, device="gpu")), x)
        loss.backward()
        adam.step()
        return loss.item()

    net, adam = start()
    train(net, adam)
    state = {"net": net.state_dict(), "adam": adam.state_dict(), "random": nnlite.get_rng_state()}
    nnlite.save(state, tmp_path / "state.safetensors")
    expected = [train(net, adam) for _ in range(2)]
    nnlite.manual_seed(99)
    net, adam = start()
    state = nnlite.load(tmp_path / "state.safetensors")
    net.load_state_dict(state["net"])
    adam.load_state_dict(state["adam"])
    nnlite.set_rng_state(state["random"])
    assert [train(net, adam) for _ in range(2)] == expected


@pytest.mark.parametrize("norm", ["batch_norm", "instance_norm"])
def test_statistics_of_numbers_far_from_zero_keep_their_digits(norm, rng):
    x = (1e4 + 0.05 * rng.standard_normal((2, 3, 16, 16))).astype(np.float32)
    y = getattr(F, norm)(nnlite.tensor(x, device="gpu"), None, None, **({"training": True} if norm[0] == "b" else {}))
    axes, wide = (0, 2, 3) if norm == "batch_norm" else (2, 3), x.astype(float)
    expected = (wide - wide.mean(axes, keepdims=True)) / np.sqrt(wide.var(axes, keepdims=True) + 1e-5)
    assert_close(y.cpu().numpy(), expected, 1e-5)


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
