"""Dense layers and transitions against PyTorch, and how maps grow."""

import numpy as np
import pytest

from models.densenet import DenseLayer, DenseNet, transition
from nnlite import Tensor

from .classifier_twins import check_twin


def test_a_layer_is_pytorchs_and_keeps_what_came(torch, rng):
    t = torch.nn

    class Twin(t.Sequential):
        def forward(self, x):
            return torch.cat([x, super().forward(x)], 1)

    theirs = Twin(t.BatchNorm2d(5), t.ReLU(), t.Conv2d(5, 3, 3, padding=1, bias=False))
    check_twin(torch, DenseLayer(5, 3), theirs, rng.standard_normal((3, 5, 6, 7)))
    x = rng.standard_normal((2, 5, 4, 4)).astype(np.float32)
    np.testing.assert_array_equal(DenseLayer(5, 3)(Tensor(x)).detach().numpy()[:, :5], x)


def test_a_transition_is_pytorchs(torch, rng):
    t = torch.nn
    theirs = t.Sequential(t.BatchNorm2d(6), t.ReLU(), t.Conv2d(6, 3, 1, bias=False), t.AvgPool2d(2))
    check_twin(torch, transition(6, 3), theirs, rng.standard_normal((3, 6, 7, 8)))


@pytest.mark.parametrize("growth, layers, maps", [(8, (3, 3, 3), 46), (4, (2,), 16), (5, (1, 2), 17)])
def test_maps_grow_by_layer_and_are_halved_between_blocks(growth, layers, maps):
    """2 growth at first: 16 + 24 = 40, 20 + 24 = 44, 22 + 24 = 46 for the default, for instance."""
    network = DenseNet(growth, layers)
    assert network.output.in_features == maps
    assert sum(isinstance(m, DenseLayer) for m in network.modules()) == sum(layers)
