"""torch.utils: data, and what its tensorboard would be for."""

from . import data, tensorboard
