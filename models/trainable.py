"""What all models share: they move to a device, and training can continue from their saved state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from nnlite import CheckpointError, optim


class Trainable:
    """A model made of components that learn together. A subclass lists them in `components` and has its own train_step.

    A component is a network, an optimiser, another Trainable, or anything else with to, state_dict and load_state_dict.
    Settings such as the weight of a loss come from the constructor: they are not components and not in the state.
    """

    def components(self) -> dict[str, Any]:
        """Everything that training changes, under the names it has in a state."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """The kind of model, which is noted in its state."""
        return type(self).__name__

    def to(self, device: str) -> Self:
        """Move all networks to 'cpu' or 'gpu'; call it before the first step."""
        for component in self.components().values():
            if not isinstance(component, optim.Optimizer):  # it follows its parameters
                component.to(device)
        return self

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue training."""
        return {"kind": self.name, **{name: component.state_dict() for name, component in self.components().items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned. Raises CheckpointError if it is damaged or belongs to another model."""
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
