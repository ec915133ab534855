"""torch.nn.modules: the base classes that scripts ask for, under the names of PyTorch's files."""

from ....nn import (
    batch_norm as batchnorm, container, conv, dropout, linear, loss, module, pad as padding, pool as pooling,
)  # fmt: skip
from ....nn.module import Module
from ...names import missing
from . import activation, utils

__getattr__ = missing(__name__)
