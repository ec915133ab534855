"""The default random numbers as a torch.Generator, and the functions that seed them."""

import secrets
from typing import Any

from ..backend import random
from .generator import Generator


class _Default(Generator):
    """nnlite's own generator, from which everything draws that is given no other."""

    uniform, normal = staticmethod(random.uniform), staticmethod(random.normal)
    integers, permutation = staticmethod(random.integers), staticmethod(random.permutation)

    def __init__(self) -> None:
        self.device = "cpu"

    def get_state(self) -> Any:
        return random.get_rng_state()

    def set_state(self, new_state: Any) -> None:
        random.set_rng_state(new_state)

    def manual_seed(self, seed: int) -> "_Default":
        random.manual_seed(int(seed) % 2**64)  # -1 is the largest, as in PyTorch
        return self

    def seed(self) -> int:
        return self.manual_seed(secrets.randbits(63)).initial_seed()

    def initial_seed(self) -> int:
        return random._gpu_start[0]


default_generator = _Default()
manual_seed = default_generator.manual_seed
seed = default_generator.seed
initial_seed = default_generator.initial_seed
