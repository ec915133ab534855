"""What all models here share while they are trained: a device to be on, and a state from which to go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from nnlite import CheckpointError, optim


class Trainable:
    """Some parts that learn together. A subclass names them in `parts`; how they learn is its own affair.

    A part is a network, the optimiser of one, again a Trainable, or anything with to, state_dict and load_state_dict.
    What else a model has (a weight in its loss, a strategy) comes from its constructor and is no part: it is not in the
    state.
    """

    def components(self) -> dict[str, Any]:
        """All that training changes, under the names that a state has for it."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """What a state says it is of."""
        return type(self).__name__

    def to(self, device: str) -> Self:
        """Move all networks to 'cpu' or 'gpu'; call it before the first step."""
        for component in self.components().values():
            if not isinstance(component, optim.Optimizer):  # it goes where its parameters are
                component.to(device)
        return self

    def state_dict(self) -> dict[str, Any]:
        """Everything that a training needs to go on."""
        return {"kind": self.name, **{name: component.state_dict() for name, component in self.components().items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave. Raises CheckpointError if it is damaged or another model's."""
        if not isinstance(state, Mapping):
            raise CheckpointError(f"the state of {self.name} must be a dictionary, got {state!r:.50}")
        kind = state.get("kind", self.name)
        if kind != self.name:
            raise CheckpointError(f"this is a state of {kind}, not of {self.name}")
        missing = [name for name in self.components() if name not in state]
        if missing:
            raise CheckpointError(f"this state has no {', '.join(missing)}; it is not that of {self.name}")
        for name, component in self.components().items():
            try:
                component.load_state_dict(state[name])
            except (TypeError, CheckpointError) as error:
                raise CheckpointError(f"{name} of {self.name}: {error}") from error
