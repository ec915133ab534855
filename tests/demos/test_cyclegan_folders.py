"""CycleGAN between two folders: what is learnt from and held out, the figures without pairs, a run, and mistakes."""

import argparse
import json
import re
import shutil

import numpy as np
import pytest

import nnlite
from demos.cyclegan.folders import Folders, judge, looks, split
from stylize import read_image, write_image

from .runner import PHOTOS, call_here, refused

TINY = ("--width", "1", "--blocks", "0", "--size", "32", "--batch", "2", "--device", "cpu")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Five dark images with a bright bar, and six bright ones of plain colours, 40x48 pixels."""
    root, rng = tmp_path_factory.mktemp("two"), np.random.default_rng(0)
    for name, count, low in (("dark", 5, 0), ("bright", 6, 180)):
        (root / name).mkdir()
        for number in range(count):
            image = np.full((40, 48, 3), rng.integers(low, low + 60, 3), np.uint8)
            if name == "dark":
                image[:, 8 * number : 8 * number + 6] = 255
            write_image(root / name / f"{number}.png", image)
    return root / "dark", root / "bright"


def test_each_fifth_image_is_held_out():
    assert split(list(range(11))) == ([1, 2, 3, 4, 6, 7, 8, 9], [0, 5, 10])


def test_a_batch_is_of_both_folders_and_held_out_images_are_in_none(folders):
    options = argparse.Namespace(a=folders[0], b=folders[1], size=32, seed=0, batch=4, device="cpu")
    images = Folders(options)
    assert [len(part) for part in (*images.learnt, *images.held_out)] == [4, 4, 1, 2]
    dark, bright = (batch.numpy() for batch in next(iter(images.loader())))
    assert dark.shape == bright.shape == (4, 3, 32, 32) and np.median(dark) < -0.5 and bright.min() > 0.4
    held_out = {tuple(image[0, -1]) for image in images.held_out[1]}
    colours = {tuple(np.rint((image[:, 0, 0] + 1) * 127.5).astype(int)) for image in bright}
    assert not colours & held_out


def test_looks_are_means_deviations_and_steps():
    """Stripes of 100 and 200, each a pixel wide, across the first of two crops; the second is plain."""
    image = np.full((16, 40, 3), (10, 20, 30), np.uint8)
    image[:, :16:2], image[:, 1:16:2] = 100, 200
    striped, plain = 255.0 * looks([image])
    np.testing.assert_allclose(striped, [150, 150, 150, 50, 50, 50, 50], rtol=1e-6)
    np.testing.assert_allclose(plain, [10, 20, 30, 0, 0, 0, 0], atol=1e-9)


def test_figures_of_trips_that_are_known(rng):
    """A perfect trip reaches what is real, though it comes back 10 levels off; one to nowhere changes nothing."""
    a = [rng.integers(0, 60, (32, 64, 3)).astype(np.uint8) for _ in range(4)]
    b = [200 - image for image in a]
    perfect = [(x, 200 - x, x + np.uint8(10)) for x in a]
    idle = [(y, y, y) for y in b]
    figures = judge(perfect, idle, a, b)
    there, back = figures["a_to_b"], figures["b_to_a"]
    assert there["distance"] == pytest.approx(0.0, abs=1e-9) and there["untouched"] > 0.5
    assert there["reached"] == pytest.approx(0.0, abs=1e-9)
    assert there["cycle"] == pytest.approx(10 / 255) and there["change"] == pytest.approx(
        np.mean([np.abs(200.0 - 2.0 * x) for x in a]) / 255
    )
    assert back["distance"] == back["untouched"] > 0.5 and back["change"] == back["cycle"] == 0.0


def test_a_run(folders, tmp_path):
    """What it promises is there, its weights draw, and it goes on only with the same two folders."""
    dark, bright = (shutil.copytree(folder, tmp_path / folder.name) for folder in folders)
    given = ("--a", dark, "--b", bright, "--out", tmp_path / "out")
    status, stdout, stderr = call_here(*given, *TINY, "--steps", 2, demo="cyclegan")
    assert status == 0, stderr
    figures = json.loads((tmp_path / "out" / "metrics.json").read_text())
    for way in ("a_to_b", "b_to_a"):
        assert f"{figures[way]['distance']:.4f}" in stdout and f"{figures[way]['cycle']:.3f}" in stdout
        assert nnlite.load_metadata(tmp_path / "out" / f"{way}.safetensors")["translation"] == way
    assert read_image(tmp_path / "out" / "test.png").std() > 20

    model = ("--model", tmp_path / "out" / "a_to_b.safetensors", "--out", tmp_path / "translated")
    assert call_here("apply", dark / "0.png", *model, demo="translate")[0] == 0
    assert read_image(next((tmp_path / "translated").iterdir())).shape == (40, 48, 3)

    shutil.copy(bright / "0.png", bright / "again.png")
    line = refused(*given, "--resume", demo="cyclegan")
    assert re.search(r"learns from 6 images \(.*\), but --b names 7 images .*; name the same again", line), line
    assert "but --a names what comes with the project" in refused(
        "--out", tmp_path / "out", "--resume", demo="cyclegan"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--a", "DARK"), "two folders to learn from; --b DIR is missing"),
        (("--b", "DARK"), "two folders to learn from; --a DIR is missing"),
        (("--a", "DARK", "--b", "EMPTY", "--size", 32), "--b .* has 0 images with room for a crop of 32x32; give it"),
        (("--a", "DARK", "--b", "BRIGHT"), "--a .* has 0 images with room for a crop of 64x64"),
        (("--a", "DARK", "--b", "DARK"), "hold the same images"),
        (("--a", "DARK", "--b", PHOTOS / "cat.jpg"), "--b takes a folder of images, and .*cat.jpg is a file"),
        (("--a", "DARK", "--b", "nowhere"), "nowhere: no such file or folder"),
        (("--a", "DARK", "--b", "BRIGHT", "--photos", PHOTOS / "cat.jpg"), "the two folders have all the images"),
    ],
)
def test_mistakes_are_named(arguments, message, folders, tmp_path):
    (tmp_path / "empty").mkdir()
    where = {"DARK": folders[0], "BRIGHT": folders[1], "EMPTY": tmp_path / "empty"}
    given = [where.get(argument, argument) for argument in arguments]
    line = refused(*given, "--out", tmp_path / "out", "--device", "cpu", demo="cyclegan")
    assert re.search(message, line), line


def test_the_run_and_its_folders_stay_apart(folders, tmp_path):
    """--out inside a folder would learn from its own pictures; a folder inside --out is not the run's to write to."""
    dark, bright = (shutil.copytree(folder, tmp_path / folder.name) for folder in folders)
    line = refused("--a", dark, "--b", bright, "--out", bright / "out", demo="cyclegan")
    assert f"lies inside {bright}" in line and not (bright / "out").exists()
    line = refused("--a", dark, "--b", bright, "--out", tmp_path, demo="cyclegan")
    assert "holds files that demos.cyclegan did not write" in line
