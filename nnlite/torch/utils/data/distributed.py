"""torch.utils.data.distributed: not covered, because nnlite computes in one process."""

from typing import Any

from .sampler import Sampler


class DistributedSampler(Sampler):
    """Not covered: raises NotImplementedError."""

    def __init__(self, *args: Any, **kwargs: Any):
        raise NotImplementedError(
            "DistributedSampler: nnlite computes in one process; use DataLoader(dataset, shuffle=True), no sampler"
        )
