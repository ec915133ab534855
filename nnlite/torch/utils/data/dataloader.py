"""DataLoader: batches of a dataset."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from nnlite import from_numpy
from nnlite.data.collate import collate
from nnlite.torch.generator import Generator

from .dataset import IterableDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler, in_batches

FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset")  # once the loader is made


class DataLoader:
    """Batches of a dataset, with PyTorch's arguments. Every loop over it is an epoch.

    The order comes from `generator`, or from the library's own, which `manual_seed` starts.

    batch_size=None     samples one by one, each as collate_fn (default_convert) makes it
    sampler             indices to take; batch_sampler: lists of them, one for each batch
    collate_fn          makes a batch of a list of samples: default_collate unless given

    num_workers, pin_memory, timeout, worker_init_fn, prefetch_factor and persistent_workers are accepted, and ignored:
    samples are read in this process, one after the other, so that manual_seed determines every random change. On two
    cores workers would help little, because a training step uses both: a DCGAN takes 925 ms to compute a step with 64
    photos, and 71 ms to read them (`python -m benchmarks.data_workers`).
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ):
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        _check_order(dataset, batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.dataset, self.generator, self.num_workers = dataset, generator, num_workers
        self.pin_memory, self.pin_memory_device, self.timeout = pin_memory, pin_memory_device, timeout
        self.worker_init_fn, self.multiprocessing_context = worker_init_fn, multiprocessing_context
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers, self.in_order = persistent_workers, in_order
        self.batch_size, self.drop_last = None if batch_sampler is not None else batch_size, drop_last
        if sampler is None and not isinstance(dataset, IterableDataset):
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if sampler is not None and batch_sampler is None and batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.sampler, self.batch_sampler = sampler, batch_sampler
        batched = batch_sampler is not None or batch_size is not None
        self.collate_fn = collate_fn or (default_collate if batched else default_convert)
        self._made = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in FIXED and hasattr(self, "_made"):
            raise ValueError(f"DataLoader: {name} cannot be changed once the loader is made; make another one")
        super().__setattr__(name, value)

    def __len__(self) -> int:
        """Batches in an epoch. Raises TypeError for a dataset or sampler without a length."""
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        n = len(self.dataset)  # type: ignore[arg-type]
        return n if self.batch_size is None else len(BatchSampler(range(n), self.batch_size, self.drop_last))

    def __iter__(self) -> Iterator[Any]:
        return map(self.collate_fn, self._samples())

    def _samples(self) -> Iterator[Any]:
        """What collate_fn gets: lists of samples, or single ones."""
        if not isinstance(self.dataset, IterableDataset):
            if self.batch_sampler is None:
                return (self.dataset[index] for index in self.sampler)
            return map(self._fetch, self.batch_sampler)
        if self.batch_size is None:
            return iter(self.dataset)
        return in_batches(self.dataset, self.batch_size, self.drop_last)

    def _fetch(self, indices: Sequence[Any]) -> Any:
        at_once = getattr(self.dataset, "__getitems__", None)
        return at_once(indices) if at_once else [self.dataset[index] for index in indices]


def default_collate(batch: Sequence[Any]) -> Any:
    """A batch of samples: see nnlite/data/collate.py."""
    return collate(batch)


def default_convert(data: Any) -> Any:
    """A sample with its arrays, however nested, as tensors over the same memory; everything else as it is."""
    if isinstance(data, np.ndarray | np.generic) and data.dtype.kind in "biuf":
        return from_numpy(np.asarray(data))
    if isinstance(data, Mapping):
        return type(data)({key: default_convert(value) for key, value in data.items()})  # type: ignore[call-arg]
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        parts = [default_convert(part) for part in data]
        return type(data)(*parts) if hasattr(data, "_fields") else parts
    return data


def get_worker_info() -> None:
    """None: this is the main process, and there are no workers."""


def _check_workers(num_workers, timeout, prefetch_factor, persistent_workers):
    if num_workers < 0 or timeout < 0 or (prefetch_factor or 0) < 0:
        raise ValueError("DataLoader: num_workers, timeout and prefetch_factor are not negative")
    if not num_workers and (prefetch_factor is not None or persistent_workers):
        raise ValueError("DataLoader: prefetch_factor and persistent_workers need num_workers > 0")


def _check_order(dataset, batch_size, shuffle, sampler, batch_sampler, drop_last):
    """Raise ValueError for arguments that contradict each other."""
    if isinstance(dataset, IterableDataset) and (shuffle or sampler is not None or batch_sampler is not None):
        raise ValueError("DataLoader: an IterableDataset has its own order; leave out shuffle, sampler, batch_sampler")
    if sampler is not None and shuffle:
        raise ValueError("DataLoader: a sampler decides the order; leave out shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ValueError("DataLoader: batch_sampler decides all; leave out batch_size, shuffle, sampler and drop_last")
    if batch_size is None and drop_last:
        raise ValueError("DataLoader: batch_size=None gives samples one by one, there is no last batch to drop")
