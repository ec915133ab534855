"""Pairs from folders and from photos, what they are compared with, and the program at a tiny size."""

import json
import re

import numpy as np
import pytest

import nnlite
from demos.cartoonize.weights import load_generator
from demos.shared.program import UserError
from demos.translate import baselines, folders
from demos.translate.folders import pairs_in_folder
from demos.translate.judge import compare, table
from demos.translate.pairs import JUDGED, Pairs, hold_out, middle
from demos.translate.tasks import ENOUGH, TASKS, pairs_of_photos
from stylize import DatasetError, build_dataset, find_images, read_image, resize_short_side, stylize, write_image
from stylize.degrade import HOLE, find_holes
from stylize.images import resize

from .runner import PHOTOS, call_here, refused

TINY = ("--size", 32, "--batch", 2, "--steps", 2, "--device", "cpu")


@pytest.fixture(scope="module")
def pictures():
    """Eight photos, 48 pixels high, 64 wide."""
    photos = [resize_short_side(read_image(path), 64) for path in find_images([PHOTOS])[:8]]
    return [photo[:48, :64] for photo in photos]


@pytest.fixture(scope="module")
def photos(pictures, tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number, picture in enumerate(pictures):
        write_image(folder / f"{number}.png", picture)
    return folder


@pytest.fixture(scope="module")
def pairs(pictures):
    """Each photo, and its negative."""
    return [(picture, 255 - picture) for picture in pictures]


LAYOUTS = ["{split}/{name}", "{split}{side}/{name}", "{split}/{side}/{name}", "{side}/{split}/{name}"]
SIDE_BY_SIDE, TWO_FOLDERS = LAYOUTS[:2]


def place(folder, layout, split, name, one, other):
    """Write a pair where the layout says."""
    if "{side}" in layout:
        pictures = {layout.format(split=split, side=side, name=name): x for side, x in (("A", one), ("B", other))}
    else:
        pictures = {layout.format(split=split, name=name): np.hstack([one, other])}
    for path, picture in pictures.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        write_image(folder / path, picture)


def fill(folder, layout, pairs, splits=("train", "test")):
    """Six pairs for the first split, two for the second."""
    for number, pair in enumerate(pairs):
        place(folder, layout, splits[number >= 6], f"{number}.png", *pair)


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
        assert f"no test split: {len(found.test)} of 8 pairs are held out, by name and --seed" in said
    assert chosen[0] == chosen[1] and len(set(map(frozenset, chosen))) > 1


def test_val_is_judged_if_there_is_no_test(pairs, tmp_path, capsys):
    fill(tmp_path, SIDE_BY_SIDE, pairs, ("train", "val"))
    assert len(pairs_in_folder(tmp_path, "AtoB", 16, 0).test) == 2
    place(tmp_path, SIDE_BY_SIDE, "test", "0.png", *(image[::-1] for image in pairs[0]))
    assert len(pairs_in_folder(tmp_path, "AtoB", 16, 0).test) == 1
    assert capsys.readouterr().err == ""


def test_a_dataset_made_here(photos, tmp_path, capsys):
    """Its manifest says which side is the photo, so what goes the wrong way is named."""
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
    assert "the same file in two splits: train/1.png = test/same.png" in said
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
        (only_test, "has pairs for val, test and none for train; put those to learn from in train"),
        (odd_widths, "none of its pairs for training can be used"),
        (unequal_names, "has pairs for test and none for train"),
        (unreadable, "none of its pairs for training can be used"),
        (small, "no picture has room for a crop of 24x24: the largest short side is 20; use larger pictures or"),
        (a_single_pair, "1 pair, and two are needed"),
    ],
)
def test_folders_that_cannot_be_used(make, said, pairs, tmp_path):
    make(tmp_path / "data", pairs)
    with pytest.raises((UserError, DatasetError), match=re.escape(said)) as caught:
        pairs_in_folder(tmp_path / "data", "AtoB", 24, 0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--pairs", "DATA", "--task", "derain"), "--pairs learns from a dataset, --task from damaged photos"),
        (("--direction", "BtoA"), "--direction BtoA goes with --pairs DIR"),
        (("--direction", "BtoA", "--task", "sketch"), "--direction BtoA goes with --pairs DIR"),
        (("--pairs", "DATA", "--photos", "DATA"), "--photos are for --task"),
        (("--pairs", "DATA/none"), "no such file or folder"),
        (("--pairs", "DATA/train/0.png"), "is a file, not a folder"),
        (("--task", "cartoon"), "invalid choice: 'cartoon'"),
        (("--photos", "DATA/empty"), "no photos in"),
        (("--photos", "DATA/train/0.png"), "1 pair, and two are needed"),
        (("--size", "30"), "cannot take it; the nearest it can is"),
        (("--pairs", "DATA", "--out", "DATA/run"), "lies inside"),
    ],
)
def test_options_that_cannot_be_used(options, said, pairs, tmp_path):
    fill(tmp_path, SIDE_BY_SIDE, pairs)
    (tmp_path / "empty").mkdir()
    options = [option.replace("DATA", str(tmp_path)) for option in options]
    rest = () if "--out" in options else ("--out", tmp_path.parent / f"{tmp_path.name}-out")
    sizes = () if "--size" in options else ("--size", 32)
    assert said in refused(*options, *rest, *sizes, "--steps", 1, "--device", "cpu", demo="translate")


# Tasks


@pytest.mark.parametrize("task", TASKS)
def test_pairs_of_a_task(task, photos, pictures):
    found = pairs_of_photos(task, [photos], 16, seed=3)
    side = 0 if task == "day2night" else 1  # of the photo
    held_out = [pair[side] for pair in found.test]
    assert len(found.train) >= ENOUGH and 0 < len(held_out) < 8
    assert {photo.tobytes() for photo in held_out} < {picture.tobytes() for picture in pictures}
    for pair in found.train:
        assert min(pair[0].shape[:2]) >= 24 and pair[0].shape == pair[1].shape
        whole = resize(pair[side], 64, 48)
        assert all(np.abs(whole.astype(int) - photo).mean() > 10 for photo in held_out)  # none of them at any size
    again, other = (pairs_of_photos(task, [photos], 16, seed) for seed in (3, 4))
    first, second, third = ([pair[0].tobytes() for pair in pairs.train] for pairs in (found, again, other))
    assert first == second != third


def test_photos_that_cannot_be_used_are_named(photos, pictures, tmp_path, capsys):
    write_image(tmp_path / "small.png", pictures[0][:20])
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    found = pairs_of_photos("colorize", [photos, tmp_path], 32, 0)
    assert len(found.test) == 1
    said = capsys.readouterr().err
    assert "skipped" in said and "broken.jpg" in said
    assert "left out, smaller than a crop of 32x32" in said and "small.png" in said


def test_similar_pictures_are_held_out_together(rng):
    looks = {}
    for name in "abcdefgh":
        looks[name] = int(rng.integers(0, 2**63))
        looks[f"{name} again"] = looks[name] ^ 3  # two bits of 64
    held_out = hold_out(looks, seed=0)
    assert 4 <= len(held_out) < 16 and all(f"{name[0]} again" in held_out and name[0] in held_out for name in held_out)
    assert 0 < len(hold_out(dict.fromkeys("abcdef", 0), seed=0)) < 6  # all alike: by name


# Baselines and figures


def test_the_affine_map_undoes_an_affine_change(pairs):
    name, draw = baselines.affine(pairs)
    assert name == "best affine colour map"
    assert np.abs(draw(pairs[0][0]).astype(int) - pairs[0][1]).max() <= 1


def test_the_median_is_the_best_of_a_few(rng):
    flat = np.full((60, 60, 3), 100, np.uint8)
    fine = np.repeat(rng.integers(0, 255, (30, 30, 3), np.uint8), 2, 0).repeat(2, 1)
    noisy = np.where(rng.random(flat.shape) < 0.3, 0, flat).astype(np.uint8)
    assert baselines.median([(noisy, flat)])[0] == "median filter, 7x7"
    assert baselines.median([(fine, fine)])[0] == "median filter, 3x3"
    expected = np.median(np.lib.stride_tricks.sliding_window_view(noisy, (7, 7), (0, 1)), axis=(3, 4))
    np.testing.assert_array_equal(baselines.median([(noisy, flat)])[1](noisy)[3:-3, 3:-3], expected)


def test_holes_are_filled_from_around():
    photo = np.full((40, 60, 3), (10, 200, 90), np.uint8)
    photo[:, 30:] = (250, 20, 30)
    torn = photo.copy()
    torn[5:15, 5:12] = torn[20:30, 45:52] = HOLE
    for fit in (baselines.mean_around, baselines.telea):
        assert np.abs(fit([])[1](torn).astype(int) - photo).max() <= 2
    torn = photo.copy()
    torn[10:20, 20:40] = HOLE  # as much of either colour around
    filled = baselines.fill_with_mean(torn)
    assert (filled[10:20, 20:40] == (130, 110, 60)).all()
    np.testing.assert_array_equal(filled[~find_holes(torn)], photo[~find_holes(torn)])
    everything = np.full((20, 20, 3), HOLE, np.uint8)
    np.testing.assert_array_equal(baselines.fill_with_mean(everything), everything)


def test_figures_are_means_over_pictures():
    target = np.full((20, 20, 3), 100, np.uint8)
    figures = compare([target + np.uint8(51), target], [target, target - np.uint8(51)])
    assert figures["l1"] == pytest.approx(0.2) and figures["psnr"] == pytest.approx(20 * np.log10(5))
    shown = table({"generated": figures, "the input": {"l1": 0.4, "psnr": 8.0, "ssim": 0.5}}, 2)
    assert "2 pictures never seen" in shown and "L1 is 0.50 of the best of the others: the input." in shown


def test_only_the_middle_of_a_large_picture_is_judged(rng):
    one = rng.integers(0, 255, (JUDGED + 10, JUDGED + 20, 3), np.uint8)
    cut, other = middle((one, 255 - one))
    np.testing.assert_array_equal(cut, one[5:-5, 10:-10])
    np.testing.assert_array_equal(other, 255 - cut)
    assert middle((one[:90], one[:90]))[0].shape == (90, JUDGED, 3)


def test_few_pairs_are_enough_for_a_large_batch(pairs):
    found = Pairs("x", pairs[:1], pairs[1:2], [])
    assert next(found.batches(16, 8, 0, "cpu").batches())[0].shape == (8, 3, 16, 16)


# Runs


def test_a_task_from_training_to_applying(photos, tmp_path):
    """Inpainting: only holes are drawn, in the figures and in what is applied."""
    out = tmp_path / "run"
    status, stdout, stderr = call_here("--task", "inpaint", "--photos", photos, "--out", out, *TINY, demo="translate")
    assert status == 0, stderr
    for picture in ("test.png", "losses.png", "progress.png"):
        assert read_image(out / picture).std() > 5, picture
    figures = json.loads((out / "metrics.json").read_text())
    assert (figures["translation"], figures["test_pairs"], figures["steps"]) == ("inpaint", 1, 2)
    ((torn, whole),) = pairs_of_photos("inpaint", [photos], 32, 0).test
    assert figures["the input"]["l1"] == pytest.approx(np.abs(torn / 255 - whole / 255).mean())
    for name in ("generated", "the input", "mean colour around", "Telea's inpainting"):
        assert f"{name:28}{figures[name]['l1']:8.4f}" in stdout

    weights = out / "generator.safetensors"
    _, about = load_generator(weights)
    assert (about.translation, about.hole, about.style) == ("inpaint", HOLE, "")
    write_image(tmp_path / "torn.png", torn)
    status, stdout, stderr = call_here(
        "apply", tmp_path / "torn.png", "--model", weights, "--out", tmp_path / "to", demo="translate"
    )
    assert status == 0 and stdout == f"1 picture in {tmp_path / 'to'}\n", stderr
    drawn, holes = read_image(tmp_path / "to" / "torn.png"), find_holes(torn)
    np.testing.assert_array_equal(drawn[~holes], torn[~holes])
    assert np.abs(drawn / 255 - whole / 255).mean() == pytest.approx(figures["generated"]["l1"], rel=1e-2)

    line = refused("judge", "--model", weights, "--photos", photos, "--out", tmp_path / "judged")
    assert "learnt the translation inpaint, not a style" in line


def test_a_dataset_from_training_to_applying(pairs, tmp_path):
    fill(tmp_path / "data", TWO_FOLDERS, pairs)
    out = tmp_path / "run"
    given = ("--pairs", tmp_path / "data", "--direction", "BtoA", "--out", out)
    status, stdout, stderr = call_here(*given, *TINY, demo="translate")
    assert status == 0, stderr
    assert "data BtoA, 2 pictures never seen in training" in stdout and "best affine colour map" in stdout
    figures = json.loads((out / "metrics.json").read_text())
    assert figures["best affine colour map"]["l1"] < 0.01 < figures["the input"]["l1"]
    _, about = load_generator(out / "generator.safetensors")
    assert about.translation == "data BtoA" and about.hole is None

    grey = np.repeat(pairs[0][0][..., :1], 3, axis=2)  # a cartoon of it would be grey
    write_image(tmp_path / "grey.png", grey)
    for demo in ("translate", "cartoonize"):
        to = tmp_path / demo
        status, _, stderr = call_here(
            "apply", tmp_path / "grey.png", "--model", out / "generator.safetensors", "--out", to, demo=demo
        )
        assert status == 0, stderr
        drawn = read_image(to / "grey.png")
        assert drawn.shape == grey.shape and np.ptp(drawn, axis=2).max() > 3

    line = refused("--out", out, "--resume", "--steps", 3, demo="translate")
    assert "but --pairs names" in line and "name the same again" in line
    status, _, stderr = call_here(*given, "--resume", "--steps", 3, "--device", "cpu", demo="translate")
    assert status == 0, stderr
    assert nnlite.load(out / "checkpoint.safetensors")["progress"]["computed"]["direction"] == "BtoA"
