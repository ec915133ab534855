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

ARRAY, WHOLE = np.array([1.5, 2.5]), np.array([1, 2])


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
    "constructed",
    [
        lambda t: t.Tensor(),
        lambda t: t.Tensor([1, 2]),
        lambda t: t.Tensor((1.0, 2.0)),
        lambda t: t.Tensor(ARRAY),
        lambda t: t.Tensor(WHOLE),
        lambda t: t.Tensor(range(3)),
        lambda t: t.Tensor(2, 3).fill_(1.0),
        lambda t: t.Tensor(np.int64(3)).shape[0],
        lambda t: t.Tensor(t.ones(2, 3).size()).zero_(),
        lambda t: t.Tensor(t.ones(2).double()),
        lambda t: t.Tensor(t.tensor(3)),
        lambda t: t.FloatTensor([t.tensor(1.0), 2]),
        lambda t: t.FloatTensor(2, device="cpu").zero_(),
        lambda t: t.LongTensor(ARRAY),
        lambda t: t.LongTensor([1.5]),
        lambda t: t.LongTensor([[1, 2], [3, 4]]),
        lambda t: t.ByteTensor([True, False]),
        lambda t: t.BoolTensor([1, 0]),
        lambda t: t.IntTensor(WHOLE),
        lambda t: t.DoubleTensor([1]),
        lambda t: t.HalfTensor([1]),
        lambda t: t.ShortTensor([1]),
        lambda t: t.CharTensor([1]),
        lambda t: t.FloatTensor([]),
        # and what PyTorch refuses
        lambda t: t.Tensor(1.5),
        lambda t: t.Tensor("text"),
        lambda t: t.FloatTensor(None),
        lambda t: t.FloatTensor(-1),
        lambda t: t.FloatTensor(t.ones(2).double()),
        lambda t: t.LongTensor(t.ones(2)),
        lambda t: t.ByteTensor([300]),
        lambda t: t.Tensor([[1, 2], [3]]),
        lambda t: t.cuda.FloatTensor(2),
    ],
)
def test_old_constructors(torch, constructed):
    assert_same(constructed, torch)


def test_old_constructors_share_the_memory_of_a_tensor_only():
    x = nnlite.ones(3)
    nnlite.torch.FloatTensor(x).fill_(2)
    assert x.tolist() == [2, 2, 2]
    array = np.ones(3, np.float32)
    nnlite.torch.FloatTensor(array).fill_(2)
    assert array.tolist() == [1, 1, 1]


def test_a_tuple_that_may_be_a_shape_is_refused():
    with pytest.raises(TypeError, match=r"are these sizes, or numbers\? Write FloatTensor\(2, 3\) or x\.size\(\)"):
        nnlite.torch.FloatTensor((2, 3))


@pytest.mark.parametrize("type_name", ["Tensor", "FloatTensor", "DoubleTensor", "LongTensor", "cuda.FloatTensor"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_tensors_are_instances_by_dtype(torch, type_name, dtype):
    def instance(t):
        kind = t.cuda.FloatTensor if type_name.startswith("cuda") else getattr(t, type_name)
        return isinstance(t.zeros(2, dtype=getattr(t, dtype)), kind)

    assert_same(instance, torch)


def test_the_type_of_a_tensor_is_torch_tensor():
    t = nnlite.torch
    kind = type(t.ones(2))
    assert kind == t.Tensor and t.Tensor == kind and {t.Tensor: 1}[kind] == 1
    assert t.nn.Parameter != t.Tensor and t.FloatTensor != t.Tensor
    assert not isinstance(np.ones(2), t.Tensor)
    assert t.Tensor.relu(t.tensor([-1.0])).tolist() == [0.0]


@pytest.mark.parametrize(
    "asked",
    [
        lambda t: t.ones(2).type(),
        lambda t: t.ones(2).long().type(),
        lambda t: t.ones(2).type(t.DoubleTensor),
        lambda t: t.ones(2).double().type(t.Tensor),
        lambda t: t.ones(2).type("torch.LongTensor"),
        lambda t: t.ones(2).type(t.float64),
        lambda t: [t.ones(2).byte(), t.ones(2).char(), t.ones(2).short()],
        lambda t: t.ones(2).type("torch.NoTensor"),
        lambda t: t.ones(2).type(t.cuda.FloatTensor),
        lambda t: t.ones(2).type_as(t.zeros(1).double()),
        lambda t: (t.ones(2, 3).ndimension(), t.ones(2, 3).nelement(), t.ones(2).element_size()),
        lambda t: (t.ones(2).get_device(), t.ones(2).is_cuda, t.ones(2).is_sparse),
        lambda t: (t.ones(2).is_floating_point(), t.ones(2).long().is_floating_point(), t.ones(2).is_complex()),
        lambda t: t.ones(2).double().new_zeros(2, 3),
        lambda t: t.ones(2).double().new_ones((2, 3)),
        lambda t: t.ones(2).new_ones(2, dtype=t.long),
        lambda t: t.ones(2).new_full((2,), 3),
        lambda t: t.ones(2).long().new_tensor([1.5]),
        lambda t: t.ones(2).new_tensor([1]),
        lambda t: t.ones(2).new_empty((2, 3)).zero_(),
        lambda t: t.ones(2).new_zeros(2, requires_grad=True).requires_grad,
        lambda t: t.ones(2).double().new([1, 2]),
        lambda t: t.ones(2).double().new(2, 3).zero_(),
        lambda t: t.ones(2).new(t.ones(2, 3).size()).zero_(),
        lambda t: t.ones(2).new(t.ones(2).double()),
        lambda t: t.ones(2).to("cpu", non_blocking=True),
        lambda t: t.ones(2).to(t.device("cpu"), t.float64, non_blocking=True, copy=True),
        lambda t: t.ones(2).pin_memory(),
        lambda t: t.ones(2).cuda(),
        lambda t: t.ones(2).cuda(0, non_blocking=True),
        lambda t: tuple(t.ones(2, 3).size()),
        lambda t: t.ones(2, 3).size().numel(),
        lambda t: isinstance(t.ones(2, 3).size(), t.Size),
        lambda t: t.Size([2, 3]).numel(),
    ],
)
def test_methods_of_tensors(torch, asked):
    assert_same(asked, torch)


def test_to_copies_if_asked():
    x = nnlite.ones(2)
    assert x.to("cpu") is x
    copy = x.to("cpu", copy=True)
    copy.fill_(2)
    assert x.tolist() == [1, 1]


@pytest.mark.parametrize("call", [lambda x: x.storage(), lambda x: x.share_memory_()])
def test_methods_that_mean_something_else_are_refused(call):
    with pytest.raises(TypeError, match=r"^(storage|share_memory_)\(\)"):
        call(nnlite.ones(2))


def test_data_ptr_is_that_of_the_memory():
    x = nnlite.ones(2, 3)
    assert x.data_ptr() == x.detach().data_ptr() != x.clone().data_ptr()


@pytest.mark.parametrize(
    "created",
    [
        lambda t: t.zeros(size=(2, 3)),
        lambda t: t.ones(size=(2,), dtype=t.long),
        lambda t: t.empty(size=(2, 3), pin_memory=False).fill_(1.0),
        lambda t: t.randn(size=(2, 3)).shape[1],
        lambda t: t.full(size=(2,), fill_value=1.0),
        lambda t: t.zeros(2, 3, layout=t.strided),
        lambda t: t.eye(n=2),
        lambda t: t.arange(start=1, end=3),
        lambda t: t.linspace(0, 1, steps=3),
        lambda t: t.tensor([1.0], device=t.device("cpu"), pin_memory=False),
        lambda t: t.zeros(2, device=t.device("cpu")),
        lambda t: t.zeros_like(t.ones(2), memory_format=t.preserve_format),
        lambda t: t.zeros(2, generator=1),
        lambda t: t.randint(1, (3,)),
        lambda t: t.randint(1, size=(3,)),
        lambda t: t.randint(high=1, size=(3,), dtype=t.int32),
        lambda t: t.randint(4, 5, (3,)),
        lambda t: t.randint(low=4, high=5, size=(3,)),
        lambda t: t.randint(4, high=5, size=(3,)),
        lambda t: t.randint(low=4, size=(3,)),
        lambda t: t.randint(1, 2, 3, (3,)),
    ],
)
def test_creation(torch, created):
    assert_same(created, torch)


def test_out_is_refused():
    with pytest.raises(TypeError, match=r"torch\.zeros: out=.* is not covered"):
        nnlite.torch.zeros(2, out=nnlite.torch.ones(2))


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


def test_new_random_numbers_by_generator():
    pytest.importorskip("nnlite.torch.generator")
    t = nnlite.torch

    def draw():
        g = t.Generator().manual_seed(3)
        return [
            t.rand(2, 3, generator=g), t.randn(2, generator=g, dtype=t.float64), t.randperm(5, generator=g),
            t.randint(0, 9, (4,), generator=g), t.randint(high=9, low=2, size=(4,), generator=g),
        ]  # fmt: skip

    first = draw()
    t.rand(7)  # another generator's
    for a, b in zip(first, draw(), strict=True):
        assert a.tolist() == b.tolist() and a.dtype == b.dtype
    assert sorted(first[2].tolist()) == [0, 1, 2, 3, 4]
