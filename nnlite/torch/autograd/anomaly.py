"""PyTorch's search for NaNs: in backward passes only. nnlite.detect_anomaly looks at forward passes too."""

from typing import Any

from ...errors import NonFiniteError
from ...function import Function, state


def _refuse_nan(node: Function, inputs: list[Any], outputs: list[Any], where: str = "") -> None:
    if where == ".backward" and any(bool(node.xp.isnan(grad).any()) for grad in outputs):
        raise NonFiniteError(f"{type(node).__name__}{where} made a NaN; nnlite.detect_anomaly() also looks at forward")


class set_detect_anomaly:
    """From the call on, a backward pass of this thread that makes a NaN raises; after a `with` all is as before."""

    def __init__(self, mode: bool, check_nan: bool = True):
        self.before, state.inspect = state.inspect, _refuse_nan if mode and check_nan else None

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        state.inspect = self.before


class detect_anomaly:
    """Inside, a backward pass of this thread that makes a NaN raises NonFiniteError with the operation's name."""

    def __init__(self, check_nan: bool = True):
        self.check_nan = check_nan

    def __enter__(self) -> None:
        self.inside = set_detect_anomaly(True, self.check_nan)

    def __exit__(self, *exception: object) -> None:
        self.inside.__exit__()
