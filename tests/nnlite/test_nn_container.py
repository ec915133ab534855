"""Modules made of modules: rows and dictionaries of them, and how trees are printed."""

from collections import OrderedDict

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import nn


def sequence(nn, make):
    """Every change a row of modules allows; what its state_dict is called then."""
    layers = make(nn)
    layers.append(nn.Linear(1, 2)).extend([nn.Linear(1, 3), nn.Tanh()])
    layers[1] = nn.Linear(1, 4)
    layers[-1] = nn.Linear(1, 5)
    parts = [layers, layers[1:], layers[:-2], layers[::2]]
    return [[(type(p).__name__, len(p)), [(k, tuple(v.shape)) for k, v in p.state_dict().items()]] for p in parts]


@pytest.mark.parametrize(
    "make",
    [
        lambda nn: nn.ModuleList([nn.Linear(1, 1)]),
        lambda nn: nn.ModuleList(),
        lambda nn: nn.Sequential(nn.Linear(1, 1), nn.ReLU()),
        lambda nn: nn.Sequential(OrderedDict(first=nn.Linear(1, 1), second=nn.ReLU())),
    ],
)
def test_rows_of_modules_are_pytorchs(torch, make):
    assert sequence(nn, make) == sequence(torch.nn, make)


def changed(nn, make):
    """Insert, take out, join: the kinds and names of what is there after each."""
    rows = []

    def note(layers):
        rows.append([(name, type(m).__name__) for name, m in layers.named_children()])

    layers = make(nn)
    layers.insert(1, nn.Tanh())
    note(layers)
    rows.append(type(layers.pop(0)).__name__)
    note(layers)
    layers += make(nn)
    note(layers)
    del layers[-1], layers[0:2]
    note(layers)
    note(layers + make(nn))
    return rows


@pytest.mark.parametrize("kind", ["Sequential", "ModuleList"])
def test_rows_are_changed_as_pytorchs(torch, kind):
    def make(nn):
        layers = nn.ReLU(), nn.Linear(1, 1), nn.ELU()
        return nn.Sequential(*layers) if kind == "Sequential" else nn.ModuleList(layers)

    assert changed(nn, make) == changed(torch.nn, make)


def test_what_cannot_be_changed_stays():
    layers = nn.Sequential(nn.ReLU(), nn.Tanh())
    with pytest.raises(TypeError, match="Sequential holds Modules, not function"):
        layers.insert(0, F.relu)
    for change in (lambda: layers.pop(2), lambda: layers.__delitem__(-3)):
        with pytest.raises(IndexError):
            change()
    assert [type(m) for m in layers] == [nn.ReLU, nn.Tanh]
    net = nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()})
    assert type(net.pop("a")) is nn.ReLU and list(net) == ["b"]
    del net["b"]
    with pytest.raises(KeyError, match="'b'"):
        del net["b"]
    assert len(net) == 0


@pytest.mark.parametrize("index", [0, 1, 2])
def test_inserting_moves_the_rest_up(torch, index):
    rows = []
    for lib in (nn, torch.nn):
        layers = lib.ModuleList([lib.Linear(1, 1), lib.Linear(1, 2)])
        layers.insert(index, lib.Linear(1, 3))
        rows.append([(k, tuple(v.shape)) for k, v in layers.state_dict().items()] + [len(layers)])
    assert rows[0] == rows[1]


def test_lists_of_modules():
    layers = nn.ModuleList([nn.ReLU()])
    assert layers.append(nn.Tanh()) is layers and len(layers) == 2
    assert isinstance(layers[-1], nn.Tanh) and [type(m) for m in layers] == [nn.ReLU, nn.Tanh]
    for refused in (layers.append, lambda f: layers.insert(0, f), lambda f: layers.__setitem__(0, f)):
        with pytest.raises(TypeError, match="ModuleList holds Modules, not function"):
            refused(F.relu)
    assert [type(m) for m in layers] == [nn.ReLU, nn.Tanh]
    for index in (2, -3):
        with pytest.raises(IndexError, match=f"index {index} of a ModuleList with 2 modules"):
            layers[index]
        with pytest.raises(IndexError, match=f"index {index}"):
            layers[index] = nn.ReLU()
    with pytest.raises(NotImplementedError, match="ModuleList defines no forward"):
        layers(1)


def test_appending_to_a_slice_overwrites_nothing():
    """The slice's modules are called 1 and 2; PyTorch calls the third one 2 as well and loses one."""
    part = nn.Sequential(nn.Tanh(), nn.ReLU(), nn.Sigmoid())[1:]
    assert [type(m) for m in part.append(nn.Identity())] == [nn.ReLU, nn.Sigmoid, nn.Identity]


def test_dictionaries_of_modules():
    heads = nn.ModuleDict({"a": nn.Linear(1, 1)})
    heads["b"] = nn.Tanh()
    heads.update({"a": nn.Linear(1, 2), "c": nn.ReLU()})
    assert list(heads) == list(heads.keys()) == ["a", "b", "c"] and len(heads) == 3
    assert "b" in heads and "d" not in heads
    assert [type(m) for m in heads.values()] == [nn.Linear, nn.Tanh, nn.ReLU] and heads["b"] is dict(heads.items())["b"]
    assert heads.state_dict()["a.weight"].shape == (2, 1)
    with pytest.raises(KeyError, match="'d'"):
        heads["d"]
    with pytest.raises(TypeError, match="ModuleDict holds Modules, not function"):
        heads["e"] = F.relu
    with pytest.raises(ValueError, match="already has an attribute 'keys'"):
        heads["keys"] = nn.Tanh()


def test_sequential_runs_one_after_the_other(rng):
    x = nnlite.tensor(rng.standard_normal((2, 3, 4, 4)))
    net = nn.Sequential(nn.LeakyReLU(0.5), nn.Tanh(), nn.Identity(), nn.Upsample(scale_factor=2))
    y = np.tanh(np.where(x.numpy() > 0, x.numpy(), 0.5 * x.numpy())).repeat(2, 2).repeat(2, 3)
    np.testing.assert_allclose(net(x).numpy(), y, rtol=1e-12)
    assert nn.Sequential()(x) is x


# Printed trees


def test_the_tree_is_printed():
    assert repr(nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Sequential(nn.ReLU(), nn.Dropout(0.2)))) == (
        "Sequential(\n"
        "  (0): Conv2d(3, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Dropout(p=0.2)\n"
        "  )\n"
        ")"
    )


class Printed(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(2, 3, bias=False)
        self.many = nn.ModuleList([nn.Tanh(), nn.Sequential()])

    def extra_repr(self):
        return "first\nsecond"


def test_trees_are_printed_as_in_pytorch(torch):
    class Theirs(torch.nn.Module):
        extra_repr = Printed.extra_repr

        def __init__(self):
            super().__init__()
            self.one = torch.nn.Linear(2, 3, bias=False)
            self.many = torch.nn.ModuleList([torch.nn.Tanh(), torch.nn.Sequential()])

    assert repr(Printed()) == repr(Theirs()).replace("Theirs", "Printed")
    for make in (
        lambda nn: nn.Linear(2, 3),
        lambda nn: nn.Embedding(4, 2),
        lambda nn: nn.Embedding(4, 2, -1),
        lambda nn: nn.Flatten(),
        lambda nn: nn.Unflatten(1, (2, 3)),
        lambda nn: nn.Identity(54, unused=1),
        lambda nn: nn.ModuleDict({"a": nn.Tanh()}),
        lambda nn: nn.Sequential(OrderedDict(a=nn.Sequential(nn.Tanh(), nn.ReLU()))),
    ):
        assert repr(make(nn)) == repr(make(torch.nn))
