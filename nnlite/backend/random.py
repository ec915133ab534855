"""Random numbers: one NumPy generator for everything, whatever the device.

Numbers are drawn on the CPU and handed to the backend that asks, so one seed gives the same weights, noise
and dropout on both devices, and the whole state is a small dictionary that fits in a checkpoint.
"""

import numpy as np

_generator = np.random.default_rng(0)


def manual_seed(seed: int) -> None:
    """Restart the generator of initial weights, noise and dropout from `seed`."""
    global _generator
    _generator = np.random.default_rng(seed)


def get_rng_state() -> dict:
    """The generator's state, as a dictionary of plain numbers (fit for JSON)."""
    return dict(_generator.bit_generator.state)


def set_rng_state(state: dict) -> None:
    """Go on from a state that `get_rng_state` returned."""
    _generator.bit_generator.state = state


def uniform(shape, dtype=np.float32) -> np.ndarray:
    """Numbers in [0, 1)."""
    return _generator.random(shape, dtype=_drawn(dtype)).astype(dtype, copy=False)


def normal(shape, dtype=np.float32) -> np.ndarray:
    """Numbers from N(0, 1)."""
    return _generator.standard_normal(shape, dtype=_drawn(dtype)).astype(dtype, copy=False)


def integers(low, high, shape) -> np.ndarray:
    """Whole numbers with low <= number < high."""
    return _generator.integers(low, high, shape)


def permutation(n) -> np.ndarray:
    """0 .. n-1 in random order."""
    return _generator.permutation(n)


def _drawn(dtype):
    """The dtype that NumPy draws numbers in: the wider ones only."""
    return np.float64 if np.dtype(dtype) == np.float64 else np.float32
