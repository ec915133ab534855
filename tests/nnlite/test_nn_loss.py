"""Modules that the table in tests/operations/ cannot express: weights, classes, random numbers, and what is printed."""

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import nn

LOGITS = np.random.default_rng(3).standard_normal((4, 3)).astype(np.float32)
PROBABILITIES = 1 / (1 + np.exp(-LOGITS))
LOG_PROBABILITIES = np.log(PROBABILITIES / PROBABILITIES.sum(1, keepdims=True))
CLASSES = np.array([0, 2, 1, 2])

WEIGHTED = {
    "BCELoss": (lambda nn, w: nn.BCELoss(w, reduction="sum"), PROBABILITIES, PROBABILITIES[::-1].copy()),
    "BCELoss plain": (lambda nn, w: nn.BCELoss(), PROBABILITIES, PROBABILITIES[::-1].copy()),
    "BCEWithLogitsLoss": (lambda nn, w: nn.BCEWithLogitsLoss(w, pos_weight=2.0 * w), LOGITS, PROBABILITIES),
    "BCEWithLogitsLoss pos_weight": (lambda nn, w: nn.BCEWithLogitsLoss(pos_weight=w), LOGITS, PROBABILITIES),
    "CrossEntropyLoss": (
        lambda nn, w: nn.CrossEntropyLoss(w, ignore_index=1, label_smoothing=0.2, reduction="mean"),
        LOGITS,
        CLASSES,
    ),
    "NLLLoss": (lambda nn, w: nn.NLLLoss(w, ignore_index=0, reduction="sum"), LOG_PROBABILITIES, CLASSES),
    "NLLLoss plain": (lambda nn, w: nn.NLLLoss(), LOG_PROBABILITIES, CLASSES),
    "KLDivLoss": (lambda nn, w: nn.KLDivLoss(reduction="sum"), LOG_PROBABILITIES, PROBABILITIES),
}


@pytest.mark.parametrize("name", WEIGHTED)
def test_values_and_saved_weights_equal_pytorchs(torch, name):
    make, input, target = WEIGHTED[name]
    weight = np.array([0.5, 2.0, 3.0], np.float32)
    ours, theirs = make(nn, nnlite.tensor(weight)), make(torch.nn, torch.tensor(weight))
    y = ours(nnlite.tensor(input), nnlite.tensor(target))
    assert float(y) == pytest.approx(theirs(torch.tensor(input), torch.tensor(target)).item(), rel=1e-5)
    state, expected = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(expected)
    assert all(np.array_equal(state[name].numpy(), expected[name].numpy()) for name in state)
    assert not list(ours.parameters())


@pytest.mark.parametrize("make", [nn.Dropout, nn.Dropout2d])
def test_dropout_layers_draw_in_training_only(make):
    x = nnlite.ones(3, 4, 2, 2)
    layer = make(0.3)
    nnlite.manual_seed(1)
    y = layer(x).numpy()
    nnlite.manual_seed(1)
    assert np.array_equal(y, (F.dropout if make is nn.Dropout else F.dropout2d)(x, 0.3).numpy()) and (y == 0).any()
    assert layer.eval()(x) is x
    assert nn.Sequential(layer).train()[0].training and repr(layer) == f"{make.__name__}(p=0.3)"


def test_settings_are_printed():
    layers = (
        nn.ReLU(True), nn.LeakyReLU(0.2), nn.PReLU(3), nn.ELU(0.5), nn.GELU("tanh"), nn.Softplus(2.0), nn.Softmax(-1),
    )  # fmt: skip
    assert [repr(layer.eval()) for layer in layers] == [
        "ReLU(inplace=True)",
        "LeakyReLU(negative_slope=0.2)",
        "PReLU(num_parameters=3)",
        "ELU(alpha=0.5)",
        "GELU(approximate='tanh')",
        "Softplus(beta=2.0, threshold=20.0)",
        "Softmax(dim=-1)",
    ]


def test_prelu_learns_weights_of_the_default_dtype():
    before = nnlite.dtype.get_default_dtype()
    try:
        nnlite.dtype.set_default_dtype(np.float64)
        layer = nn.PReLU(2, 1)
    finally:
        nnlite.dtype.set_default_dtype(before)
    assert layer.weight.dtype == np.float64 and layer.weight.detach().numpy().tolist() == [1.0, 1.0]
    layer(nnlite.tensor([[-3.0, 2.0], [-1.0, -5.0]]).double()).sum().backward()
    assert layer.weight.grad.numpy().tolist() == [-4.0, -5.0]
