"""Random numbers that are the same in both libraries: initial weights, noise, dropout, the order of samples.

Each is drawn from a generator of its own, seeded by what is drawn (uniform numbers of shape (64, 10), say) and by how
often that was drawn before. So the same network has the same weights in both libraries, even where one of them draws
them in another order, or draws something that the other does not need.
"""

from __future__ import annotations

import math
from collections import Counter
from types import ModuleType
from typing import Any
from zlib import crc32

import numpy as np

SHAKE = 1e-6  # relative


class Chance:
    """All the random numbers of a run, with `shaken` changed by about as much as rounding changes results."""

    def __init__(self, shaken: bool = False) -> None:
        self.shaken = shaken
        self.start(0)

    def start(self, seed: int) -> None:
        """Start again, as manual_seed does."""
        self.seed, self.drawn = abs(int(seed)), Counter[Any]()

    def _generator(self, *what: Any) -> np.random.Generator:
        self.drawn[what] += 1
        return np.random.default_rng((self.seed, crc32(repr(what).encode()), self.drawn[what]))

    def uniform(self, shape: Any, dtype: Any = np.float32, device: Any = "cpu") -> np.ndarray:
        """Numbers in [0, 1)."""
        shape = _tuple(shape)
        return self._shaken(self._generator("uniform", shape).random(shape, np.float32)).astype(dtype)

    def normal(self, shape: Any, dtype: Any = np.float32, device: Any = "cpu") -> np.ndarray:
        """Numbers from N(0, 1)."""
        shape = _tuple(shape)
        return self._shaken(self._generator("normal", shape).standard_normal(shape, np.float32)).astype(dtype)

    def _shaken(self, numbers: Any) -> np.ndarray:
        noise = np.random.default_rng(0).uniform(0.0, SHAKE, np.shape(numbers)) if self.shaken else 0.0
        return np.asarray(numbers * (1.0 - noise))

    def integers(self, low: int, high: int, shape: Any) -> np.ndarray:
        """Whole numbers with low <= number < high."""
        shape = _tuple(shape)
        return np.asarray(self._generator("integers", shape).integers(low, high, shape))

    def permutation(self, n: int) -> np.ndarray:
        """0 .. n-1 in random order."""
        return self._generator("permutation", int(n)).permutation(int(n))

    def choices(self, weights: np.ndarray, count: int, replacement: bool) -> np.ndarray:
        """`count` places in the last axis, each drawn with a probability that is proportional to its weight."""
        shape = (*weights.shape[:-1], count if replacement else 1, weights.shape[-1])
        with np.errstate(divide="ignore"):  # a weight of 0 is never drawn
            keys = np.log(weights)[..., None, :] - np.log(-np.log(self.uniform(shape, np.float64)))  # Gumbel's trick
        return keys.argmax(-1) if replacement else (-keys[..., 0, :]).argsort(-1)[..., :count]


def _tuple(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if np.ndim(shape) == 0 else tuple(int(n) for n in shape)


def into_nnlite(chance: Chance) -> None:
    """nnlite draws from `chance`: everything there comes from the four functions of backend/random.py."""
    from nnlite.backend import random

    for name in ("uniform", "normal", "integers", "permutation"):
        setattr(random, name, getattr(chance, name))


def into_torch(chance: Chance) -> None:
    """PyTorch draws from `chance`: every function in Python that draws is replaced."""
    import torch
    import torch.nn.functional as F

    for module, drawing in ((torch, Functions(chance)), (torch.Tensor, Methods(chance)), (F, Dropouts(chance))):
        for name in vars(type(drawing)):
            if not name.startswith("__"):
                setattr(module, name, _unbound(getattr(drawing, name)))
    torch.utils.data.RandomSampler.__iter__ = _sampler(torch.utils.data.RandomSampler.__iter__, chance)


def into_both(torch: ModuleType, chance: Chance) -> None:
    """What scripts start themselves, and what each library would compute in its own way from the same numbers."""

    def multinomial(input, num_samples, replacement=False, *, generator=None):
        weights = np.asarray(input.detach().cpu().numpy(), np.float64)
        return torch.tensor(chance.choices(weights, num_samples, replacement).tolist()).long()

    def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
        values = np.clip(mean + std * chance.normal(tuple(tensor.shape)), a, b).astype(np.float32)
        with torch.no_grad():
            return tensor.copy_(torch.from_numpy(values))

    def orthogonal_(tensor, gain=1.0, generator=None):
        shape = tuple(tensor.shape)
        drawn = chance.normal((shape[0], int(np.prod(shape[1:]))), np.float64)
        q, r = np.linalg.qr(drawn if drawn.shape[0] >= drawn.shape[1] else drawn.T)
        q = q * np.sign(np.diag(r))
        values = gain * (q if drawn.shape[0] >= drawn.shape[1] else q.T).reshape(shape)
        with torch.no_grad():
            return tensor.copy_(torch.from_numpy(values.astype(np.float32)))

    def sample(self, sample_shape=()):
        drawn = chance.choices(np.asarray(self.probs.detach().numpy(), np.float64), math.prod(sample_shape), True)
        return torch.from_numpy(np.moveaxis(drawn, -1, 0).reshape(*sample_shape, *drawn.shape[:-1]).copy())

    torch.manual_seed = _seeding(torch.manual_seed, chance)
    torch.nn.init.orthogonal_ = orthogonal_
    torch.distributions.Categorical.sample = sample
    if hasattr(torch, "multinomial"):
        torch.multinomial = type(torch.zeros(1)).multinomial = multinomial
    torch.nn.init.trunc_normal_ = trunc_normal_


def _seeding(original, chance):
    def manual_seed(seed):
        chance.start(seed)
        return original(seed)

    return manual_seed


def _unbound(method):
    """A plain function, which becomes a method where a class gets it."""
    return lambda *arguments, **options: method(*arguments, **options)


def _sampler(original, chance):
    """RandomSampler draws one order too many at the end of an epoch: here it draws one for each."""

    def samples(self):
        if self.replacement or self.num_samples != len(self.data_source):
            return original(self)
        return iter(chance.permutation(len(self.data_source)).tolist())

    return samples


class Functions:
    """torch.NAME"""

    def __init__(self, chance: Chance):
        self.__chance = chance

    def rand(self, *size, **options):
        return _created(self.__chance.uniform, size, **options)

    def randn(self, *size, **options):
        return _created(self.__chance.normal, size, **options)

    def rand_like(self, input, **options):
        return _created(self.__chance.uniform, input.shape, **{"dtype": input.dtype, **_like(options)})

    def randn_like(self, input, **options):
        return _created(self.__chance.normal, input.shape, **{"dtype": input.dtype, **_like(options)})

    def randint(self, *arguments, low=0, high=None, size=None, dtype=None, **options):
        *bounds, size = arguments if size is None else (*arguments, size)
        low, high = (low, high) if not bounds else (low, bounds[0]) if len(bounds) == 1 else bounds
        return _created(lambda s: self.__chance.integers(low, high, s), size, dtype=dtype or _torch().int64, **options)

    def randperm(self, n, *, dtype=None, **options):
        numbers = _torch().from_numpy(self.__chance.permutation(n))
        return numbers if dtype is None else numbers.to(dtype)

    def normal(self, mean=0.0, std=1.0, size=None, *, generator=None, out=None, **options):
        if size is not None:
            return mean + std * _created(self.__chance.normal, size, **options)
        shape = np.broadcast_shapes(*(getattr(value, "shape", ()) for value in (mean, std)))
        return mean + std * _created(self.__chance.normal, shape)

    def bernoulli(self, input, p=None, *, generator=None):
        drawn = _created(self.__chance.uniform, input.shape)
        return (drawn < (input if p is None else p)).to(input.dtype)


class Methods:
    """torch.Tensor.NAME"""

    def __init__(self, chance: Chance):
        self.__chance = chance

    def uniform_(self, tensor, *bounds, generator=None, **named):
        given = (*bounds, *named.values())  # called `from` and `to`, the first of which cannot be written here
        low, high = (*given, *(0.0, 1.0)[len(given) :])
        return tensor.copy_(low + (high - low) * _created(self.__chance.uniform, tensor.shape))

    def normal_(self, tensor, mean=0.0, std=1.0, *, generator=None):
        return tensor.copy_(mean + std * _created(self.__chance.normal, tensor.shape))

    def random_(self, tensor, *bounds, generator=None, **named):
        bounds = (*bounds, *named.values())
        if not tensor.shape and not bounds:
            return tensor.fill_(0)  # the seed that DataLoader has for workers: there are none here
        low, high = (0, bounds[0]) if len(bounds) == 1 else bounds or (0, 2**24)
        return tensor.copy_(_created(lambda s: self.__chance.integers(low, high, s), tensor.shape))

    def bernoulli_(self, tensor, p=0.5, *, generator=None):
        return tensor.copy_(_created(self.__chance.uniform, tensor.shape) < p)

    def bernoulli(self, tensor, p=None, *, generator=None):
        return _torch().bernoulli(tensor, p)

    def exponential_(self, tensor, lambd=1.0, *, generator=None):
        return tensor.copy_(-_torch().log1p(-_created(self.__chance.uniform, tensor.shape)) / lambd)


class Dropouts:
    """torch.nn.functional.NAME, drawing as images lie in nnlite's memory: pixel by pixel"""

    def __init__(self, chance: Chance):
        self.__chance = chance

    def dropout(self, input, p=0.5, training=True, inplace=False):
        if not training or p == 0:
            return input
        shape = tuple(input.shape)
        if len(shape) == 4:
            keep = np.moveaxis(self.__chance.uniform((shape[0], *shape[2:], shape[1])), -1, 1)
        else:
            keep = self.__chance.uniform(shape)
        return _scaled(input, keep >= p, p, inplace)

    def dropout2d(self, input, p=0.5, training=True, inplace=False):
        if not training or p == 0:
            return input
        shape = (*input.shape[:2], *(1 for _ in input.shape[2:]))
        return _scaled(input, self.__chance.uniform(shape) >= p, p, inplace)

    dropout1d = dropout3d = dropout2d


def _scaled(input, keep, p, inplace):
    factor = _torch().from_numpy(np.ascontiguousarray(keep)).to(input.dtype) / (1.0 - p if p < 1 else 1.0)
    return input.mul_(factor) if inplace else input * factor


def _like(options):
    return {name: value for name, value in options.items() if value is not None and name != "memory_format"}


def _created(draw, size, *, dtype=None, device=None, requires_grad=False, **rest):
    """The numbers that draw(shape) gives, as a tensor of PyTorch."""
    torch = _torch()
    size = rest.get("size", size)
    shape = tuple(size[0]) if len(size) == 1 and np.ndim(size[0]) else tuple(size)
    tensor = torch.from_numpy(np.ascontiguousarray(draw(shape)).reshape(shape))
    dtype = dtype or (torch.get_default_dtype() if tensor.is_floating_point() else tensor.dtype)
    return tensor.to(dtype).requires_grad_(requires_grad)


def _torch():
    import torch

    return torch
