"""torch.utils.data: what scripts import from it, next to PyTorch's own where that is installed."""

import itertools
from collections import Counter, OrderedDict, namedtuple

import numpy as np
import pytest

import nnlite
from nnlite.torch import utils
from nnlite.torch.generator import Generator
from nnlite.torch.utils import data
from tests.nnlite.test_data import same

Point = namedtuple("Point", "x y")


class Squares(data.Dataset):
    def __init__(self, n):
        self.n = n

    def __getitem__(self, index):
        return np.float32(index), index**2

    def __len__(self):
        return self.n


def count_up(module, n):
    """An IterableDataset of 0 .. n-1, of nnlite or PyTorch."""

    class Count(module.IterableDataset):
        def __iter__(self):
            return iter(range(n))

        def __len__(self):
            return n

    return Count()


def plain(x):
    """Lists of numbers out of tensors of either library."""
    if isinstance(x, int):
        return x
    return x.tolist() if hasattr(x, "tolist") else [plain(y) for y in x]


LOADERS = {
    "in order": {"batch_size": 3},
    "drop_last": {"batch_size": 3, "drop_last": True},
    "one by one": {},
    "no batches": {"batch_size": None},
    "a sampler": {"batch_size": 2, "sampler": [5, 5, 0]},
    "a sampler, no batches": {"batch_size": None, "sampler": [5, 0]},
    "a sampler of batches": {"batch_sampler": [[1, 2], [3], [4, 5, 6]]},
    "an empty sampler of batches": {"batch_sampler": []},
    "a collate_fn": {"batch_size": 4, "collate_fn": lambda samples: [s[1] for s in samples]},
    "larger than all": {"batch_size": 20},
}


@pytest.mark.parametrize("arguments", LOADERS.values(), ids=LOADERS)
def test_batches_and_their_number(arguments, torch):
    theirs = torch.utils.data.DataLoader(Squares(7), **arguments)
    ours = data.DataLoader(Squares(7), **arguments)
    for _ in range(2):
        assert plain(ours) == plain(theirs)
    assert len(ours) == len(theirs)
    assert all(getattr(ours, name) == getattr(theirs, name) for name in ("batch_size", "drop_last", "num_workers"))


@pytest.mark.parametrize(
    "arguments", [{}, {"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {"batch_size": None}]
)
def test_samples_that_only_come_one_after_the_other(arguments, torch):
    ours = data.DataLoader(count_up(data, 7), **arguments)
    theirs = torch.utils.data.DataLoader(count_up(torch.utils.data, 7), **arguments)
    assert plain(ours) == plain(theirs) == plain(ours) and len(ours) == len(theirs)


WRONG = {
    "sampler and shuffle": {"sampler": [0], "shuffle": True},
    "batch_sampler and batch_size": {"batch_sampler": [[0]], "batch_size": 2},
    "batch_sampler and shuffle": {"batch_sampler": [[0]], "shuffle": True},
    "batch_sampler and drop_last": {"batch_sampler": [[0]], "drop_last": True},
    "no batches, drop_last": {"batch_size": None, "drop_last": True},
    "batch_size": {"batch_size": 0},
    "a broken batch_size": {"batch_size": 2.5},
    "num_workers": {"num_workers": -1},
    "timeout": {"timeout": -1},
    "prefetch_factor": {"prefetch_factor": 2},
    "persistent_workers": {"persistent_workers": True},
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_what_pytorch_refuses_is_refused(arguments, torch):
    for module in (torch.utils.data, data):
        with pytest.raises(ValueError):
            module.DataLoader(Squares(3), **arguments)


@pytest.mark.parametrize("arguments", [{"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}])
def test_an_order_for_what_has_its_own_is_refused(arguments, torch):
    for module in (torch.utils.data, data):
        with pytest.raises(ValueError):
            module.DataLoader(count_up(module, 3), **arguments)


def test_a_loader_stays_what_it_is(torch):
    for module in (torch.utils.data, data):
        loader = module.DataLoader(Squares(3))
        with pytest.raises(ValueError):
            loader.batch_size = 2
        loader.anything_else = 1


def test_there_is_no_length_without_one():
    class Endless(data.IterableDataset):
        def __iter__(self):
            return itertools.count()

    loader = data.DataLoader(Endless(), 2)
    assert plain(itertools.islice(loader, 2)) == [[0, 1], [2, 3]]
    with pytest.raises(TypeError):
        len(loader)


def test_arguments_for_workers_change_nothing():
    loader = data.DataLoader(
        Squares(5), 2, True, num_workers=4, pin_memory=True, timeout=3, worker_init_fn=lambda i: 1 / 0,
        prefetch_factor=4, persistent_workers=True, generator=Generator().manual_seed(3),
    )  # fmt: skip
    alone = data.DataLoader(Squares(5), 2, True, generator=Generator().manual_seed(3))
    assert plain(loader) == plain(alone) and loader.num_workers == 4 and data.get_worker_info() is None


def test_a_dataset_may_fetch_many_samples_at_once():
    class Table(Squares):
        def __getitems__(self, indices):
            return [self[i] for i in indices[::-1]]

    assert plain(data.DataLoader(Table(3), 2)) == [[[1, 0], [1, 0]], [[2], [4]]]


def test_manual_seed_decides_the_order():
    def epochs(seed, generator=None):
        loader = data.DataLoader(Squares(20), 20, shuffle=True, generator=generator)
        nnlite.manual_seed(seed)
        return [next(iter(loader))[1].tolist() for _ in range(2)]

    first = epochs(1)
    assert first == epochs(1) != epochs(2) and first[0] != first[1]
    assert sorted(first[0]) == [i**2 for i in range(20)]
    own = [epochs(seed, Generator().manual_seed(7)) for seed in (1, 2)]
    assert own[0] == own[1], "a generator of its own is not disturbed"


SAMPLES = {
    "nested": (1, "a", np.zeros(2), {"k": 2.0, "j": np.float32(2)}, [np.arange(2)]),
    "named": Point(np.ones(2), [np.int32(3)]),
    "ordered": OrderedDict(b=np.ones(1), a=None),
    "letters": np.array(["a"]),
}


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_single_samples_are_converted_as_in_pytorch(sample, torch):
    assert same(data.default_convert(sample), torch.utils.data.default_convert(sample))


def test_converting_shares_memory():
    array = np.zeros(3)
    data.default_convert(array)[0] = 1.0
    assert array[0] == 1.0


# Datasets


def test_tensors(torch):
    arrays = np.arange(12.0).reshape(6, 2), np.arange(6)
    ours, theirs = (
        data.TensorDataset(*map(nnlite.tensor, arrays)),
        torch.utils.data.TensorDataset(*map(torch.tensor, arrays)),
    )
    assert len(ours) == len(theirs) == len(list(ours)) == 6
    for key in (2, -1, slice(1, 4)):
        assert same(ours[key], theirs[key])
    assert all(map(same, data.DataLoader(ours, 4), torch.utils.data.DataLoader(theirs, 4)))
    with pytest.raises(nnlite.ShapeError, match=r"one length expected, got shapes \(2,\), \(3,\)"):
        data.TensorDataset(nnlite.zeros(2), nnlite.zeros(3))
    with pytest.raises(IndexError):
        ours[6]


def test_datasets_of_datasets(torch):
    for module in (torch.utils.data, data):
        joined = module.ConcatDataset([range(3), range(10, 12)])
        assert list(joined) == [0, 1, 2, 10, 11] and len(joined) == 5 and joined[-1] == 11 and joined[-5] == 0
        assert joined.cumulative_sizes == [3, 5]
        part = module.Subset(joined, [4, 0])
        assert list(part) == [11, 0] and len(part) == 2
        chain = count_up(module, 2) + count_up(module, 3)
        assert list(chain) == [0, 1, 0, 1, 2] and len(chain) == 5
        pairs = module.StackDataset([1, 2], [3, 4])
        assert pairs[1] == (2, 4) and len(pairs) == 2 and module.StackDataset(a=[1], b=[2])[0] == {"a": 1, "b": 2}
        for wrong in ({}, {"a": [1], "b": []}):
            with pytest.raises(ValueError):
                module.StackDataset(**wrong)
    assert [y for _, y in Squares(2) + Squares(3)] == [0, 1, 0, 1, 4]


def test_datasets_of_datasets_that_cannot_be(torch):
    for wrong in ([], [count_up(data, 2)]):
        with pytest.raises(ValueError, match="ConcatDataset"):
            data.ConcatDataset(wrong)
    with pytest.raises(ValueError, match="ChainDataset"):
        data.ChainDataset([Squares(2)])
    with pytest.raises(NotImplementedError, match="Dataset defines no __getitem__"):
        data.Dataset()[0]
    with pytest.raises(IndexError, match="index 5"):
        data.ConcatDataset([range(5)])[5]


@pytest.mark.parametrize("lengths", [[7, 3], [0.7, 0.3], [0.5, 0.25, 0.25], [0.34, 0.33, 0.33], [10]])
def test_random_split(lengths, torch):
    parts = data.random_split(range(10), lengths, generator=Generator().manual_seed(1))
    theirs = torch.utils.data.random_split(range(10), lengths)
    assert [len(part) for part in parts] == [len(part) for part in theirs]
    assert sorted(itertools.chain(*parts)) == list(range(10))
    again, other = (data.random_split(range(10), lengths, generator=Generator().manual_seed(seed)) for seed in (1, 2))
    assert [p.indices for p in parts] == [p.indices for p in again] != [p.indices for p in other]
    assert all(type(i) is int for i in parts[0].indices)


def test_random_splits_that_do_not_add_up(torch):
    for module in (torch.utils.data, data):
        for lengths in ([5, 4], [0.5, 0.6], [1.2, -0.2]):
            with pytest.raises(ValueError):
                module.random_split(range(10), lengths)
        with pytest.warns(UserWarning):
            module.random_split(range(2), [0.8, 0.1, 0.1])


# Samplers


def test_random_samplers_give_what_they_say():
    rounds = list(data.RandomSampler(range(5), num_samples=12))
    assert [sorted(rounds[i : i + 5]) for i in (0, 5)] == [list(range(5))] * 2 and len(set(rounds[10:])) == 2
    drawn = list(data.RandomSampler(range(3), replacement=True, num_samples=50))
    assert len(drawn) == 50 and set(drawn) == {0, 1, 2}
    assert sorted(data.SubsetRandomSampler([3, 1, 4])) == [1, 3, 4]
    sampler = data.RandomSampler(range(9))
    assert list(sampler) != list(sampler) and len(sampler) == 9
    assert list(data.SequentialSampler(range(3))) == [0, 1, 2]


def test_weights_are_frequencies():
    """Within five standard deviations of 6,000 draws."""
    weights = [0.0, 1.0, 3.0, 2.0]
    assert list(data.WeightedRandomSampler([nnlite.tensor(0.0), nnlite.tensor(1.0)], 3)) == [1, 1, 1]
    counts = Counter(data.WeightedRandomSampler(nnlite.tensor(weights), 6000))
    for i, weight in enumerate(weights):
        p = weight / 6
        assert abs(counts[i] - 6000 * p) <= 5 * (6000 * p * (1 - p)) ** 0.5


def test_weights_without_replacement_are_those_of_one_draw_after_another():
    """P(first, second) = w1 / W * w2 / (W - w1), within five standard deviations."""
    weights = np.array([1.0, 3.0, 0.0, 2.0])
    sampler = data.WeightedRandomSampler(weights, 2, replacement=False)
    counts = Counter(tuple(sampler) for _ in range(3000))
    for a, b in itertools.permutations(range(4), 2):
        p = weights[a] / 6 * weights[b] / (6 - weights[a])
        assert abs(counts[a, b] - 3000 * p) <= 5 * (3000 * p * (1 - p)) ** 0.5 + 1e-9


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("RandomSampler", (range(0),)),
        ("RandomSampler", (range(3), False, 0)),
        ("RandomSampler", (range(3), 1)),
        ("WeightedRandomSampler", ([1.0], 0)),
        ("WeightedRandomSampler", ([[1.0]], 1)),
        ("WeightedRandomSampler", ([1.0], 1, 0)),
        ("WeightedRandomSampler", ([-1.0, 2.0], 1)),
        ("WeightedRandomSampler", ([0.0, 0.0], 1)),
        ("WeightedRandomSampler", ([1.0, 1.0], 3, False)),
        ("BatchSampler", (range(3), 0, False)),
        ("BatchSampler", (range(3), True, False)),
        ("BatchSampler", (range(3), 2, None)),
    ],
)
def test_samplers_refuse_what_pytorchs_refuse(name, arguments, torch):
    for module in (torch.utils.data, data):
        with pytest.raises((ValueError, TypeError, RuntimeError)):
            list(getattr(module, name)(*arguments))


def test_batch_samplers(torch):
    for n, size, drop in itertools.product((0, 1, 6, 7), (1, 3), (False, True)):
        ours, theirs = (m.BatchSampler(range(n), size, drop) for m in (data, torch.utils.data))
        assert list(ours) == list(theirs) and len(ours) == len(theirs)


def test_a_generator_has_its_own_row_of_numbers():
    generator = Generator()
    assert generator.initial_seed() == Generator().initial_seed() and list(generator.permutation(9)) != list(range(9))
    assert generator.manual_seed(-5) is generator and generator.initial_seed() == -5
    state = generator.get_state()
    a = generator.uniform(3), generator.normal(3), generator.integers(0, 9, 3)
    generator.set_state(state)
    b = generator.uniform(3), generator.normal(3), generator.integers(0, 9, 3)
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True)) and a[0].dtype == np.float32
    assert generator.seed() == generator.initial_seed() != -5
    with pytest.raises(TypeError, match=r"expected torch\.Generator"):
        list(data.RandomSampler(range(3), generator=3))


def test_what_is_not_covered_is_refused_by_name():
    with pytest.raises(NotImplementedError, match="DistributedSampler: nnlite computes in one process"):
        data.DistributedSampler(range(3))
    with pytest.raises(NotImplementedError, match=r"SummaryWriter: .*TensorBoard"):
        utils.tensorboard.SummaryWriter("runs")
