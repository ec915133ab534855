"""nnlite.torch's composites and further functions: values, gradients, shared memory and refusals are PyTorch's."""

import numpy as np
import pytest

import nnlite.torch
from nnlite import ShapeError
from nnlite.torch import composites, elementary
from tests.checks import check_against_pytorch, check_gradient
from tests.helpers import IMAGE, LibraryOn, assert_close, op, probability

OPERATIONS = {
    "addmm": op(lambda lib, F, a, b, c: a.addmm(b, c, beta=0.5, alpha=-2), (4,), (2, 3), (3, 4)),
    "addmm of equal parts": op(lambda lib, F, a, b, c: a.addmm(b, c), (2, 1), (2, 3), (3, 4)),
    "baddbmm": op(lambda lib, F, a, b, c: a.baddbmm(b, c, alpha=3), (2, 1), (5, 2, 3), (5, 3, 4)),
    "ger": op(lambda lib, F, a, b: a.ger(b), (3,), (2,)),
    "trace": op(lambda lib, F, a: a.trace(), (3, 4)),
    "tile": op(lambda lib, F, a: a.tile(2, 3) + a.tile((2, 1, 2, 3))[1], (3, 2)),
    "expand_as": op(lambda lib, F, a, b: a.expand_as(b) * b, (3, 1), (2, 3, 4)),
    "broadcast_to": op(lambda lib, F, a: a.broadcast_to((2, 3, -1)), (3, 1)),
    "swapaxes": op(lambda lib, F, a: a.swapaxes(1, -1).swapdims(0, 1), IMAGE),
    "movedim": op(lambda lib, F, a: a.movedim((0, 1), (-1, 0)).moveaxis(1, -1), IMAGE),
    "ravel": op(lambda lib, F, a: a.ravel(), IMAGE),
    "narrow": op(lambda lib, F, a: a.narrow(2, -4, 3).narrow(-1, 1, 2), IMAGE),
    "select": op(lambda lib, F, a: a.select(1, -1), IMAGE),
    "unbind": op(lambda lib, F, a: a.unbind(-2)[0] * a.unbind(-2)[3], IMAGE),
    "unflatten": op(lambda lib, F, a: a.unflatten(-2, (2, -1)), (3, 6, 2)),
    "repeat_interleave": op(lambda lib, F, a: a.repeat_interleave(2), (3, 2)),
    "repeat_interleave counts": op(lambda lib, F, a: a.repeat_interleave(lib.tensor([2, 0, 3]), dim=-1), (2, 3)),
    "tan": op(lambda lib, F, a: a.tan(), (2, 3), values=probability),
    "sinh": op(lambda lib, F, a: a.sinh(), (2, 3)),
    "cosh": op(lambda lib, F, a: a.cosh(), (2, 3)),
    "asin": op(lambda lib, F, a: a.asin(), (2, 3), values=probability),
    "acos": op(lambda lib, F, a: (-a).acos(), (2, 3), values=probability),
    "atan": op(lambda lib, F, a: a.atan(), (2, 3)),
    "fmod": op(lambda lib, F, a, b: (-b * (a + 3)).fmod(b) + a.fmod(1), IMAGE, (5, 1), values=probability),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_values_and_gradients(torch, name):
    for seed, order in enumerate(("C", "channels last", "flipped")):
        check_gradient(OPERATIONS[name], seed, [order] * len(OPERATIONS[name].inputs))
        check_against_pytorch(torch, OPERATIONS[name], np.float64, 1e-11, seed, order)
    check_against_pytorch(torch, OPERATIONS[name], np.float32, 1e-5, 3, "C")


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_gpu_gives_what_the_cpu_gives(gpu, name):
    results = []
    for device in ("cpu", "gpu"):
        tensors = [nnlite.tensor(a, device=device, requires_grad=True) for a in OPERATIONS[name].arrays()]
        y = OPERATIONS[name].call(LibraryOn(device), nnlite.functional, *tensors)
        y.sum().backward()
        results.append([t.detach().cpu().numpy() for t in (y, *(t.grad for t in tensors))])
    for a, b in zip(*results, strict=True):
        assert_close(b, a, 1e-11)


@pytest.mark.parametrize("indexing", ["ij", "xy"])
def test_grids(torch, indexing):
    for vectors in ([[1, 2], [3, 4, 5]], [[1.5], [0.5, 3.0], []], [[1, 2]], [7, [1, 2]]):
        ours = composites.meshgrid(*map(nnlite.tensor, vectors), indexing=indexing)
        theirs = torch.meshgrid(*map(torch.tensor, vectors), indexing=indexing)
        assert [y.tolist() for y in ours] == [z.tolist() for z in theirs]


def test_what_shares_memory():
    x = nnlite.zeros(2, 4)
    for part in (*x.narrow(1, 1, 2).unbind(1), x.swapaxes(0, 1)[0], x.movedim(0, 1)[3]):
        part.fill_(1.0)
    assert x.tolist() == [[1.0] * 4] * 2
    x.tile(1, 1).zero_()
    x.repeat_interleave(1, dim=0).zero_()
    assert x.tolist() == [[1.0] * 4] * 2


def test_beta_0_leaves_the_input_out():
    y = nnlite.tensor([np.nan]).addmm(nnlite.ones(2, 2), nnlite.ones(2, 3), beta=0)
    assert y.tolist() == [[2.0] * 3] * 2


def test_whole_numbers(torch):
    x = [[1, 2, 3], [4, 5, 6]]
    for call in (lambda t: t.trace(), lambda t: t.addmm(t, t.T @ t, alpha=2), lambda t: t.fmod(-4), lambda t: t.atan()):
        ours, theirs = call(nnlite.tensor(x)), call(torch.tensor(x))
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)
        assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.")


REFUSED = {
    "trace": (lambda t: t[0].trace(), ShapeError),
    "addmm shape": (lambda t: t[None].addmm(t, t.T), ShapeError),
    "expand_as": (lambda t: t.expand_as(t[0]), ShapeError),
    "addmm dtype": (lambda t: t.double().addmm(t, t.T), TypeError),
    "narrow": (lambda t: t.narrow(1, 2, 2), ShapeError),
    "select": (lambda t: t.select(1, 3), IndexError),
    "unbind": (lambda t: t.sum().unbind(), IndexError),
    "unflatten": (lambda t: t.unflatten(1, ()), ShapeError),
    "unflatten sizes": (lambda t: t.unflatten(1, (2, 2)), ShapeError),
    "movedim twice": (lambda t: t.movedim((0, 0), (0, 1)), ValueError),
    "repeat_interleave negative": (lambda t: t.repeat_interleave(-1), ValueError),
    "repeat_interleave list": (lambda t: t.repeat_interleave([1, 2], dim=0), TypeError),
    "repeat_interleave counts": (lambda t: t.repeat_interleave(t[0].long(), dim=0), ShapeError),
    "fmod by 0": (lambda t: t.long().fmod(0), ValueError),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_pytorch_refuses_is_refused(torch, name):
    call, error = REFUSED[name]
    with pytest.raises((RuntimeError, IndexError, TypeError)):
        call(torch.ones(2, 3))
    with pytest.raises(error):
        call(nnlite.ones(2, 3))


def test_numbers_for_tensors():
    with pytest.raises(TypeError, match="fmod"):
        elementary.fmod(5, nnlite.tensor([3]))
    with pytest.raises(ShapeError, match="meshgrid: expected vectors of one dtype, got none"):
        composites.meshgrid()
    with pytest.raises(ShapeError, match="float32"):
        composites.meshgrid(nnlite.ones(2), nnlite.tensor([1]))


@pytest.mark.parametrize(
    "change",
    [
        lambda lib, x, y: lib.lerp(x, y, 0.3),
        lambda lib, x, y: lib.addcmul(x, y, y, value=0.5),
        lambda lib, x, y: lib.addcdiv(x, y, y + 3.0, value=-0.5),
        lambda lib, x, y: (x * 1.0).lerp_(y, 0.3),
        lambda lib, x, y: (x * 1.0).addcmul_(y, x, value=2.0),
        lambda lib, x, y: (x * 1.0).addcdiv_(x, y + 3.0),
    ],
)
def test_parts_of_the_way_and_scaled_products(torch, change):
    gradients = []
    for lib in (nnlite.torch, torch):
        x, y = (lib.tensor(numbers, requires_grad=True) for numbers in ([1.0, -2.0], [0.5, 3.0]))
        z = change(lib, x, y)
        (z * z).sum().backward()
        gradients.append([z.tolist(), x.grad.tolist(), y.grad.tolist()])
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-6)
