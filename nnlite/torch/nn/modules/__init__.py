"""torch.nn.modules: the base classes that scripts ask for, under the names of PyTorch's files."""

from ....nn import (
    batch_norm as batchnorm, container, conv, dropout, linear, loss, module, pad as padding, pool as pooling,
)  # fmt: skip
from ....nn.module import Module
from ...names import missing, offer
from . import activation, utils

offer(
    __name__, batchnorm=batchnorm, container=container, conv=conv, dropout=dropout, linear=linear, loss=loss,
    module=module, padding=padding, pooling=pooling,
)  # fmt: skip
__getattr__ = missing(__name__)
