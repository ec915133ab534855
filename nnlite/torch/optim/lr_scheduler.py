"""torch.optim.lr_scheduler: nnlite's schedules, one more, and the base class under its old name too."""

from ...optim import lr_scheduler as _schedules
from ..names import missing, public

globals().update({n: x for n, x in public(_schedules).items() if getattr(x, "__module__", "") == _schedules.__name__})
_LRScheduler = _schedules.LRScheduler


class ExponentialLR(_schedules._Chainable):
    """lr = base_lr gamma^epoch."""

    def __init__(self, optimizer: _schedules.Optimizer, gamma: float, last_epoch: int = -1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def share(self, epoch: int) -> float:
        return self.gamma**epoch


__getattr__ = missing(__name__)
