"""torch.nn: nnlite's layers, DataParallel, and the old arguments of losses."""

from ... import nn as _nn
from ...nn import Module, Parameter, module as parameter
from ..names import missing, offer, public
from . import composites, functional, init, modules, parallel, utils
from .loss import losses
from .modules.activation import LogSoftmax, Softmax
from .parallel import DataParallel

_layers = {**public(_nn), **{name: layer for name, layer in public(composites).items() if name[0].isupper()}}
globals().update({name: thing for name, thing in _layers.items() if name not in globals()})
globals().update(losses(_layers))

offer(__name__, parameter=parameter)
__getattr__ = missing(__name__)
