"""Models that are trained side by side, in one loop."""

from __future__ import annotations

import nnlite
from models.trainable import Trainable


class Several(Trainable):
    """Models under names, each trained on every batch. A step returns the "mse" of each; a subclass chooses its own."""

    def __init__(self, models: dict[str, Trainable]):
        self.models = models

    def train_step(self, *batch: nnlite.Tensor) -> dict[str, nnlite.Tensor]:
        return {name: model.train_step(*batch)["mse"] for name, model in self.models.items()}

    def components(self):
        return self.models
