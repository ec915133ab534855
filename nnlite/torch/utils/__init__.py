"""torch.utils: data, and a tensorboard that refuses by name."""

from . import data, tensorboard
