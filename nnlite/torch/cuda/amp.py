"""torch.cuda.amp: torch.amp for the GPU, under its old name."""

from typing import Any

from .. import amp
from ..names import missing


class autocast(amp.autocast):
    """torch.amp.autocast("cuda", ...)"""

    def __init__(self, enabled: bool = True, dtype: Any = None, cache_enabled: bool = True):
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """torch.amp.GradScaler("cuda", ...)"""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__("cuda", *args, **kwargs)


__getattr__ = missing(__name__)
