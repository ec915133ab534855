"""Module: names when things are shared, registered names, copies, and moves between dtypes."""

import copy

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import nn


def tree(nn, parameter, tensor):
    """Whatever makes names hard: modules and parameters with two names, buffers of all kinds, missing ones."""

    class Tree(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("early", tensor)
            self.register_buffer("later", None)
            self.register_buffer("unsaved", tensor + 1, persistent=False)
            self.inner = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.BatchNorm2d(2)})
            self.same = self.inner["a"]
            self.row = nn.Sequential(self.same, nn.Tanh(), self.same)
            self.free = parameter
            self.register_parameter("computed", None)
            self.later = tensor + 2
            self.row.tied = parameter

    return Tree()


def test_names_are_pytorchs_whatever_is_shared(torch):
    ours = tree(nn, nn.Parameter(np.ones(3)), nnlite.zeros(2))
    theirs = tree(torch.nn, torch.nn.Parameter(torch.ones(3)), torch.zeros(2))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for walk in ("named_modules", "named_children", "named_parameters", "named_buffers"):
        assert [name for name, _ in getattr(ours, walk)()] == [name for name, _ in getattr(theirs, walk)()], walk
    for walk in ("modules", "children"):
        ours_types = [type(m).__name__ for m in getattr(ours, walk)()]
        assert ours_types == [type(m).__name__ for m in getattr(theirs, walk)()]
    assert [tuple(t.shape) for t in ours.buffers()] == [tuple(t.shape) for t in theirs.buffers()]
    visited = [], []
    ours.apply(lambda m: visited[0].append(type(m).__name__))
    theirs.apply(lambda m: visited[1].append(type(m).__name__))
    assert visited[0] == visited[1]


def test_prefixes_and_no_recursion_are_pytorchs(torch):
    ours = tree(nn, nn.Parameter(np.ones(3)), nnlite.zeros(2))
    theirs = tree(torch.nn, torch.nn.Parameter(torch.ones(3)), torch.zeros(2))
    for walk in ("named_parameters", "named_buffers"):
        for options in ({"recurse": False}, {"prefix": "net"}, {"prefix": "net", "recurse": False}):
            names = [[name for name, _ in getattr(net, walk)(**options)] for net in (ours, theirs)]
            assert names[0] == names[1], (walk, options)
    for counted in ("parameters", "buffers"):
        assert len(list(getattr(ours, counted)(recurse=False))) == len(list(getattr(theirs, counted)(recurse=False)))
    assert [n for n, _ in ours.named_modules(None, "net")] == [n for n, _ in theirs.named_modules(None, "net")]
    assert list(ours.state_dict(prefix="net.")) == list(theirs.state_dict(prefix="net."))
    assert ours.get_submodule("row.1") is ours.row[1] and ours.get_submodule("") is ours
    for net in (ours, theirs):
        with pytest.raises(AttributeError):
            net.get_submodule("inner.c")


def test_a_deep_tree_is_walked():
    net = nn.Identity()
    for _ in range(2000):
        net = nn.Sequential(net)
    assert len(list(net.modules())) == 2001 and not net.eval().training and net.state_dict() == {}


def test_a_copy_is_independent_and_keeps_its_ties():
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm2d(2), nn.Linear(2, 2))
    net[2].weight = net[0].weight
    twin = copy.deepcopy(net)
    assert twin[2].weight is twin[0].weight is not net[0].weight and isinstance(twin[0].weight, nn.Parameter)
    twin[0].weight.array[...] = 7.0
    twin[1].running_mean.array[...] = 7.0
    assert not (net[0].weight.detach().numpy() == 7.0).any() and not net[1].running_mean.detach().numpy().any()


def test_registered_names_are_checked():
    net = nn.Linear(2, 2)
    for register, thing in (
        (net.register_buffer, nnlite.zeros(1)),
        (net.register_parameter, nn.Parameter(np.ones(1))),
        (net.add_module, nn.Tanh()),
    ):
        with pytest.raises(ValueError, match=r"'a\.b' cannot be a name"):
            register("a.b", thing)
        with pytest.raises(ValueError, match="'' cannot be a name"):
            register("", thing)
        with pytest.raises(TypeError, match="a name is a string, not int"):
            register(3, thing)
        with pytest.raises(ValueError, match="already has an attribute 'forward'"):
            register("forward", thing)
        with pytest.raises(TypeError, match="not str"):
            register("fresh", "text")
        register("new", thing)
        register("new", thing)  # one of its own kind may be replaced
        del net.new
    net.add_module("child", nn.Tanh())
    with pytest.raises(ValueError, match="already has an attribute 'child'"):
        net.register_buffer("child", nnlite.zeros(1))


# Devices and dtypes


def test_floating_tensors_change_dtype_in_place(rng):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    net[1].register_buffer("unsaved", nnlite.zeros(2), persistent=False)
    net(nnlite.tensor(rng.standard_normal((2, 3, 5, 5)).astype(np.float32))).sum().backward()
    parameters, weight = list(net.parameters()), net[0].weight
    values, strides = weight.detach().numpy().copy(), weight.array.strides
    assert net.double() is net
    for tensor in (*net.parameters(), *(p.grad for p in net.parameters()), *net.buffers()):
        assert tensor.dtype == (np.int64 if tensor is net[1].num_batches_tracked else np.float64)
    assert all(a is b for a, b in zip(parameters, net.parameters(), strict=True))
    assert np.array_equal(weight.detach().numpy(), values) and weight.array.strides == tuple(2 * s for s in strides)
    assert net(nnlite.tensor(rng.standard_normal((2, 3, 5, 5)))).dtype == np.float64
    assert {t.dtype for t in net.float().parameters()} == {np.dtype("float32")}


@pytest.mark.parametrize(
    ("targets", "keywords"),
    [
        ((nnlite.float64,), {}),
        (("cpu", nnlite.float64), {}),
        ((None, nnlite.float64), {}),
        ((), {"device": "cpu", "dtype": nnlite.float64}),
        ((np.float64,), {}),
        ((nnlite.Tensor(np.zeros(1)),), {}),
    ],
)
def test_the_ways_to_say_where(targets, keywords):
    net = nn.Linear(2, 2)
    assert net.to(*targets, **keywords) is net
    assert net.weight.dtype == np.float64 and net.weight.device == "cpu"


def test_moving_nowhere_copies_nothing():
    net = nn.Linear(2, 2)
    array = net.weight.array
    assert net.to("cpu").to(nnlite.float32).cpu().weight.array is array


def test_strange_targets_are_refused_before_anything_changes():
    net = nn.Linear(2, 2)
    for module in (net, nn.Tanh()):
        with pytest.raises(nnlite.DeviceError, match="unknown device 'tpu'"):
            module.to("tpu", nnlite.float64)
        with pytest.raises(TypeError, match=r"floating-point dtype .* got int64"):
            module.to(nnlite.int64)
        with pytest.raises(TypeError):
            module.to(3.5)
    assert net.weight.dtype == np.float32


def test_optimisers_follow_a_change_of_dtype(rng):
    """The parameters stay the same objects: 20 steps of Adam begun in float32 go on in float64."""
    net = nn.Linear(3, 1)
    x, y = nnlite.tensor(rng.standard_normal((20, 3))), nnlite.tensor(rng.standard_normal((20, 1)))
    adam = nnlite.optim.Adam(net.double().parameters(), 0.1)
    first = F.mse_loss(net(x), y)
    for _ in range(20):
        adam.zero_grad()
        F.mse_loss(net(x), y).backward()
        adam.step()
    assert F.mse_loss(net(x), y).item() < first.item() and net.weight.dtype == np.float64
