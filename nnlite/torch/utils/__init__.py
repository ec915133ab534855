"""torch.utils: data, and a tensorboard that refuses by name."""

from ..names import missing
from . import data, tensorboard

__getattr__ = missing(__name__)
