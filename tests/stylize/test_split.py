"""Who trains and who tests."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylize import find_images, read_image, resize_short_side
from stylize._cv2 import cv2
from stylize.split import assign_splits, group_similar, perceptual_hash

from .pictures import PHOTOS

names = st.text("0123456789abcdef", min_size=6, max_size=6)
groupings = st.dictionaries(names, st.integers(0, 5), min_size=2, max_size=20)


def differing_bits(a, b):
    return bin(a ^ b).count("1")


def test_perceptual_hash_tells_copies_from_other_pictures():
    photos = [read_image(path) for path in find_images([PHOTOS])]
    hashes = [perceptual_hash(photo) for photo in photos]
    for photo, own in zip(photos, hashes, strict=True):
        squeezed = cv2.imdecode(cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR)
        brighter = np.clip(photo * 1.2 + 10, 0, 255).astype(np.uint8)
        for copy in (resize_short_side(photo, 200), squeezed, brighter, photo[6:-6, 6:-6].copy()):
            assert differing_bits(perceptual_hash(copy), own) <= 10
    others = [differing_bits(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(others) > 10


@given(st.lists(st.sampled_from([0, 0x3FF, 0x7FF, 0xFFFFF, 0xFFFFFFFFF, 2**64 - 1]), min_size=1, max_size=12))
def test_groups_are_the_connected_pictures(hashes):
    groups = group_similar(hashes)
    reached = [{i} for i in range(len(hashes))]
    for _ in hashes:  # spread along links until nothing changes
        for i, a in enumerate(hashes):
            for j, b in enumerate(hashes):
                if differing_bits(a, b) <= 10:
                    reached[i] |= reached[j]
    for i in range(len(hashes)):
        assert {j for j in range(len(hashes)) if groups[j] == groups[i]} == reached[i]


shares = st.sampled_from([["test"], ["test", "val"]]).flatmap(
    lambda names: st.fixed_dictionaries(
        {name: st.tuples(st.floats(0, 0.99 / len(names)), st.integers(0, 6)) for name in names}
    )
)


@given(groupings, shares, st.integers(0, 9))
def test_groups_stay_together_and_train_is_never_empty(groups, shares, seed):
    splits = assign_splits(groups, {}, shares, seed)
    assert splits.keys() == groups.keys() and set(splits.values()) <= {"train", *shares}
    for number in groups.values():
        assert len({splits[name] for name in groups if groups[name] == number}) == 1
    assert "train" in splits.values()
    only_one_left = len({groups[name] for name in groups if splits[name] == "train"}) == 1
    for split, (_, minimum) in shares.items():
        assert list(splits.values()).count(split) >= minimum or only_one_left


@given(groupings, groupings, shares)
def test_newcomers_move_nobody_and_join_their_group(old, new, shares):
    before = assign_splits(old, {}, shares, 0)
    everyone = new | old
    after = assign_splits(everyone, before, shares, 0)
    assert all(after[name] == split for name, split in before.items())
    for name in everyone.keys() - old.keys():
        sides = {before[twin] for twin in old if old[twin] == everyone[name]}
        if sides:
            assert after[name] in sides


def test_a_newcomer_between_both_sides_is_left_out():
    splits = assign_splits({"a": 1, "b": 1, "c": 1, "d": 2}, {"a": "train", "b": "test"}, {"test": (0.5, 0)}, 0)
    assert splits["a"] == "train" and splits["b"] == "test" and "c" not in splits and "d" in splits


def test_shares_and_seed():
    groups = {f"{i:06x}": i for i in range(2000)}
    shares = {"test": (0.3, 0), "val": (0.15, 0)}
    one, other = (assign_splits(groups, {}, shares, seed) for seed in (0, 1))
    for splits in (one, other):
        assert list(splits.values()).count("test") / 2000 == pytest.approx(0.3, abs=0.04)
        assert list(splits.values()).count("val") / 2000 == pytest.approx(0.15, abs=0.03)
    assert one != other and one == assign_splits(dict(reversed(groups.items())), {}, shares, 0)
    # a validation split takes from the photos for training, none from those for testing
    two = assign_splits(groups, {}, {"test": (0.3, 0)}, 0)
    assert {name for name in two if two[name] == "test"} == {name for name in one if one[name] == "test"}


def test_every_minimum_is_met_where_that_is_possible():
    for seed in range(20):
        splits = assign_splits({f"{i}": i for i in range(6)}, {}, {"test": (0.9, 2), "val": (0.05, 3)}, seed)
        assert sorted(splits.values()) == ["test", "test", "train", "val", "val", "val"]
