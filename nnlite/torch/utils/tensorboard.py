"""torch.utils.tensorboard: not covered; refused when it is used rather than when it is imported."""

from typing import Any

from ..differences import why_not


class SummaryWriter:
    """Not covered: raises NotImplementedError."""

    def __init__(self, *args: Any, **kwargs: Any):
        raise NotImplementedError(f"SummaryWriter: {why_not('torch.utils.tensorboard.SummaryWriter')}")
