"""The demos of the VAE and of the planes of codes, at tiny sizes: what they write, resuming, and bad input."""

import csv
import json

import numpy as np
import pytest

import nnlite
from demos import latent
from demos.shared.digits import Digits, load_digits
from models.vae import VAE
from stylize import read_image

from .runner import call, call_here, refused

TINY = ("--kind", "dense", "--latent", 3, "--beta", 2.0, "--steps", 12, "--batch", 16, "--device", "cpu")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a tiny training of demos/vae.py, and what it printed."""
    out = tmp_path_factory.mktemp("runs") / "vae"
    status, stdout, stderr = call("--out", out, *TINY, demo="vae")
    assert status == 0, stderr
    return out, stdout


def load(out):
    model, state = VAE("dense", 3), nnlite.load(out / "vae.safetensors")
    model.encoder.load_state_dict(state["encoder"])
    model.decoder.load_state_dict(state["decoder"])
    return model


@pytest.mark.slow
def test_writes_everything_it_promises(trained):
    out, stdout = trained
    for picture in ("reconstructions.png", "interpolation.png", "samples.png", "losses.png", "progress.png"):
        assert read_image(out / picture).std() > 10, picture
    metadata = nnlite.load_metadata(out / "vae.safetensors")
    assert (metadata["kind"], metadata["latent"], metadata["beta"]) == ("dense", "3", "2.0")
    with open(out / "losses.csv", newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    assert [row["step"] for row in rows] == list(range(1, 13))
    for row in rows:
        assert row["loss"] == pytest.approx(row["reconstruction"] + 2.0 * row["kl"], rel=1e-5)
    assert str(out / "samples.png") in stdout and not list(out.rglob("*.partial*"))


@pytest.mark.slow
def test_its_figure_is_the_bound_of_the_held_out_digits(trained):
    out, stdout = trained
    figures = json.loads((out / "metrics.json").read_text())
    assert figures["elbo"] == pytest.approx(-(figures["reconstruction"] + figures["kl"]))
    model, digits = load(out), nnlite.tensor(load_digits()[1].images)
    with nnlite.no_grad():
        _, kl = model.terms(digits)
    assert figures["kl"] == pytest.approx(float(kl), rel=1e-5)
    assert figures["elbo"] == pytest.approx(float(model.elbo(digits)), abs=15.0)  # so early, other noise is much
    assert f"{figures['elbo']:.2f}" in stdout


@pytest.mark.slow
def test_stopping_and_resuming_changes_nothing(trained, tmp_path):
    whole, _ = trained
    assert call_here("--out", tmp_path, *TINY, "--steps", 7, demo="vae")[0] == 0
    status, _, stderr = call_here("--out", tmp_path, "--resume", "--steps", 12, "--device", "cpu", demo="vae")
    assert status == 0, stderr
    for file in ("losses.csv", "validation.csv", "samples.png"):
        assert (tmp_path / file).read_bytes() == (whole / file).read_bytes(), file


@pytest.mark.slow
@pytest.mark.parametrize("other", [("--latent", 4), ("--kind", "conv"), ("--beta", 1.0)])
def test_resuming_with_other_options_is_refused(trained, other):
    out, _ = trained
    before = (out / "checkpoint.safetensors").read_bytes()
    line = refused("--out", out, "--resume", *other, demo="vae")
    assert f"{other[0]} {other[1]} (was " in line
    assert (out / "checkpoint.safetensors").read_bytes() == before


@pytest.mark.slow
def test_a_checkpoint_of_another_program_is_refused(trained):
    out, _ = trained
    assert "does not hold a run of this program" in refused("--out", out, "--resume", demo="latent")


@pytest.mark.slow
def test_a_checkpoint_of_another_model_is_refused(trained, tmp_path):
    state = nnlite.load(trained[0] / "checkpoint.safetensors")
    nnlite.save(state | {"model": VAE("conv", 3).state_dict()}, tmp_path / "checkpoint.safetensors")
    assert "conv VAE, not of dense VAE" in refused("--out", tmp_path, "--resume", demo="vae")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--latent", 0), "--latent must be at least 1, got 0"),
        (("--latent", "two"), "invalid int value: 'two'"),
        (("--beta", -1), "--beta must be at least 0.0, got -1.0"),
        (("--beta", "nan"), "--beta must be at least 0.0, got nan"),
        (("--kind", "deep"), "invalid choice: 'deep'"),
        (("--batch", 0), "--batch must be at least 1, got 0"),
    ],
)
def test_options_out_of_range(options, expected, tmp_path):
    assert expected in refused("--out", tmp_path / "out", *options, demo="vae")
    assert not (tmp_path / "out").exists()


# demos/latent.py


@pytest.mark.slow
def test_the_planes_of_codes(tmp_path):
    status, stdout, stderr = call("--out", tmp_path, "--steps", 5, "--batch", 8, "--device", "cpu", demo="latent")
    assert status == 0, stderr
    for picture in ("latent.png", "planes.png", "samples.png", "losses.png"):
        assert read_image(tmp_path / picture).std() > 5, picture
    figures = json.loads((tmp_path / "metrics.json").read_text())
    for of_one in (figures["autoencoder"], figures["VAE"]):
        assert 0 < of_one["mse"] < 0.3 and 0 <= of_one["sure"] <= 1 and 0 <= of_one["digits"] <= 10
    assert "latent.png" in stdout
    VAE("dense", 2).decoder.load_state_dict(nnlite.load(tmp_path / "vae.safetensors")["decoder"])
    assert (tmp_path / "autoencoder.safetensors").exists()


def test_figures_of_a_plane_full_of_digits_and_of_an_empty_one():
    digits = load_digits()[1]
    order = np.random.default_rng(0).permutation(len(digits))  # real digits, whatever code is decoded

    def encode(images):
        return images[:, 0, 13:15, 14]

    coders = {
        "full": (encode, lambda z: nnlite.tensor(digits.images[order[: len(z)]])),
        "empty": (encode, lambda z: nnlite.zeros(len(z), 1, 28, 28)),
    }
    figures = latent.judge(coders, digits, "cpu")
    full, empty = figures["full"], figures["empty"]
    assert full["sure"] > 0.95 and full["digits"] == 10 and full["frechet_distance"] < 1.0
    assert empty["digits"] == 1 and empty["frechet_distance"] > 10.0 and empty["mse"] > 0.05


def test_the_region_leaves_the_outermost_codes_out():
    codes = np.stack([np.arange(101.0), -np.arange(101.0)], 1)
    np.testing.assert_allclose(latent.region(codes), [[2, -98], [98, -2]])


def test_the_walk_goes_up_and_to_the_right():
    """Images that show their code: their upper half is as bright as x, their lower half as y."""

    def decode(z):
        halves = np.repeat(z.numpy()[:, :, None], 14, axis=2).reshape(-1, 1, 28, 1)
        return nnlite.tensor(np.repeat(halves, 28, axis=3))

    codes = np.random.default_rng(0).uniform(0, 1, (500, 2)).astype(np.float32)
    images = np.zeros((500, 1, 28, 28), np.float32)
    images[:, 0, 0, :2] = codes
    coders = {"stub": (lambda images: images[:, 0, 0, :2], decode)}
    sheet = latent.walks(coders, Digits(images, np.zeros(500, np.int64)), "cpu")["stub"]
    side = latent.SIDE
    assert sheet.shape == (30 * side - 2, 30 * side - 2, 3)
    x, y = (sheet[row::30, 14::30, 0].astype(float) / 255 for row in (3, 20))
    low, high = np.quantile(codes, [0.02, 0.98], axis=0)
    expected_x, expected_y = (np.linspace(a, b, side) for a, b in zip(low, high, strict=True))
    np.testing.assert_allclose(x, np.tile(expected_x, (side, 1)), atol=0.003)
    np.testing.assert_allclose(y, np.tile(expected_y[::-1, None], (1, side)), atol=0.003)
