"""What the project's weights draw before a training begins, and whose training begins so."""

import numpy as np
import pytest

import nnlite
from demos.cartoonize import preview, recipe
from demos.cartoonize.preview import draw_preview
from demos.cartoonize.recipe import Recipe
from demos.cartoonize.weights import save_generator
from models.painter import Painter
from stylize import read_image, write_image
from stylize.images import resize

from .runner import PHOTOS, TINY, call_here


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """The project's weights: one style, anime, by a small painter that nobody has trained."""
    monkeypatch.setattr(recipe, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr(recipe, "SHIPPED", tmp_path / "weights" / "anime.safetensors")
    (tmp_path / "weights").mkdir()
    about = Recipe(style="anime").metadata() | {"options": '{"width": 2, "pen": 1}'}
    save_generator(Painter(2), tmp_path / "weights" / "anime.safetensors", about)
    return tmp_path / "weights" / "anime.safetensors"


@pytest.fixture
def small_photos(tmp_path):
    """Two photos, high and wide, and a file that holds none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    cat = read_image(PHOTOS / "cat.jpg")
    write_image(folder / "cat.png", resize(cat, 90, 120))
    write_image(folder / "a.png", resize(cat, 100, 70))
    (folder / "b.jpg").write_text("not a picture")
    return folder


def test_photos_stand_next_to_their_cartoons(weights, small_photos, tmp_path, monkeypatch):
    monkeypatch.setattr(preview, "LARGEST", 80)
    monkeypatch.setattr(preview, "CELL", 64)
    nnlite.manual_seed(3)
    expected = nnlite.randn(4).numpy()
    nnlite.manual_seed(3)
    assert draw_preview("anime", [small_photos], tmp_path, "cpu") == tmp_path / "shipped.jpg"
    np.testing.assert_array_equal(nnlite.randn(4).numpy(), expected)  # the training's random numbers are untouched
    sizes = {path.name: read_image(path).shape for path in (tmp_path / "shipped").iterdir()}
    assert sizes == {"01-a.jpg": (70, 100, 3), "03-cat.jpg": (107, 80, 3)}
    height, width, _ = read_image(tmp_path / "shipped.jpg").shape
    assert (height // 64, width // 64) == (1, 4)


def test_without_weights_or_photos_there_is_none(weights, small_photos, tmp_path):
    assert draw_preview("toon", [small_photos], tmp_path, "cpu") is None
    assert draw_preview("anime", [small_photos / "b.jpg"], tmp_path, "cpu") is None
    assert not (tmp_path / "shipped").exists()


def test_only_the_main_job_has_one():
    assert Recipe().is_main_job() and Recipe(seed=4, style="anime").is_main_job()
    for other in ({"steps": 60}, {"size": 32}, {"preset": "full"}, {"generator": "unet"}):
        assert not Recipe(**other).is_main_job()


def test_a_training_begins_with_it_and_learns_the_same(weights, tmp_path, monkeypatch):
    (tmp_path / "different").mkdir()
    for name in ("astronaut", "cat", "coffee"):
        write_image(tmp_path / "different" / f"{name}.png", resize(read_image(PHOTOS / f"{name}.jpg"), 96, 96))
    few = ("--photos", tmp_path / "different", "--style", "anime", *TINY[:4], "--steps", 1, "--device", "cpu")
    assert call_here(*few, "--out", tmp_path / "without")[0] == 0
    monkeypatch.setattr(Recipe, "is_main_job", lambda self: True)
    status, stdout, stderr = call_here(*few, "--out", tmp_path / "with")
    assert status == 0, stderr
    assert stdout.startswith(f"Look at {tmp_path / 'with' / 'shipped.jpg'}")
    plain, shown = (nnlite.load(tmp_path / out / "generator.safetensors") for out in ("without", "with"))
    assert plain.keys() == shown.keys()
    assert all((plain[name].numpy() == shown[name].numpy()).all() for name in plain)
    status, stdout, stderr = call_here(*few[:-4], "--steps", 2, "--resume", "--out", tmp_path / "with")
    assert status == 0, stderr
    assert "shipped.jpg" not in stdout


def test_a_style_is_chosen_by_its_name(weights, small_photos, tmp_path):
    drawn = [tmp_path / "by-name", tmp_path / "by-file"]
    for out, how in zip(drawn, (("--style", "anime"), ("--model", weights)), strict=True):
        assert call_here("apply", small_photos / "a.png", *how, "--out", out)[0] == 0
    by_name, by_file = (read_image(out / "a.png") for out in drawn)
    np.testing.assert_array_equal(by_name, by_file)


@pytest.mark.parametrize("command", ["apply", "judge"])
def test_a_style_that_is_not_shipped_is_refused(weights, command):
    photo = PHOTOS / "cat.jpg"
    photos = (photo,) if command == "apply" else ("--photos", photo)
    status, _, stderr = call_here(command, *photos, "--style", "toon")
    assert status == 2 and "invalid choice: 'toon'" in stderr and "anime" in stderr
    status, _, stderr = call_here(command, *photos, "--style", "anime", "--model", weights)
    assert status == 2 and "not allowed with argument --style" in stderr
