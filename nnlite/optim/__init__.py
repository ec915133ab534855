"""Optimisers, in order of complexity: SGD, Adam."""

from .adam import Adam
from .optimizer import Optimizer
from .sgd import SGD
