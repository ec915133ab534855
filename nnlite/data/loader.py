"""Batches of a dataset."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..backend import random
from .collate import collate


class DataLoader:
    """Batches of a dataset, in an order and with random changes that follow from the seed.

    dataset      anything with len() and [index] -> sample; images are (C, H, W). collate.py says what samples may be
    transform    optional transform(sample, rng) -> sample, for random crops and flips

    Epoch e draws its order from (seed, e) and sample i its random changes from (seed, e, i). So any batch can be
    made again without having made the ones before it, which is how an interrupted training goes on exactly where
    it stopped: `loader.batches(start=1234)`. A plain `for batch in loader` runs over one epoch, then the next.

    Without a seed, each loop draws one from the library's generator, which `manual_seed` starts. Runs that are to go
    on after an interruption need a seed of their own.
    """

    def __init__(
        self,
        dataset: Sequence[Any],
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        seed: int | None = None,
        transform: Callable[[Any, np.random.Generator], Any] | None = None,
        device: str = "cpu",
    ):
        if batch_size < 1:
            raise ValueError(f"DataLoader: batch_size must be at least 1, got {batch_size}")
        self.dataset, self.batch_size, self.shuffle, self.drop_last = dataset, batch_size, shuffle, drop_last
        self.seed, self.transform, self.device, self.epoch = seed, transform, device, 0
        if len(self) == 0:
            raise ValueError(f"DataLoader: {len(dataset)} samples give no batch of {batch_size}; use a smaller batch")

    def __len__(self) -> int:
        """Batches in an epoch."""
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        start, self.epoch = self.epoch * len(self), self.epoch + 1
        return itertools.islice(self.batches(start), len(self))

    def batches(self, start: int = 0) -> Iterator[Any]:
        """Batches without end, epoch after epoch, from batch number `start` on."""
        if start < 0:
            raise ValueError(f"DataLoader: start must not be negative, got {start}")
        seed = self.seed
        if seed is None and (self.shuffle or self.transform):  # reading held-out data in order draws no number
            seed = int(random.integers(0, 2**63, ()))
        while True:
            yield self._batch(seed, *divmod(start, len(self)))
            start += 1

    def _batch(self, seed, epoch, number):
        n = len(self.dataset)
        order = np.random.default_rng((seed, epoch)).permutation(n) if self.shuffle else range(n)
        chosen = order[number * self.batch_size : (number + 1) * self.batch_size]
        return collate([self._sample(seed, epoch, int(index)) for index in chosen], self.device)

    def _sample(self, seed, epoch, index):
        sample = self.dataset[index]
        return self.transform(sample, np.random.default_rng((seed, epoch, index))) if self.transform else sample
