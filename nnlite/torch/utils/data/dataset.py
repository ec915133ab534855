"""Datasets: samples by their index, or one after the other."""

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from nnlite import ShapeError, Tensor
from nnlite.torch.generator import Generator, source

T = TypeVar("T", covariant=True)


class Dataset(Generic[T]):
    """Base class: __getitem__(index) gives a sample, __len__() how many there are."""

    def __getitem__(self, index: Any) -> T:
        raise NotImplementedError(f"{type(self).__name__} defines no __getitem__")

    def __add__(self, other: "Dataset") -> "ConcatDataset":
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T]):
    """Base class for samples that only come one after the other: __iter__ gives them."""

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError(f"{type(self).__name__} defines no __iter__")

    def __add__(self, other: Dataset) -> "ChainDataset":  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Sample i is (tensors[0][i], tensors[1][i], ...). Raises ShapeError unless all are of one length."""

    def __init__(self, *tensors: Tensor):
        if len({t.size(0) for t in tensors}) != 1:
            raise ShapeError(
                f"TensorDataset: tensors of one length expected, got shapes {', '.join(str(t.shape) for t in tensors)}"
            )
        self.tensors: Any = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].size(0)


class StackDataset(Dataset):
    """Sample i is a tuple of the i-th samples of several datasets, or a dictionary if they are named.

    Raises ValueError unless all have the same length.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        if bool(args) == bool(kwargs):
            raise ValueError("StackDataset: expected datasets, either all of them named or none")
        self.datasets: Any = args or kwargs
        if len({len(dataset) for dataset in args or kwargs.values()}) != 1:
            raise ValueError("StackDataset: expected datasets of one length")

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __len__(self) -> int:
        return len(next(iter(self.datasets.values())) if isinstance(self.datasets, dict) else self.datasets[0])


class ConcatDataset(Dataset[T]):
    """Datasets one after the other. Raises ValueError for none at all, or for an IterableDataset."""

    def __init__(self, datasets: Iterable[Any]):
        self.datasets = list(datasets)
        if not self.datasets or any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise ValueError("ConcatDataset: expected at least one dataset, and none that can only be iterated")
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, index: int) -> T:
        if not -len(self) <= index < len(self):
            raise IndexError(f"ConcatDataset: index {index} is out of range for {len(self)} samples")
        index = index % len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset):
    """IterableDatasets, one after the other. Raises ValueError for datasets of another kind."""

    def __init__(self, datasets: Iterable[Any]):
        self.datasets = list(datasets)
        if not all(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise ValueError("ChainDataset: expected IterableDatasets; ConcatDataset joins the others")

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.datasets)

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self.datasets)


class Subset(Dataset[T]):
    """The samples of a dataset that have the given indices."""

    def __init__(self, dataset: Any, indices: Sequence[int]):
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[[self.indices[i] for i in index] if isinstance(index, list) else self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[float], generator: Generator | None = None) -> list[Subset]:
    """Subsets of these lengths, or fractions that add up to 1; each sample is in one of them, at random.

    Samples left over by fractions go to the first subsets, one each. Raises ValueError for lengths with another sum.
    """
    n = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        if any(not 0 <= fraction <= 1 for fraction in lengths):
            raise ValueError(f"random_split: fractions lie between 0 and 1, got {lengths}")
        lengths = [math.floor(n * fraction) for fraction in lengths]
        lengths = [length + (i < n - sum(lengths)) for i, length in enumerate(lengths)]
        if 0 in lengths:
            warnings.warn(f"random_split: of {n} samples, subsets of {lengths}: one is empty", stacklevel=2)
    if sum(lengths) != n:
        raise ValueError(f"random_split: lengths {lengths} add up to {sum(lengths)}, there are {n} samples")
    order = source(generator).permutation(n).tolist()
    ends = itertools.accumulate(int(length) for length in lengths)
    return [Subset(dataset, order[end - int(length) : end]) for length, end in zip(lengths, ends, strict=True)]
