"""Generator: a stream of random numbers of its own, which no other draw disturbs."""

import secrets
from typing import Any

import numpy as np

from nnlite import backend as backends

DEFAULT_SEED = 67280421310721  # PyTorch's


class Generator:
    """torch.Generator().manual_seed(3), for every argument called `generator`. The numbers are not PyTorch's.

    It draws with the functions of nnlite.backend.random, under their names, so `(generator or random).uniform(...)` is
    all that a function needs. A generator for the GPU draws on the CPU, and its numbers are moved.
    """

    def __init__(self, device: Any = "cpu"):
        self.device = device
        self.manual_seed(DEFAULT_SEED)

    def manual_seed(self, seed: int) -> "Generator":
        """Start again from this seed. Returns the generator itself."""
        self._seed, self._numbers = int(seed), np.random.default_rng(int(seed) % 2**64)
        return self

    def seed(self) -> int:
        """Start again from a random seed, and return it."""
        return self.manual_seed(secrets.randbits(63)).initial_seed()

    def initial_seed(self) -> int:
        return self._seed

    def get_state(self) -> Any:
        """Its place in the stream, as a dictionary of plain numbers."""
        return self._numbers.bit_generator.state

    def set_state(self, new_state: Any) -> None:
        """Go on from a state that `get_state` returned."""
        self._numbers.bit_generator.state = new_state

    def uniform(self, shape: Any, dtype: Any = np.float32, device: Any = "cpu") -> Any:
        """Numbers in [0, 1), an array on the device."""
        return backends.to_device(self._numbers.random(shape).astype(dtype), device)

    def normal(self, shape: Any, dtype: Any = np.float32, device: Any = "cpu") -> Any:
        """Numbers from N(0, 1), an array on the device."""
        return backends.to_device(self._numbers.standard_normal(shape).astype(dtype), device)

    def integers(self, low: int, high: int, shape: Any) -> np.ndarray:
        """Whole numbers with low <= number < high."""
        return self._numbers.integers(low, high, shape)

    def permutation(self, n: int) -> np.ndarray:
        """0 .. n-1 in random order."""
        return self._numbers.permutation(n)


def source(generator: Generator | None) -> Any:
    """What to draw from: the generator, or the library's own if there is none. Raises TypeError for anything else."""
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(
            f"generator: expected torch.Generator().manual_seed(seed) or None, got {type(generator).__name__}"
        )
    return generator or backends.random
