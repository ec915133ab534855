"""nnlite.torch is what an unchanged script wants: names are there and answer as PyTorch's, or are refused."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import nnlite
import nnlite.torch
from nnlite.errors import DeviceError
from tests.nnlite.torch.helpers import assert_same


def in_a_new_process(program):
    result = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_nothing_in_nnlite_loads_it():
    in_a_new_process("""
import sys
import nnlite
from nnlite import nn, optim

model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
optimiser = optim.Adam(model.parameters())
x = nnlite.randn(4, 2).to("cpu").float()
assert x.size() == (4, 2) and x.size(0) == 4
nn.MSELoss()(model(x), nnlite.zeros(4, 3)).backward()
optimiser.step()
assert not [name for name in sys.modules if name.startswith("nnlite.torch")]
""")


def test_it_is_imported_as_pytorch_is():
    in_a_new_process("""
import nnlite.torch as torch
import nnlite.torch.nn as nn
import nnlite.torch.nn.functional as F
import nnlite.torch.nn.init as init
import nnlite.torch.optim as optim
import nnlite.torch.backends.cudnn as cudnn
import nnlite.torch.distributed as dist
import nnlite.torch.multiprocessing as mp
from nnlite.torch import nn, optim, autograd, Tensor, LongTensor
from nnlite.torch.autograd import Variable, Function, grad
from nnlite.torch.nn import Linear, Parameter
from nnlite.torch.nn import init
from nnlite.torch.nn.parameter import Parameter
from nnlite.torch.nn.utils import clip_grad_norm_
from nnlite.torch.optim import Adam, lr_scheduler
from nnlite.torch.optim.lr_scheduler import StepLR, _LRScheduler
from nnlite.torch.optim.optimizer import Optimizer
from nnlite.torch.nn.modules.loss import _Loss
from nnlite.torch.nn.modules.batchnorm import _BatchNorm
from nnlite.torch.nn.utils.parametrizations import spectral_norm
from nnlite.torch.distributions import Normal, kl_divergence
from nnlite.torch.cuda.amp import autocast, GradScaler
from nnlite.torch.nn.modules.utils import _pair
from nnlite.torch.nn import *

cudnn.benchmark = True
assert torch.backends.cudnn.benchmark and F is nn.functional and _pair(3) == (3, 3)
assert not dist.is_available() and issubclass(Conv2d, torch.nn.Module)
assert torch.__version__ >= "1.0" and int(torch.__version__.split(".")[0]) >= 1
""")


@pytest.mark.parametrize(
    "name", ["fft", "jit.script", "onnx.export", "nn.Conv7d", "nn.functional.nothing", "cuda.Stream", "bfloat16",
             "distributed.init_process_group", "optim.Nothing", "nn.init.nothing", "nn.utils.weight_norm"],
)  # fmt: skip
def test_a_missing_name_is_refused_by_name(name):
    *modules, last = name.split(".")
    module = nnlite.torch
    for part in modules:
        module = getattr(module, part)
    assert not hasattr(module, last)
    with pytest.raises(AttributeError, match=f"^nnlite has no torch.{name}.*; docs/from-pytorch.md lists"):
        getattr(module, last)


@pytest.mark.parametrize(
    "asked",
    [
        lambda t: t.device("cuda:0").type,
        lambda t: t.device("cuda:0").index,
        lambda t: t.device("cuda", 0).index,
        lambda t: t.device(type="cpu").type,
        lambda t: t.device(t.device("cpu")).type,
        lambda t: t.device("cpu") == t.device("cpu"),
        lambda t: isinstance(t.ones(2).device, t.device),
        lambda t: t.ones(2).device.type,
        lambda t: t.ones(2).device == t.device("cpu"),
        lambda t: t.device("nothing"),
        lambda t: t.is_tensor(t.ones(2)),
        lambda t: t.is_tensor(1),
        lambda t: t.numel(t.ones(2, 3)),
        lambda t: t.typename(t.ones(2)),
        lambda t: t.is_floating_point(t.ones(2)),
        lambda t: [getattr(t.finfo(t.float32), name) for name in ("eps", "max", "min", "tiny", "bits")],
        lambda t: t.finfo(t.float64).eps,
        lambda t: t.iinfo(t.int32).max,
        lambda t: t.cuda.is_available(),
        lambda t: t.cuda.device_count(),
        lambda t: t.cuda.set_device(-1),
        lambda t: t.cuda.set_device(0),
        lambda t: t.cuda.synchronize(),
        lambda t: t.cuda.current_device(),
        lambda t: t.cuda.get_device_name(0),
        lambda t: t.cuda.empty_cache(),
        lambda t: (t.cuda.memory_allocated(), t.cuda.memory_reserved()),
        lambda t: (t.cuda.manual_seed(1), t.cuda.manual_seed_all(1)),
        lambda t: t.accelerator.is_available(),
        lambda t: t.accelerator.current_accelerator(),
        lambda t: t.accelerator.device_count(),
        lambda t: t.accelerator.current_device_index(),
        lambda t: t.accelerator.synchronize(),
        lambda t: t.backends.mps.is_available(),
        lambda t: (t.backends.cudnn.enabled, t.backends.cudnn.is_available(), t.backends.cudnn.version()),
        lambda t: t.backends.cudnn.allow_tf32,
        lambda t: t.backends.cuda.matmul.allow_tf32,
        lambda t: t.amp.GradScaler("cuda", enabled=False).scale(3),
        lambda t: t.amp.GradScaler("cuda").is_enabled(),
        lambda t: t.amp.GradScaler("cuda").get_scale(),
        lambda t: t.amp.autocast("cuda").__enter__() is None,
        lambda t: t.amp.autocast("cuda", enabled=False).__enter__() is None,
        lambda t: t.manual_seed(3).initial_seed(),
        lambda t: t.manual_seed(-3).initial_seed(),
        lambda t: (t.manual_seed(7), t.initial_seed())[1],
        lambda t: t.seed() > 0,
        lambda t: t.version.cuda,
    ],
)
def test_questions(torch, asked):
    if torch.cuda.is_available():
        pytest.skip("these are the answers without a GPU")
    assert_same(asked, torch)


def test_compile_leaves_a_function_as_it_is():
    assert nnlite.torch.compile(abs) is abs and nnlite.torch.compile(dynamic=True)(abs) is abs


def test_mixed_precision_is_refused_where_it_would_change_numbers():
    with pytest.raises(NotImplementedError, match=r"torch\.amp\.autocast: .* pass enabled=False"):
        nnlite.torch.autocast("cpu")
    with nnlite.torch.autocast("cpu", enabled=False):
        pass


def test_allow_tf32_reaches_the_switch(monkeypatch):
    switch = nnlite.backends.cudnn
    monkeypatch.setattr(switch, "allow_tf32", True)
    nnlite.torch.backends.cudnn.allow_tf32 = False
    assert switch.allow_tf32 is False
    monkeypatch.setattr(nnlite.backends.cuda.matmul, "allow_tf32", False)
    nnlite.torch.set_float32_matmul_precision("high")
    assert nnlite.torch.backends.cuda.matmul.allow_tf32 is True


def test_the_answers_on_a_gpu(gpu):
    t = nnlite.torch
    assert t.cuda.is_available() and t.cuda.device_count() == 1 and t.cuda.current_device() == 0
    t.cuda.set_device(0)
    t.cuda.set_device("cuda:0")
    with pytest.raises(DeviceError, match="one device of each kind"):
        t.cuda.set_device(1)
    x = t.cuda.FloatTensor([1, 2])
    assert x.is_cuda and x.get_device() == 0 and x.type() == "torch.cuda.FloatTensor"
    assert isinstance(x, t.cuda.FloatTensor) and not isinstance(x, t.FloatTensor)
    model = t.nn.Linear(2, 2).cuda(0)
    assert next(model.parameters()).is_cuda and next(model.to(t.device("cpu")).parameters()).device.type == "cpu"
    assert next(model.type(t.cuda.DoubleTensor).parameters()).type() == "torch.cuda.DoubleTensor"
    assert t.ones(2).to(0).is_cuda and t.zeros(2, device=0).is_cuda and t.tensor([1], device=0).is_cuda
    assert x.type(t.FloatTensor).device == "cpu" and t.ones(2).type(t.cuda.LongTensor).is_cuda
    assert t.ones(2).cuda(0).is_cuda and x.device == t.device("cuda:0")
    assert t.accelerator.current_accelerator().type == "cuda"
    assert x.new(2).is_cuda and x.new_zeros(2).is_cuda
    with pytest.raises(NotImplementedError, match="does not mix precisions"):
        t.cuda.amp.autocast()


def test_what_cupy_is_asked(gpu, monkeypatch):
    waited, pool = (
        [],
        SimpleNamespace(used_bytes=lambda: 3, total_bytes=lambda: 5, free_all_blocks=lambda: waited.append(1)),
    )
    device = SimpleNamespace(compute_capability="120", synchronize=lambda: waited.append(0))
    runtime = SimpleNamespace(getDeviceProperties=lambda number: {"name": b"A GPU"})
    monkeypatch.setattr(gpu.cupy, "cuda", SimpleNamespace(runtime=runtime, Device=lambda number: device))
    monkeypatch.setattr(gpu.cupy, "get_default_memory_pool", lambda: pool, raising=False)
    cuda = nnlite.torch.cuda
    assert cuda.get_device_name(0) == "A GPU" and cuda.get_device_capability() == (12, 0)
    assert cuda.memory_allocated() == 3 and cuda.memory_reserved() == 5
    cuda.synchronize()
    cuda.empty_cache()
    assert waited == [0, 1]
    with pytest.raises(ValueError, match="expected a GPU, got cpu"):
        cuda.get_device_name("cpu")


@pytest.mark.parametrize("call", [lambda t: t.ones(2).to(False), lambda t: t.nn.Linear(1, 1).to(t.float32, False)])
def test_a_bool_is_no_device(call):
    with pytest.raises(DeviceError, match="unknown device False"):
        call(nnlite.torch)


def test_set_default_tensor_type():
    t = nnlite.torch
    try:
        with pytest.warns(UserWarning, match="deprecated"):
            t.set_default_tensor_type("torch.DoubleTensor")
        assert t.tensor(1.0).dtype == t.Tensor([1]).dtype == t.float64
        with pytest.raises(TypeError), pytest.warns(UserWarning, match="deprecated"):
            t.set_default_tensor_type(t.LongTensor)
        with pytest.raises(TypeError, match="on the CPU"), pytest.warns(UserWarning, match="deprecated"):
            t.set_default_tensor_type(t.cuda.FloatTensor)
    finally:
        t.set_default_dtype(t.float32)


def test_threads_and_printing():
    t = nnlite.torch
    t.set_num_threads(2)
    assert t.get_num_threads() == 2
    with np.printoptions():
        t.set_printoptions(precision=2, sci_mode=False)
        assert repr(t.tensor([1 / 3])) == "tensor([0.33])"
