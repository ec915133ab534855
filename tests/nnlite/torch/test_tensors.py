"""Tensors as scripts make and ask them: old constructors, types, methods, new tensors."""

import numpy as np
import pytest

import nnlite
import nnlite.torch
from tests.nnlite.torch.helpers import assert_same

ARRAY, WHOLE = np.array([1.5, 2.5]), np.array([1, 2])


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


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_old_constructors_share_the_memory_of_a_tensor_or_an_array_of_their_dtype(torch, dtype):
    def shared(t):
        x, array = t.ones(3), np.ones((2, 3), dtype)[:, ::2]
        t.FloatTensor(x).fill_(2)
        made = [t.Tensor(array), t.FloatTensor(array), t.LongTensor(array)]
        array[0] = 5
        return x, *made

    assert_same(shared, torch)


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
