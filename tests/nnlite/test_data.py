"""The DataLoader: which samples, in which order, with which random changes, and going on in the middle."""

import itertools
from collections import OrderedDict, namedtuple
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
from nnlite import DataLoader
from nnlite.backend.layout import channels_last
from tests.helpers import seeds


def numbers(n):
    return [(np.float32(i), np.full(2, i)) for i in range(n)]


def order(loader, count):
    return [[int(i) for i in batch] for batch, _ in itertools.islice(loader.batches(), count)]


@given(n=st.integers(1, 9), batch_size=st.integers(1, 4), seed=seeds, drop_last=st.booleans())
def test_each_epoch_has_every_sample_once(n, batch_size, seed, drop_last):
    if drop_last and batch_size > n:
        batch_size = n
    loader = DataLoader(numbers(n), batch_size, True, drop_last=drop_last, seed=seed)
    for _ in range(3):
        epoch = [[int(i) for i in batch] for batch, _ in loader]
        assert len(epoch) == len(loader)
        taken = sorted(itertools.chain(*epoch))
        if drop_last:
            assert len(set(taken)) == len(taken) == n - n % batch_size and {len(b) for b in epoch} == {batch_size}
        else:
            assert taken == list(range(n))


@given(n=st.integers(1, 9), batch_size=st.integers(1, 4), start=st.integers(0, 20), seed=seeds)
def test_starting_later_equals_skipping(n, batch_size, start, seed):
    def transform(sample, rng):
        return sample[0] + rng.random(), sample[1]

    def run(first):
        loader = DataLoader(numbers(n), batch_size, True, seed=seed, transform=transform)
        return [b.numpy().tolist() for b, _ in itertools.islice(loader.batches(first), start + 5 - first)]

    assert run(0)[start:] == run(start)


def test_the_seed_decides_the_order():
    def first(seed, shuffle=True):
        return order(DataLoader(numbers(50), 5, shuffle, seed=seed), 20)

    assert first(1) == first(1) != first(2)
    assert first(1)[:10] != first(1)[10:], "each epoch has an order of its own"
    assert list(itertools.chain(*first(1, shuffle=False)[:10])) == list(range(50))


def test_plain_loops_go_through_the_same_epochs_as_batches():
    loader = DataLoader(numbers(7), 3, True, seed=5)
    epochs = [[int(i) for i in batch] for _ in range(2) for batch, _ in loader]
    assert epochs == order(DataLoader(numbers(7), 3, True, seed=5), 6)


def test_random_changes_follow_from_epoch_and_sample_not_from_order_or_batch():
    def transform(sample, rng):
        return int(sample[0]), rng.random()

    def draws(**options):
        loader = DataLoader(numbers(6), transform=transform, seed=3, **options)
        epochs = []
        for _ in range(2):
            pairs = [(i.numpy(), drawn.numpy()) for i, drawn in loader]
            epochs.append(dict(zip(*(np.concatenate(part).tolist() for part in zip(*pairs, strict=True)), strict=True)))
        return epochs

    a, b = draws(batch_size=1, shuffle=True), draws(batch_size=4)
    assert a == b and a[0] != a[1] and len(set(a[0].values())) == 6


def test_with_a_seed_nothing_depends_on_the_global_one():
    nnlite.manual_seed(1)
    a = order(DataLoader(numbers(9), 2, True, seed=0), 9)
    nnlite.manual_seed(2)
    np.random.seed(3)
    assert order(DataLoader(numbers(9), 2, True, seed=0), 9) == a


def test_without_a_seed_manual_seed_decides_order_and_changes():
    def transform(sample, rng):
        return sample[0], rng.random()

    def epochs(seed, loader, count=2):
        nnlite.manual_seed(seed)
        return [[part.tolist() for batch in loader for part in batch] for _ in range(count)]

    loader = DataLoader(numbers(20), 4, True, transform=transform)
    first, second = epochs(1, loader)
    assert first != second, "each epoch has an order of its own"
    assert epochs(1, DataLoader(numbers(20), 4, True, transform=transform))[0] == first != epochs(2, loader)[0]


def test_reading_in_order_draws_no_random_number():
    before = nnlite.get_rng_state()
    list(DataLoader(numbers(5), 2))
    assert nnlite.get_rng_state() == before


def test_images_are_stacked_channels_last(rng):
    images = [(rng.standard_normal((3, 4, 5)).astype(np.float32), i) for i in range(4)]
    photo, label = next(iter(DataLoader(images, 4)))
    assert photo.shape == (4, 3, 4, 5) and photo.dtype == np.float32 and label.numpy().tolist() == [0, 1, 2, 3]
    assert all(np.array_equal(photo.numpy()[i], images[i][0]) for i in range(4))
    assert channels_last(photo.array).flags.c_contiguous and not photo.requires_grad


Point = namedtuple("Point", "x y")
SAMPLES = {
    "numbers": [1, 2],
    "floats": [1.5, 2],
    "whole, then not": [1, 2.5],
    "bools": [True, False],
    "strings": ["a", "b"],
    "bytes": [b"a", b"b"],
    "float32": [np.float32(1), np.float32(2)],
    "float64": [np.float64(1), np.float64(2)],
    "float16": [np.float16(1), np.float16(2)],
    "uint8": [np.uint8(1), np.uint8(2)],
    "bool of NumPy": [np.bool_(True), np.bool_(False)],
    "array": [np.arange(3), np.ones(3, int)],
    "array of one number": [np.array(1.5), np.array(2.5)],
    "images": [np.arange(24.0).reshape(2, 3, 4), np.zeros((2, 3, 4))],
    "tuple": [(1, 2.0, "a"), (3, 4.0, "b")],
    "list": [[1, [2.0, 3]], [4, [5.0, 6]]],
    "nested tuple": [(np.zeros(1, np.float32), (i, i + 10)) for i in range(3)],
    "named tuple": [Point(1, (2, 3)), Point(4, (5, 6))],
    "dictionary": [{"x": np.ones(2), "y": {"z": 1}}, {"x": np.zeros(2), "y": {"z": 2}, "more": 3}],
    "ordered dictionary": [OrderedDict(b=1, a=2.0), OrderedDict(b=3, a=4.0)],
    "range": [range(3), range(3)],
    "nothing": [(), ()],
}


def same(ours, theirs):
    """Whether a batch of ours is PyTorch's: containers, values, dtypes."""
    if isinstance(ours, nnlite.Tensor):
        theirs = theirs.numpy()
        return ours.dtype == theirs.dtype and np.array_equal(ours.numpy(), theirs)
    if isinstance(ours, Mapping):
        return type(ours) is type(theirs) and list(ours) == list(theirs) and all(same(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, (list, tuple)):
        return type(ours) is type(theirs) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    return type(ours) is type(theirs) and ours == theirs


@pytest.mark.parametrize("samples", SAMPLES.values(), ids=SAMPLES)
def test_samples_are_collated_as_in_pytorch(samples, torch):
    (batch,) = DataLoader(samples, len(samples))
    assert same(batch, torch.utils.data.default_collate(samples))


def test_tensors_are_stacked_with_their_gradient():
    samples = [nnlite.randn(3, requires_grad=True) for _ in range(2)]
    (batch,) = DataLoader(samples, 2)
    batch.sum().backward()
    assert batch.shape == (2, 3) and all(s.grad.tolist() == [1.0] * 3 for s in samples)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ((numbers(3), 0), ValueError, "at least 1, got 0"),
        (([], 2), ValueError, "0 samples give no batch of 2"),
        (([(np.zeros(2),), (np.zeros(3),)], 2), ValueError, "same shape"),
        (([(1, 2), (3,)], 2), nnlite.ShapeError, r"\[1, 2\] parts"),
        (([None, None], 2), TypeError, "NoneType.* makes no batch"),
        (([np.array(["a"])], 1), TypeError, "<U1 makes no batch"),
    ],
)
def test_datasets_that_make_no_batches(arguments, error, says):
    with pytest.raises(error, match=says):
        next(iter(DataLoader(*arguments)))


def test_too_few_samples_for_one_whole_batch():
    with pytest.raises(ValueError, match="3 samples give no batch of 4; use a smaller batch"):
        DataLoader(numbers(3), 4, drop_last=True)
    with pytest.raises(ValueError, match="start"):
        next(DataLoader(numbers(3)).batches(-1))
