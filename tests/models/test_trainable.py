"""What all models share: components under names, moved together, saved and loaded together."""

import numpy as np
import pytest

import nnlite
from models.trainable import Trainable
from nnlite import nn, optim


class Pair(Trainable):
    """A line and its optimiser, in it another such."""

    def __init__(self, inner=None):
        self.line, self.inner = nn.Linear(2, 1), inner
        self.optimizer = optim.Adam(self.line.parameters(), 0.1)

    def components(self):
        return {"line": self.line, "optimizer": self.optimizer} | ({"inner": self.inner} if self.inner else {})

    def step(self):
        self.optimizer.zero_grad()
        self.line(nnlite.ones(3, 2)).sum().backward()
        self.optimizer.step()


def weights(pair):
    return [p.detach().numpy().copy() for each in (pair, pair.inner) for p in each.line.parameters()]


def test_a_state_holds_networks_and_optimisers_at_every_depth(tmp_path):
    model = Pair(Pair())
    model.step(), model.inner.step()
    nnlite.save(model.state_dict(), tmp_path / "c.safetensors")
    other = Pair(Pair())
    other.load_state_dict(nnlite.load(tmp_path / "c.safetensors"))
    for each in (model, other):  # Adam goes on from the same moments
        each.step(), each.inner.step()
    assert all(np.array_equal(a, b) for a, b in zip(weights(model), weights(other), strict=True))


def test_a_state_of_another_model_is_refused():
    class Other(Pair):
        pass

    state = Pair().state_dict()
    with pytest.raises(nnlite.CheckpointError, match="a state of Pair, not of Other"):
        Other().load_state_dict(state)
    with pytest.raises(nnlite.CheckpointError, match="no inner; it is not that of Pair"):
        Pair(Pair()).load_state_dict(state)
    del state["kind"]  # without a kind, the components decide
    Other().load_state_dict(state)


def test_all_networks_move(gpu):
    model = Pair(Pair())
    assert model.to("gpu") is model
    assert [p.device for each in (model, model.inner) for p in each.line.parameters()] == ["gpu"] * 4
