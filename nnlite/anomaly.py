"""Where did the NaN come from? Slow, so only when asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .errors import NonFiniteError
from .function import Function, state


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """Inside, the first operation of this thread that makes a NaN or infinity raises NonFiniteError with its name."""
    before, state.inspect = state.inspect, _refuse_non_finite
    try:
        yield
    finally:
        state.inspect = before


def _refuse_non_finite(node: Function, inputs: list[Any], outputs: list[Any], where: str = "") -> None:
    def finite(arrays):
        return all(bool(node.xp.isfinite(a).all()) for a in arrays if hasattr(a, "dtype"))

    if not finite(outputs):
        shapes = ", ".join(str(a.shape) for a in inputs if hasattr(a, "dtype"))
        cause = "from finite inputs" if finite(inputs) else "but an input already had one: look at data and weights"
        raise NonFiniteError(f"{type(node).__name__}{where} made a NaN or infinity, {cause} (shapes {shapes})")
