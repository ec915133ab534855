"""Random numbers: NumPy's generator for the CPU, and one that lives on the GPU (gpu/philox.py), both from one seed.

Initial weights are drawn on the CPU and moved, so one seed gives the same network everywhere. So are noise and dropout
on the plain backend; the kernels draw them on the GPU, and they differ from the CPU's, as in PyTorch. The state of both
generators is one small dictionary that fits in a checkpoint. All threads share them.
"""

import os
from typing import Any

import numpy as np

from .. import backend as backends
from ..errors import CheckpointError
from .plain import Plain

_generator = np.random.default_rng(0)
_gpu_generator: Any = None  # made when it is first needed
_gpu_start = (0, 0)  # where it starts: its seed, and its place in the row of numbers
_held: Any = None  # the lock that is held while the process forks


def manual_seed(seed: int) -> None:
    """Restart the generators of initial weights, noise and dropout from `seed`."""
    global _generator
    _generator = np.random.default_rng(seed)
    _start_gpu(int(seed) % 2**64, 0)


def get_rng_state() -> dict:
    """The generators' state, as a dictionary of plain numbers (fit for JSON)."""
    seed, place = _gpu_generator.where() if _gpu_generator else _gpu_start
    return {**_generator.bit_generator.state, "gpu": {"seed": seed, "place": place}}


def set_rng_state(state: dict) -> None:
    """Go on from a state that `get_rng_state` returned. Raises CheckpointError for anything else."""
    trial = np.random.PCG64(0)  # so that a refused state changes nothing
    try:
        numpys: Any = {name: value for name, value in state.items() if name != "gpu"}
        gpu = state.get("gpu", {})  # not in checkpoints from before there was a generator on the GPU
        start = gpu.get("seed", 0), gpu.get("place", 0)
        trial.state = numpys
        if trial.state != numpys or not all(isinstance(n, int) and 0 <= n < 2**64 for n in start):
            raise ValueError("a number is out of range")
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"this is not a state of nnlite's random numbers ({error}); pass what get_rng_state returned"
        ) from error
    _generator.bit_generator.state = numpys
    if gpu:
        _start_gpu(*start)


def uniform(shape, dtype=np.float32, device="cpu") -> Any:
    """Numbers in [0, 1), an array on the device."""
    own = _gpus_own(device)
    numbers = own.uniform(shape, _drawn(dtype)) if own else _generator.random(shape, dtype=_drawn(dtype))
    return backends.to_device(numbers.astype(dtype, copy=False), device)


def normal(shape, dtype=np.float32, device="cpu") -> Any:
    """Numbers from N(0, 1), an array on the device."""
    own = _gpus_own(device)
    numbers = own.normal(shape, _drawn(dtype)) if own else _generator.standard_normal(shape, dtype=_drawn(dtype))
    return backends.to_device(numbers.astype(dtype, copy=False), device)


def integers(low, high, shape) -> np.ndarray:
    """Whole numbers with low <= number < high."""
    return _generator.integers(low, high, shape)


def permutation(n) -> np.ndarray:
    """0 .. n-1 in random order."""
    return _generator.permutation(n)


def _gpus_own(device):
    """The generator on the GPU; None on the CPU, and with the plain backend, which draws there."""
    global _gpu_generator
    if backends.canonical(device) == "cpu" or type(backends.on("gpu")) is Plain:
        return None
    if _gpu_generator is None:
        from .gpu.philox import Generator

        _gpu_generator = Generator(*_gpu_start)
    return _gpu_generator


def _start_gpu(seed, place):
    global _gpu_start
    _gpu_start = seed, place
    if _gpu_generator is not None:
        _gpu_generator.start(seed, place)


def _drawn(dtype):
    """The dtype that numbers are drawn in: the wider ones only."""
    return np.float64 if np.dtype(dtype) == np.float64 else np.float32


def _before_fork():
    """Wait for another thread that draws: in the child its lock would stay locked."""
    global _held
    lock = _generator.bit_generator.lock
    lock.acquire()
    _held = lock


def _after_fork():
    _held.release()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
