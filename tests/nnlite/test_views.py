"""Which tensors share memory: what PyTorch documents for each case, on images whose memory is in another order here."""

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import GraphError, ShapeError, nn


def image(fast):
    """Pooled, so that its memory is channels-last on the fast backend; row by row in PyTorch."""
    return F.max_pool2d(nnlite.tensor(np.arange(96.0).reshape(2, 3, 4, 4)), 2)


def test_strides_are_those_of_rows(fast):
    x = image(fast)
    assert x.stride() == (12, 4, 2, 1) and x.stride(-1) == 1 and x.is_contiguous()
    assert x.array.strides != tuple(8 * s for s in x.stride()), "the memory is in another order"


@pytest.mark.parametrize(
    ("change", "strides"),
    [
        (lambda x: x.permute(0, 2, 3, 1), (12, 2, 1, 4)),
        (lambda x: x.permute(0, 2, 3, 1).permute(0, 3, 1, 2), (12, 4, 2, 1)),
        (lambda x: x.transpose(2, 3), (12, 4, 1, 2)),
        (lambda x: x[:, 1], (12, 2, 1)),
        (lambda x: x[:, ::2, None][:, :, 0], (12, 8, 2, 1)),
        (lambda x: x.transpose(0, 1)[1], (12, 2, 1)),
        (lambda x: x[0, 0, 0].expand(5, 2), (0, 1)),
        (lambda x: x.flatten(1).t(), (1, 12)),
        (lambda x: x.transpose(1, 2).unsqueeze(0).reshape(2, 2, 3, 2, 1), (12, 2, 4, 1, 1)),
        (lambda x: x.permute(0, 2, 3, 1).reshape(2, 4, 3), (12, 1, 4)),
        (lambda x: x.permute(0, 2, 3, 1).reshape(-1), (1,)),
    ],
)
def test_strides_follow_what_is_done_to_a_view(fast, change, strides):
    assert change(image(fast)).stride() == strides


def shares(x, y):
    """Whether y shows what is written into x."""
    before = y.tolist()
    x.fill_(-7.0)
    return y.tolist() != before


@pytest.mark.parametrize(
    ("view", "shared"),
    [
        (lambda x: x.contiguous(), True),
        (lambda x: x.permute(0, 2, 3, 1).contiguous(), False),
        (lambda x: x.permute(0, 2, 3, 1).reshape(2, 4, 3), True),
        (lambda x: x.permute(0, 2, 3, 1).reshape(-1, 3), False),
        (lambda x: x.transpose(0, 1).flatten(), False),
        (lambda x: x[:, :1].squeeze(1), True),
        (lambda x: x.detach(), True),
        (lambda x: x.data, True),
        (lambda x: nn.Parameter(x).detach(), True),
        (lambda x: x.clone(), False),
    ],
)
def test_memory_is_shared_where_pytorchs_is(fast, view, shared):
    x = image(fast)
    assert shares(x, view(x)) == shared


def test_a_contiguous_copy_has_views():
    rows = nnlite.tensor([[1.0, 2.0], [3.0, 4.0]]).t().contiguous()
    rows.view(-1)[1] = 9.0
    assert rows.tolist() == [[1.0, 9.0], [2.0, 4.0]]


def test_view_is_refused_where_pytorchs_memory_has_none(fast):
    with pytest.raises(ShapeError, match=r"no view \(-1,\); use .reshape"):
        image(fast).transpose(0, 1).view(-1)
    with pytest.raises(TypeError, match="for another dtype use"):
        image(fast).view(nnlite.int32)


@pytest.mark.parametrize(
    "write",
    [
        lambda rows: rows.mul_(0.0),
        lambda rows: rows[:, 0].fill_(5.0),
        lambda rows: rows.__setitem__(0, 1.0),
        lambda rows: rows.detach().zero_(),
        lambda rows: rows.data.zero_(),
        lambda rows: F.relu(rows, inplace=True),
    ],
)
def test_no_write_into_a_copy_is_lost(fast, write):
    """A view of PyTorch's that must be a copy here is closed; the message says what to change instead."""
    rows = nn.Conv2d(2, 3, 3).weight.data.view(3, -1)
    with pytest.raises((GraphError, ShapeError), match=r"would be lost|read-only"):
        write(rows)
    with pytest.raises(ValueError, match="read-only"):
        rows.numpy()[0] = 1.0


def test_what_the_message_proposes_works(fast):
    weight = nn.Conv2d(2, 3, 3).weight.data
    weight.copy_(weight.view(3, -1).mul(0.0).view_as(weight))
    assert weight.abs().sum().item() == 0.0
    copy = weight.view(3, -1).clone()
    copy += 1.0
    assert copy.sum().item() == 54.0


def test_an_array_keeps_its_layout():
    columns = nnlite.from_numpy(np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    assert columns.stride() == (1, 2) and not shares(columns, columns.contiguous())
    with pytest.raises(ValueError, match="runs backwards"):
        nnlite.from_numpy(np.arange(3.0)[::-1])


@pytest.mark.parametrize(
    "copied",
    [
        lambda x: x.repeat(2),
        lambda x: x.repeat(2, 3),
        lambda x: x.expand(4, 3).clone().view(-1),
        lambda x: x.expand(4, 3).contiguous().view(2, 6),
    ],
)
def test_copies_in_a_row_may_be_changed(copied):
    x = nnlite.zeros(3)
    y = copied(x)
    y += 1.0
    assert y.sum().item() == y.numel() and x.tolist() == [0.0, 0.0, 0.0]
