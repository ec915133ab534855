"""torch.amp: mixed precision, which nnlite does not have. Without a GPU PyTorch switches it off, and so does this."""

import warnings
from contextlib import ContextDecorator
from typing import Any

from ..cuda import is_available
from .differences import why_not
from .names import missing


def _switched_off(name: str, device: str, enabled: bool) -> None:
    """Raise NotImplementedError if it would be on; warn where PyTorch warns that it is off."""
    if not enabled:
        return
    if device != "cuda" or is_available():
        raise NotImplementedError(f"torch.amp.{name}: {why_not(f'torch.amp.{name}')}")
    warnings.warn(f"torch.amp.{name} is enabled, but there is no GPU. Disabling.", stacklevel=4)


class autocast(ContextDecorator):
    """Does nothing: enabled=False, or 'cuda' where there is no GPU. Raises NotImplementedError otherwise."""

    def __init__(self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None):
        _switched_off("autocast", str(device_type), enabled)

    def __enter__(self) -> "autocast":
        return self

    def __exit__(self, *exception: object) -> None:
        pass


class GradScaler:
    """One that is switched off, as `autocast` is: scale(loss) is the loss, step(optimizer) is optimizer.step()."""

    def __init__(
        self, device: str = "cuda", init_scale: float = 2.0**16, growth_factor: float = 2.0,
        backoff_factor: float = 0.5, growth_interval: int = 2000, enabled: bool = True,
    ):  # fmt: skip
        _switched_off("GradScaler", str(device), enabled)

    def scale(self, outputs: Any) -> Any:
        return outputs

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        return optimizer.step(*args, **kwargs)

    def unscale_(self, optimizer: Any) -> None:
        """Nothing was scaled."""

    def update(self, new_scale: Any = None) -> None:
        """There is no scale to change."""

    def get_scale(self) -> float:
        return 1.0

    def is_enabled(self) -> bool:
        return False

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """There is no state."""


__getattr__ = missing(__name__)
