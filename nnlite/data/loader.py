"""Batches of a dataset."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import backend as backends
from ..backend.layout import channels_first, channels_last
from ..tensor import Tensor


class DataLoader:
    """Batches of a dataset, in an order and with random changes that follow from the seed alone.

    dataset      anything with len() and [index] -> a tuple of arrays; images are (C, H, W)
    transform    optional transform(sample, rng) -> sample, for random crops and flips

    Epoch e draws its order from (seed, e) and sample i its random changes from (seed, e, i). So any batch can be
    made again without having made the ones before it, which is how an interrupted training goes on exactly where
    it stopped: `loader.batches(start=1234)`. A plain `for batch in loader` runs over one epoch, then the next.
    """

    def __init__(
        self,
        dataset: Sequence[Any],
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        seed: int = 0,
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

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        epoch, self.epoch = self.epoch, self.epoch + 1
        return (self._batch(epoch, i) for i in range(len(self)))

    def batches(self, start: int = 0) -> Iterator[tuple[Tensor, ...]]:
        """Batches without end, epoch after epoch, from batch number `start` on."""
        if start < 0:
            raise ValueError(f"DataLoader: start must not be negative, got {start}")
        while True:
            yield self._batch(*divmod(start, len(self)))
            start += 1

    def _batch(self, epoch, number):
        n = len(self.dataset)
        order = np.random.default_rng((self.seed, epoch)).permutation(n) if self.shuffle else range(n)
        chosen = order[number * self.batch_size : (number + 1) * self.batch_size]
        samples = [self._sample(epoch, int(index)) for index in chosen]
        if not isinstance(samples[0], tuple):
            raise TypeError(f"DataLoader: a sample must be a tuple of arrays, not {type(samples[0]).__name__}")
        return tuple(Tensor(backends.to_device(_stack(part), self.device)) for part in zip(*samples, strict=True))

    def _sample(self, epoch, index):
        sample = self.dataset[index]
        return self.transform(sample, np.random.default_rng((self.seed, epoch, index))) if self.transform else sample


def _stack(arrays):
    """One batch array; images (C, H, W) become (N, C, H, W) with channels-last memory."""
    batch = np.stack(arrays)
    return channels_first(np.ascontiguousarray(channels_last(batch))) if batch.ndim == 4 else batch
