"""torch.nn: nnlite's layers with device= and dtype=, DataParallel, and the old arguments of losses."""

from ... import nn as _nn
from ...nn import Module, Parameter, module as parameter
from ..names import missing, offer, public
from . import composites, factory, functional, init, loss, modules, parallel, utils
from .modules.activation import LogSoftmax, Softmax
from .parallel import DataParallel

_layers = {**public(_nn), **{name: layer for name, layer in public(composites).items() if name[0].isupper()}}
_layers.update({name: factory.with_factory_arguments(_layers[name]) for name in factory.LAYERS})
globals().update({name: thing for name, thing in _layers.items() if name not in globals()})
globals().update(loss.losses(_layers))

# Scripts look into these dictionaries of PyTorch's: for m in self._modules. Here they are made when somebody asks.
Module._modules = property(lambda self: dict(self._own(Module)))  # type: ignore[attr-defined]
Module._parameters = property(lambda self: dict(self._own(Parameter)))  # type: ignore[attr-defined]
Module._buffers = property(lambda self: dict(self._own_buffers()))  # type: ignore[attr-defined]

offer(__name__, parameter=parameter)
__getattr__ = missing(__name__)
