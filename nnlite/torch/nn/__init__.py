"""torch.nn: nnlite's layers, DataParallel, and the old arguments of losses."""

import sys

from ... import nn as _nn
from ...nn import Module, Parameter
from ..names import missing, public
from . import functional, init, modules, parallel, utils
from .loss import losses
from .modules.activation import LogSoftmax, Softmax
from .parallel import DataParallel

globals().update({name: thing for name, thing in public(_nn).items() if name not in globals()})
globals().update(losses(_nn))

parameter = sys.modules["nnlite.nn.module"]  # torch.nn.parameter.Parameter
sys.modules[__name__ + ".parameter"] = parameter
__getattr__ = missing(__name__)
