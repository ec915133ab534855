"""torch.optim: nnlite's optimisers."""

from ... import optim as _optim
from ..names import missing, public
from . import lr_scheduler

globals().update(public(_optim))
__getattr__ = missing(__name__)
