"""torch.optim.lr_scheduler: nnlite's schedules, and the base class under its old name too."""

from ...optim import lr_scheduler as _schedules
from ..names import missing, public

globals().update({n: x for n, x in public(_schedules).items() if getattr(x, "__module__", "") == _schedules.__name__})
_LRScheduler = _schedules.LRScheduler

__getattr__ = missing(__name__)
