"""torch.backends: switches that scripts set."""

from ...backends import cuda
from ..names import missing
from . import cudnn, mps

__getattr__ = missing(__name__)
