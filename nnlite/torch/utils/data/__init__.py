"""torch.utils.data: datasets, the order in which they are read, and batches of them.

dataset.py      Dataset and IterableDataset, to be derived from; TensorDataset, Subset, ConcatDataset, random_split
sampler.py      which samples come when: RandomSampler, WeightedRandomSampler, BatchSampler, ...
dataloader.py   DataLoader: a dataset, a sampler and default_collate make batches
distributed.py  DistributedSampler, which is refused

nnlite.DataLoader is a smaller one, which can go on in the middle of an epoch after an interruption.
"""

from ...names import missing
from .dataloader import DataLoader, default_collate, default_convert, get_worker_info
from .dataset import (
    ChainDataset, ConcatDataset, Dataset, IterableDataset, StackDataset, Subset, TensorDataset, random_split,
)  # fmt: skip
from .distributed import DistributedSampler
from .sampler import (
    BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler,
)  # fmt: skip

__getattr__ = missing(__name__)
