"""The code for the GPU, on a stand-in for CuPy (tests/fake_cupy.py): same results as the CPU, nothing mixed up."""

import sys

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import backend as backends
from nnlite import nn, optim
from nnlite.backend import cpu
from tests import fake_cupy
from tests.helpers import DROPOUT, OPERATIONS, in_order, leaf

ALL = {**OPERATIONS, **DROPOUT}


@pytest.fixture
def gpu(monkeypatch):
    """nnlite.backend.gpu on the stand-in, as if it had just been imported."""
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy.module())
    for name in [name for name in sys.modules if name == "nnlite.backend.gpu"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(backends, "gpu", raising=False)
    assert nnlite.gpu_available()
    yield backends._gpu()
    sys.modules.pop("nnlite.backend.gpu", None)
    vars(backends).pop("gpu", None)


@pytest.mark.parametrize("name", ALL)
def test_every_operation_gives_what_the_cpu_gives(gpu, name):
    results = []
    for device in ("cpu", "gpu"):
        nnlite.manual_seed(1)
        leaves = [leaf(a, order="channels last") for a in ALL[name].arrays()]
        tensors = [nnlite.Tensor(t.to(device).data, requires_grad=True) for t in leaves]

        class lib:  # constants that an operation makes for itself lie where its inputs do
            tensor = staticmethod(lambda data, dtype, device=device: nnlite.tensor(data, dtype, device=device))
            cat = staticmethod(nnlite.cat)

        y = ALL[name].call(lib, F, *tensors)
        assert y.device == device
        u = np.random.default_rng(2).standard_normal(y.shape)
        y.backward(nnlite.tensor(u, device=device))
        assert all(t.grad.device == device for t in tensors)
        results.append([t.cpu().numpy() for t in (y, *(t.grad for t in tensors))])
    for a, b in zip(*results, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("chunk", [1, 500, 2**26])
def test_the_primitives_give_what_the_cpu_gives(gpu, rng, chunk, monkeypatch):
    monkeypatch.setattr(gpu, "WINDOWS_CHUNK", chunk)
    x, w, bias = rng.standard_normal((3, 6, 5, 2)), rng.standard_normal((3 * 3 * 2, 4)), rng.standard_normal(4)
    rows = rng.standard_normal((30, 4))

    def primitives(b, to, back):
        view = b.windows(to(x), (3, 3), (1, 2))
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
                b.elementwise(lambda a, s: a * s, to(x), constants=(to(x[0, 0, 0, 0] + np.arange(6.0)),)),
                b.column_sums(lambda a, c: a * a + c, to(rows), constants=(1.0,)),
                p,
            )
        ]

    on_cpu = primitives(cpu, lambda a: a, lambda a: a)
    on_gpu = primitives(gpu, gpu.asarray, gpu.to_numpy)
    for a, b in zip(on_cpu, on_gpu, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-12)


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
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


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
