"""Random numbers of the transforms, drawn from the library's generator, which `manual_seed` seeds."""

import numpy as np

from nnlite.backend import random


def uniform(low: float, high: float) -> float:
    """A number between low and high."""
    return low + (high - low) * float(random.uniform((), np.float64))


def happens(p: float) -> bool:
    """True with probability p."""
    return uniform(0.0, 1.0) < p


def below(n: int) -> int:
    """A whole number from 0 to n - 1."""
    return int(random.integers(0, n, ()))


def order(n: int) -> list[int]:
    """0 .. n-1 in random order."""
    return random.permutation(n).tolist()


def probability(p: float, name: str) -> float:
    """p itself. Raises ValueError for one that is not between 0 and 1."""
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"{name}: p is a probability in 0..1, got {p!r}")
    return p
