"""torch.utils.data.distributed: not covered, because nnlite computes in one process."""

from typing import Any

from nnlite.torch.differences import why_not

from .sampler import Sampler


class DistributedSampler(Sampler):
    """Not covered: raises NotImplementedError."""

    def __init__(self, *args: Any, **kwargs: Any):
        raise NotImplementedError(f"DistributedSampler: {why_not('torch.utils.data.DistributedSampler')}")
