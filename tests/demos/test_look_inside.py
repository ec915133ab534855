"""The demo that looks inside networks: its pictures, its figures, and what it refuses."""

import json

import numpy as np
import pytest

import nnlite
from demos.cartoonize.recipe import Recipe
from demos.cartoonize.weights import save_generator
from demos.look_inside import cartoon
from demos.look_inside.__main__ import main
from demos.look_inside.cartoon import SEEN, paint_step_by_step, unfolded, window
from demos.look_inside.pictures import around_grey, enlarged, signed, spread
from demos.shared.images import to_image
from models.painter import Painter
from nnlite.nn import functional as F
from nnlite.torch.nn.functional import pixel_unshuffle
from stylize import read_image

from .runner import call, refused

PICTURES = "layers graph filters activations occlusion maximised reconstructions neighbours".split()


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """A painter of the usual size that nobody has trained."""
    path = tmp_path_factory.mktemp("generator") / "generator.safetensors"
    save_generator(Recipe().build().generator, path, Recipe().metadata())
    return path


def test_signs_have_colours():
    red, blue, white = signed(np.array([[2.0, -2.0, 0.0]]))[0].tolist()
    assert (red, blue, white) == ([255, 0, 0], [0, 0, 255], [255, 255, 255])
    assert signed(np.zeros((2, 2))).min() == 255
    assert around_grey(np.array([-1.0, 0.0, 1.0]).reshape(3, 1, 1))[0, 0].tolist() == [0, 128, 255]
    assert spread(np.array([[3.0, 5.0, 4.0]]))[0, :, 0].tolist() == [0, 255, 128]


def test_pixels_are_repeated():
    np.testing.assert_array_equal(enlarged(np.arange(4).reshape(2, 2), 4), np.kron([[0, 1], [2, 3]], np.ones((2, 2))))


@pytest.mark.parametrize(("row", "column"), [(0, 0), (30, 40), (63, 63), (20, 5)])
def test_the_window_holds_what_is_not_zero(row, column):
    part = np.zeros((3, 64, 64))
    part[1, row, column] = -3.0
    assert part[window(part)].shape == (3, SEEN, SEEN) and part[window(part)].min() == -3.0


def test_filters_of_folded_pixels_are_filters_of_the_image(rng):
    weight = rng.standard_normal((5, 24, 3, 3)).astype(np.float32)
    image = nnlite.tensor(rng.standard_normal((1, 6, 12, 16)).astype(np.float32))
    folded = F.conv2d(pixel_unshuffle(image, 2), nnlite.tensor(weight), padding=1)
    direct = F.conv2d(image, nnlite.tensor(unfolded(weight)), stride=2, padding=2)
    np.testing.assert_allclose(folded.numpy(), direct.numpy(), atol=1e-4)


def test_the_painting_begins_with_the_photo_and_ends_with_the_cartoon(rng):
    nnlite.manual_seed(0)
    painter, photo = Painter(4), rng.uniform(-1.0, 1.0, (3, 16, 24)).astype(np.float32)
    with nnlite.no_grad():
        layers, cartoon = painter.layers(nnlite.tensor(photo[None])), painter(nnlite.tensor(photo[None]))
    steps = paint_step_by_step(painter, photo, layers)
    assert list(steps) == ["photo", "graded", "retouched", "joined", "touched up", "in tones", "inked"]
    np.testing.assert_array_equal(steps["inked"], to_image(cartoon.numpy()[0]))
    assert np.abs(steps["graded"].astype(int) - steps["photo"]).max() <= 2  # an untrained grade changes nothing
    assert steps["joined"].std() < 0.8 * steps["retouched"].std()


@pytest.mark.slow
def test_the_digit_classifier(tmp_path):
    status, stdout, stderr = call("--network", "lenet5", "--out", tmp_path, demo="look_inside")
    assert status == 0, stderr
    figures = written(tmp_path, "lenet5", stdout)
    assert figures["precision_at_10"]["features"] > 0.95 > figures["precision_at_10"]["pixels"]
    assert min(figures["probability_of_maximised"]) > 0.9


@pytest.mark.slow
def test_the_generator_of_cartoons(generator, tmp_path, monkeypatch, capsys):
    """In fewer crops, and two of its units."""
    monkeypatch.setattr(cartoon, "CROPS", 2)
    monkeypatch.setattr(cartoon, "UNITS", 2)
    arguments = ["look_inside", "--network", "cartoon", "--model", str(generator), "--out", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    assert main() == 0
    figures = written(tmp_path, "cartoon", capsys.readouterr().out)
    assert read_image(tmp_path / "cartoon" / "painting.png").std() > 5
    assert 0 < figures["radius"] < 32 and 0 < figures["same_photo"]["features"] <= 1


def written(out, name, stdout):
    """The figures of a network, after a look at its pictures."""
    assert str(out / name) in stdout
    for picture in PICTURES:
        assert read_image(out / name / f"{picture}.png").std() > 5, picture
    assert "Total params" in (out / name / "layers.txt").read_text()
    return json.loads((out / "metrics.json").read_text())[name]


def test_a_model_for_two_networks_is_refused(generator, tmp_path):
    assert "--network lenet5 or --network cartoon" in refused(
        "--model", generator, "--out", tmp_path, demo="look_inside"
    )


def test_a_model_of_the_other_network_is_refused(generator, tmp_path):
    line = refused("--network", "lenet5", "--model", generator, "--out", tmp_path, demo="look_inside")
    assert "LeNet5" in line


def test_another_generator_is_refused(tmp_path):
    recipe = Recipe(generator="stroke-unet")
    save_generator(recipe.build().generator, tmp_path / "strokes.safetensors", recipe.metadata())
    line = refused(
        "--network",
        "cartoon",
        "--model",
        tmp_path / "strokes.safetensors",
        "--out",
        tmp_path / "out",
        demo="look_inside",
    )
    assert "strokes.safetensors is a StrokeUNet; look_inside takes a Painter" in line


def test_a_missing_model_is_refused(tmp_path):
    line = refused("--network", "cartoon", "--model", tmp_path / "nowhere", "--out", tmp_path, demo="look_inside")
    assert "there is no file" in line
