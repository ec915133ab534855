"""Options, pairs from photos, what they are compared with, and the program at a tiny size."""

import json

import numpy as np
import pytest

import nnlite
from demos.cartoonize.weights import load_generator
from demos.translate import baselines
from demos.translate.judge import compare, table
from demos.translate.pairs import JUDGED, Pairs, hold_out, middle
from demos.translate.tasks import ENOUGH, TASKS, pairs_of_photos
from stylize import read_image, write_image
from stylize.degrade import HOLE, find_holes
from stylize.images import resize

from .paired import SIDE_BY_SIDE, TWO_FOLDERS, fill, negatives, small_photos
from .runner import call_here, refused

TINY = ("--size", 32, "--batch", 2, "--steps", 2, "--device", "cpu")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number, photo in enumerate(small_photos()):
        write_image(folder / f"{number}.png", photo)
    return folder


@pytest.fixture
def pairs():
    return negatives()


# Options


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
def test_pairs_of_a_task(task, photos):
    found = pairs_of_photos(task, [photos], 16, seed=3)
    side = 0 if task == "day2night" else 1  # of the photo
    held_out = [pair[side] for pair in found.test]
    assert len(found.train) >= ENOUGH and 0 < len(held_out) < 8
    assert {photo.tobytes() for photo in held_out} < {photo.tobytes() for photo in small_photos()}
    for pair in found.train:
        assert min(pair[0].shape[:2]) >= 24 and pair[0].shape == pair[1].shape
        whole = resize(pair[side], 64, 48)
        assert all(np.abs(whole.astype(int) - photo).mean() > 10 for photo in held_out)  # none of them at any size
    again, other = (pairs_of_photos(task, [photos], 16, seed) for seed in (3, 4))
    first, second, third = ([pair[0].tobytes() for pair in pairs.train] for pairs in (found, again, other))
    assert first == second != third


def test_photos_that_cannot_be_used_are_named(photos, tmp_path, capsys):
    write_image(tmp_path / "small.png", small_photos()[0][:20])
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
