"""Samplers: which samples of a dataset come when."""

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from nnlite import as_tensor
from nnlite.torch.generator import Generator, source

T = TypeVar("T", covariant=True)


class Sampler(Generic[T]):
    """Base class: __iter__ gives indices (or lists of them, for batch_sampler=), __len__ how many."""

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError(f"{type(self).__name__} defines no __iter__")


class SequentialSampler(Sampler[int]):
    """0 .. n-1 in this order."""

    def __init__(self, data_source: Sized):
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """0 .. n-1 in a new random order each time; with replacement each index is drawn from all of them.

    There are num_samples indices, n unless given; without replacement one pass over all follows another.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ):
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples
        _check_flag("RandomSampler: replacement", replacement, TypeError)
        _check_positive("RandomSampler: num_samples (the dataset's length unless given)", self.num_samples)

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n, numbers = len(self.data_source), source(self.generator)
        if self.replacement:
            yield from numbers.integers(0, n, self.num_samples).tolist()
            return
        for start in range(0, self.num_samples, n):
            yield from numbers.permutation(n)[: self.num_samples - start].tolist()

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None):
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        return (self.indices[i] for i in source(self.generator).permutation(len(self.indices)).tolist())

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """num_samples indices, each drawn in proportion to its weight; without replacement none comes twice.

    Without replacement index i gets the key u_i^(1/w_i), u_i uniform in 0..1, and the largest keys win (Efraimidis &
    Spirakis 2006): the same as drawing one after the other from those that are left.
    """

    def __init__(self, weights: Any, num_samples: int, replacement: bool = True, generator: Generator | None = None):
        _check_positive("WeightedRandomSampler: num_samples", num_samples)
        _check_flag("WeightedRandomSampler: replacement", replacement, ValueError)
        self.weights = as_tensor(weights, np.float64)
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator
        array = self.weights.numpy()
        if array.ndim != 1:
            raise ValueError(f"WeightedRandomSampler: weights must have one axis, got shape {array.shape}")
        if not (np.isfinite(array).all() and (array >= 0).all() and array.any()):
            raise ValueError("WeightedRandomSampler: weights are finite, not negative, and not all 0")
        if not replacement and num_samples > (there := np.count_nonzero(array)):
            raise ValueError(
                f"WeightedRandomSampler: {num_samples} samples, but only {there} weights above 0; pass replacement=True"
            )

    def __iter__(self) -> Iterator[int]:
        numbers, weights = source(self.generator), self.weights.numpy()
        if self.replacement:
            ends = np.cumsum(weights)
            drawn = np.searchsorted(ends, ends[-1] * numbers.uniform(self.num_samples, np.float64), side="right")
        else:
            possible = np.flatnonzero(weights)
            keys = np.log1p(-numbers.uniform(len(possible), np.float64)) / weights[possible]
            drawn = possible[np.argsort(-keys)][: self.num_samples]
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of batch_size indices of another sampler; the last list is shorter, or with drop_last left out."""

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool):
        _check_positive("BatchSampler: batch_size", batch_size)
        _check_flag("BatchSampler: drop_last", drop_last, ValueError)
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        return in_batches(self.sampler, self.batch_size, self.drop_last)

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)  # type: ignore[arg-type]
        return whole + (rest > 0 and not self.drop_last)


def in_batches(items: Iterable[Any], size: int, drop_last: bool) -> Iterator[list[Any]]:
    """Lists of `size` items; those left over at the end make a shorter one, unless drop_last."""
    remaining = iter(items)
    while batch := list(itertools.islice(remaining, size)):
        if len(batch) == size or not drop_last:
            yield batch


def _check_positive(what: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{what} is a whole number above 0, got {value!r}")


def _check_flag(what: str, value: Any, error: type[Exception]) -> None:
    if not isinstance(value, bool):
        raise error(f"{what} is True or False, got {value!r}")
