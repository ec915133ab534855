"""torch.optim: nnlite's optimisers."""

from ... import optim as _optim
from ...optim import optimizer
from ..names import missing, offer, public
from . import lr_scheduler

globals().update(public(_optim))
offer(__name__, optimizer=optimizer)
__getattr__ = missing(__name__)
