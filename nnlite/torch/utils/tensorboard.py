"""torch.utils.tensorboard: not covered, and said when it is used rather than when it is imported."""

from typing import Any


class SummaryWriter:
    """Not covered: raises NotImplementedError."""

    def __init__(self, *args: Any, **kwargs: Any):
        raise NotImplementedError(
            "SummaryWriter: nnlite writes no TensorBoard files; print the losses, or keep them in a list for matplotlib"
        )
