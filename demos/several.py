"""Autoencoders that are trained side by side, in one loop."""

from __future__ import annotations

from typing import Any, Self

import nnlite
from models.autoencoder import Autoencoder


class Several:
    """Autoencoders under names, each trained on every batch. `losses` of a step are their errors under these names."""

    def __init__(self, models: dict[str, Autoencoder]):
        self.models = models

    def train_step(self, *batch: nnlite.Tensor) -> dict[str, nnlite.Tensor]:
        return {name: model.train_step(*batch)["mse"] for name, model in self.models.items()}

    def to(self, device: str) -> Self:
        for model in self.models.values():
            model.to(device)
        return self

    def state_dict(self) -> dict[str, Any]:
        return {name: model.state_dict() for name, model in self.models.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave. Raises CheckpointError for that of other models."""
        if state.keys() != self.models.keys():
            raise nnlite.CheckpointError(f"this is the state of {list(state)}, not of {list(self.models)}")
        for name, model in self.models.items():
            model.load_state_dict(state[name])
