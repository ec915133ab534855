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

# Scripts look into these dictionaries of PyTorch's: for m in self._modules. Here they are made when somebody asks.
Module._modules = property(lambda self: dict(self._own(Module)))  # type: ignore[attr-defined]
Module._parameters = property(lambda self: dict(self._own(Parameter)))  # type: ignore[attr-defined]
Module._buffers = property(lambda self: dict(self._own_buffers()))  # type: ignore[attr-defined]

offer(__name__, parameter=parameter)
__getattr__ = missing(__name__)
