"""Paired datasets as people have them: layouts, splits, what is wrong with single pairs, and what cannot be used."""

import re

import numpy as np
import pytest

from demos.shared.program import UserError
from demos.translate import folders
from demos.translate.folders import pairs_in_folder
from stylize import DatasetError, build_dataset, read_image, stylize, write_image

from .paired import LAYOUTS, SIDE_BY_SIDE, TWO_FOLDERS, fill, negatives, place, small_photos


@pytest.fixture
def pairs():
    return negatives()


# Layouts


@pytest.mark.parametrize("direction", ["AtoB", "BtoA"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout, direction, pairs, tmp_path):
    fill(tmp_path / "data", layout, pairs)
    found = pairs_in_folder(tmp_path / "data", direction, 16, seed=0)
    assert found.name == f"data {direction}" and len(found.train) == 6 and len(found.test) == 2
    for (one, other), (photo, negative) in zip(found.train + found.test, pairs, strict=True):
        if direction == "BtoA":
            photo, negative = negative, photo
        np.testing.assert_array_equal(one, photo)
        np.testing.assert_array_equal(other, negative)


@pytest.mark.parametrize("layout", ["{name}", "{side}/{name}"])
def test_without_splits_names_and_the_seed_decide(layout, pairs, tmp_path, capsys):
    for number, pair in enumerate(pairs):
        place(tmp_path, layout, "", f"{number}.png", *pair)
    chosen = []
    for seed in (0, 0, 1, 2):
        found = pairs_in_folder(tmp_path, "AtoB", 16, seed)
        assert len(found.train) + len(found.test) == 8 and found.test
        assert not {one.tobytes() for one, _ in found.train} & {one.tobytes() for one, _ in found.test}
        chosen.append({one.tobytes() for one, _ in found.test})
        said = capsys.readouterr().err
        assert f"no pairs in test or val: {len(found.test)} of 8 are held out, by name and --seed" in said
    assert chosen[0] == chosen[1] and len(set(map(frozenset, chosen))) > 1


def test_val_is_judged_if_there_is_no_test(pairs, tmp_path, capsys):
    fill(tmp_path, SIDE_BY_SIDE, pairs, ("train", "val"))
    assert len(pairs_in_folder(tmp_path, "AtoB", 16, 0).test) == 2
    place(tmp_path, SIDE_BY_SIDE, "test", "0.png", *(image[::-1] for image in pairs[0]))
    assert len(pairs_in_folder(tmp_path, "AtoB", 16, 0).test) == 1
    assert capsys.readouterr().err == ""


def test_a_dataset_made_here(tmp_path, tmp_path_factory, capsys):
    """Its manifest says which side is the photo, so what goes the wrong way is named."""
    photos = tmp_path_factory.mktemp("photos")
    for number, photo in enumerate(small_photos()):
        write_image(photos / f"{number}.png", photo)
    build_dataset([photos], tmp_path, style="toon", short_side=48, strokes=96)
    found = pairs_in_folder(tmp_path, "AtoB", 16, 0)
    assert capsys.readouterr().err == ""
    photo, cartoon = found.train[0]
    np.testing.assert_array_equal(stylize(photo, "toon", 96 / 512), cartoon)
    pairs_in_folder(tmp_path, "BtoA", 16, 0)
    assert "by its manifest A holds photos and B their cartoons; BtoA learns photos" in capsys.readouterr().err
    for file in [*tmp_path.glob("train/*.png"), *tmp_path.glob("test/*.png")]:
        picture = read_image(file)
        write_image(file, np.roll(picture, picture.shape[1] // 2, axis=1))
    pairs_in_folder(tmp_path, "AtoB", 16, 0)
    assert "look swapped against the manifest" in capsys.readouterr().err


# What is wrong with single pairs: they are named, and the others are used


def spoil(folder, pairs, how):
    """Break the third training pair of trainA and trainB."""
    one, other = folder / "trainA" / "2.png", folder / "trainB" / "2.png"
    if how == "name":
        other.rename(folder / "trainB" / "x.png")
    elif how == "size":
        write_image(other, pairs[2][1][:40])
    elif how == "unreadable":
        one.write_bytes(one.read_bytes()[:100])
    elif how == "small":
        write_image(one, pairs[2][0][:17])
        write_image(other, pairs[2][1][:17])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("name", "a picture in A without one of its name in B: train/2.png"),
        ("size", "the two pictures differ in size: train/2.png"),
        ("unreadable", "truncated (its end is missing); copy or download it again: train/2.png"),
        ("small", "left out, smaller than a crop of 32x32: train/2.png"),
    ],
)
def test_a_faulty_pair_is_left_out(how, said, pairs, tmp_path, capsys):
    fill(tmp_path, TWO_FOLDERS, pairs)
    spoil(tmp_path, pairs, how)
    found = pairs_in_folder(tmp_path, "AtoB", 32, 0)
    assert len(found.train) == 5 and len(found.test) == 2
    assert said in capsys.readouterr().err


def test_an_odd_width_has_no_halves(pairs, tmp_path, capsys):
    fill(tmp_path, SIDE_BY_SIDE, pairs)
    write_image(tmp_path / "train" / "2.png", np.hstack(pairs[2])[:, :-1])
    assert len(pairs_in_folder(tmp_path, "AtoB", 16, 0).train) == 5
    assert "the width is odd, so there are no equal halves: train/2.png" in capsys.readouterr().err


def test_leaks_are_reported(pairs, tmp_path, capsys):
    fill(tmp_path, SIDE_BY_SIDE, pairs)
    place(tmp_path, SIDE_BY_SIDE, "test", "same.png", *pairs[1])
    lighter = np.clip(pairs[2][0].astype(int) + 5, 0, 255).astype(np.uint8)
    place(tmp_path, SIDE_BY_SIDE, "test", "lighter.png", lighter, pairs[2][1])
    pairs_in_folder(tmp_path, "AtoB", 16, 0)
    said = capsys.readouterr().err
    assert "the same pair in two splits: train/1.png = test/same.png" in said
    assert "nearly the same photo in two splits: train/2.png = test/lighter.png" in said


def test_a_large_dataset_is_not_read_whole(pairs, tmp_path, capsys, monkeypatch):
    fill(tmp_path, SIDE_BY_SIDE, pairs)
    monkeypatch.setattr(folders, "MOST", {"train": 4, "test": 1})
    chosen = [{one.tobytes() for one, _ in pairs_in_folder(tmp_path, "AtoB", 16, s).train} for s in (0, 0, 1)]
    assert len(chosen[0]) == 4 and chosen[0] == chosen[1] != chosen[2]
    assert "4 of 6 train pairs are used, chosen by --seed" in capsys.readouterr().err
    monkeypatch.setattr(folders, "MOST_BYTES", 2 * 6 * 48 * 64)
    assert len(pairs_in_folder(tmp_path, "AtoB", 16, 0).train) == 2
    assert "2 of 4 pairs are used; more take over a gigabyte" in capsys.readouterr().err


# What cannot be used at all


def nothing(folder, pairs):
    folder.mkdir()


def only_one_side(folder, pairs):
    fill(folder, TWO_FOLDERS, pairs)
    (folder / "trainB").rename(folder / "other")


def only_test(folder, pairs):
    fill(folder, SIDE_BY_SIDE, pairs, ("test", "val"))


def odd_widths(folder, pairs):
    for number in range(3):
        place(folder, SIDE_BY_SIDE, "train", f"{number}.png", pairs[number][0], pairs[number][1][:, 1:])


def unequal_names(folder, pairs):
    fill(folder, TWO_FOLDERS, pairs)
    for number in range(6):
        (folder / "trainB" / f"{number}.png").rename(folder / "trainB" / f"{number}-target.png")


def no_equal_names(folder, pairs):
    for side in "AB":
        (folder / side).mkdir(parents=True)
        write_image(folder / side / f"{side.lower()}.png", pairs[0][0])


def unreadable(folder, pairs):
    (folder / "train").mkdir(parents=True)
    (folder / "train" / "0.png").write_bytes(b"no picture")


def small(folder, pairs):
    for number in range(4):
        place(folder, "{name}", "", f"{number}.png", *(image[:20, :20] for image in pairs[number]))


def a_single_pair(folder, pairs):
    place(folder, "{name}", "", "0.png", *pairs[0])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (nothing, "no pictures in folders that look like a paired dataset"),
        (only_one_side, "trainA has no trainB next to it; pairs need both"),
        (only_test, "has pairs for val, test and none for training: put those to learn from in train"),
        (odd_widths, "can be used: the width is odd, so there are no equal halves: train/0.png, train/1.png"),
        (unequal_names, "for test and none for training: a picture in A without one of its name in B: train/0.png"),
        (
            no_equal_names,
            "none for training: a picture in A without one of its name in B: a.png; a picture in B without",
        ),
        (unreadable, "none of the pairs for training in"),
        (small, "no picture has room for a crop of 24x24: the largest short side is 20; use larger pictures or"),
        (a_single_pair, "1 pair, and two are needed"),
    ],
)
def test_folders_that_cannot_be_used(make, said, pairs, tmp_path):
    make(tmp_path / "data", pairs)
    with pytest.raises((UserError, DatasetError), match=re.escape(said)) as caught:
        pairs_in_folder(tmp_path / "data", "AtoB", 24, 0)
    assert "\n" not in str(caught.value)
