"""The table of layers: its layout, its figures, and that printing it changes nothing."""

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import nn, optim
from nnlite.nn.utils.parametrizations import spectral_norm


class Twice(nn.Module):
    """A layer that runs twice, one that never does, a parameter of its own, and a layer of layers inside."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(np.ones(3, np.float32))
        self.unused = nn.Linear(1000, 2)
        self.body = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3))
        self.again = self.body[0]

    def forward(self, x):
        x = self.again(self.body(x * self.scale.reshape(3, 1, 1)))
        return F.relu(x), [x.mean((1, 2, 3))]


def printed(capsys, module, shape):
    assert module.summary(shape) is None
    return capsys.readouterr().out


def test_the_layout(capsys):
    net = nn.Sequential(nn.Conv2d(3, 64, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(65536, 10))
    net[0].requires_grad_(False)
    assert printed(capsys, net, (3, 64, 64)) == (
        'Model: "Sequential"\n'
        "______________________________________________\n"
        "Layer (type)   Output Shape         Param #\n"
        "==============================================\n"
        "0 (Conv2d)     (None, 64, 32, 32)   3,136\n"
        "1 (ReLU)       (None, 64, 32, 32)   0\n"
        "2 (Flatten)    (None, 65536)        0\n"
        "3 (Linear)     (None, 10)           655,370\n"
        "==============================================\n"
        "Total params: 658,506\n"
        "Trainable params: 655,370\n"
        "Non-trainable params: 3,136\n"
        "______________________________________________\n"
    )


def rows(text):
    return [line.rsplit(maxsplit=1) for line in text.split("=\n")[1].splitlines()[:-1]]


def test_rows_are_calls_and_parameters_count_once(capsys):
    text = printed(capsys, Twice(), (3, 8, 8))
    assert [" ".join(" ".join(row).split()) for row in rows(text)] == [
        "body.0 (Conv2d) (None, 3, 8, 8) 84",
        "body.1 (BatchNorm2d) (None, 3, 8, 8) 6",
        "body.0 (Conv2d) (None, 3, 8, 8) 0",
        "Twice (None, 3, 8, 8), (None,) 3",
    ]
    assert f"Total params: {3 + 84 + 6 + 2002:,}\n" in text


def test_totals_are_pytorchs(capsys, torch):
    def make(nn):
        return nn.Sequential(nn.Conv2d(3, 8, 5), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8 * 16, 7, bias=False))

    total = sum(p.numel() for p in make(torch.nn).parameters())
    text = printed(capsys, make(nn), (3, 8, 8))
    assert f"Total params: {total:,}" in text and sum(int(n.replace(",", "")) for _, n in rows(text)) == total


def test_tied_weights_count_once(capsys):
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    net[1].weight = net[0].weight
    text = printed(capsys, net, (4,))
    assert [n for _, n in rows(text)] == ["20", "4"] and "Total params: 24\n" in text


def test_a_normalised_layer_is_one_row(capsys):
    text = printed(capsys, nn.Sequential(spectral_norm(nn.Conv2d(3, 4, 3))), (3, 8, 8))
    assert [n for _, n in rows(text)] == ["112"] and "Total params: 112\n" in text


def test_several_inputs_and_inputs_of_whole_numbers(capsys):
    class Generator(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.body = nn.Embedding(10, 4), nn.Linear(9, 2)

        def forward(self, noise, label):
            return self.body(nnlite.cat([noise, self.table(label)], 1))

    text = printed(capsys, Generator(), [(5,), nnlite.zeros(1, dtype=nnlite.int64)])
    assert "table (Embedding)" in text and "(None, 4)" in text and "(None, 2)" in text
    text = printed(capsys, nn.Embedding(10, 4), nnlite.zeros(1, 6, dtype=nnlite.int64))
    assert "Embedding" in text and "(None, 6, 4)" in text


@pytest.mark.parametrize("net", [nn.Tanh, lambda: nn.Linear(3, 3).double()])
def test_the_run_has_the_modules_dtype(net, capsys):
    seen = []
    net = net()
    net.register_forward_hook(lambda m, args, out: seen.append(args[0]))
    printed(capsys, net, (3,))
    assert seen[0].shape == (1, 3) and seen[0].dtype == (net.weight.dtype if hasattr(net, "weight") else np.float32)
    assert seen[0].device == "cpu" and not seen[0].numpy().any()


class Restless(nn.Module):
    """Draws random numbers and moves a buffer in any mode."""

    def __init__(self):
        super().__init__()
        self.norm, self.linear = nn.BatchNorm1d(3), nn.Linear(3, 3)
        self.register_buffer("calls", nnlite.zeros(1))

    def forward(self, x):
        assert not self.training and x.grad_fn is None
        self.calls += 1
        return self.linear(self.norm(x)) + nnlite.randn(1, 3)


def test_nothing_is_left_behind(capsys):
    net = Restless()
    net.norm.eval()
    adam = optim.Adam(net.parameters())
    state = {name: t.numpy().copy() for name, t in net.state_dict().items()}
    generator = nnlite.get_rng_state()
    printed(capsys, net, (3,))
    assert [m.training for m in net.modules()] == [True, False, True]
    assert all(np.array_equal(t.numpy(), state[name]) for name, t in net.state_dict().items())
    assert nnlite.get_rng_state() == generator
    assert not any(m._forward_hooks for m in net.modules()) and all(p.grad is None for p in net.parameters())
    adam.step()


def test_a_failing_run_leaves_nothing_behind_either():
    net = Restless()
    with pytest.raises(nnlite.ShapeError):
        net.summary((5,))
    assert net.training and float(net.calls[0]) == 0.0 and not any(m._forward_hooks for m in net.modules())


@pytest.mark.parametrize("shape", [3, None, "3", [3, (4,)], (3, 2.5), ("a",), {3: 4}])
def test_what_is_no_shape_is_a_type_error(shape):
    with pytest.raises(TypeError, match="shape"):
        nn.Tanh().summary(shape)


def test_a_negative_size_is_a_shape_error():
    with pytest.raises(nnlite.ShapeError, match=r"\(1, 3, -1\)"):
        nn.Tanh().summary((3, -1))
