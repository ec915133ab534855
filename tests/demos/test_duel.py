"""demos/duel.py: two trained here, two that meet, and what is refused."""

import json

import numpy as np
import pytest

import nnlite
from demos.duel import report
from models.gan import GAN, DenseDiscriminator, DenseGenerator
from models.vae import VAE
from stylize import read_image

from .runner import call, call_here, refused


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a tiny duel, and what it printed."""
    out = tmp_path_factory.mktemp("runs") / "duel"
    status, stdout, stderr = call("--out", out, "--steps", 3, "--batch", 8, "--device", "cpu", demo="duel")
    assert status == 0, stderr
    return out, stdout


def save_run(folder, model, **computed):
    """A checkpoint as demos/shared/run.py writes it."""
    folder.mkdir()
    computed = {"latent": 3, "width": 4, "conditional": False, "label_low": 1.0, "label_high": 1.0, **computed}
    computed |= {"discriminator_steps": 1, "generator_steps": 1, "noise": 0.0, "spectral_norm": False}
    nnlite.save({"model": model.state_dict(), "progress": {"computed": computed}}, folder / "checkpoint.safetensors")
    return folder


@pytest.mark.slow
def test_writes_everything_it_promises(trained):
    out, stdout = trained
    for picture in ("duel.png", "losses.png", "progress.png"):
        assert read_image(out / picture).std() > 5, picture
    figures = json.loads((out / "metrics.json").read_text())
    assert figures["winner"] in (None, "hard labels", "soft labels")
    assert all(0 <= share <= 1 for row in figures["believed"].values() for share in row.values())
    assert "duel.png" in stdout and "hard labels" in stdout


@pytest.mark.slow
def test_two_runs_meet(tmp_path):
    good, bad = (GAN(DenseGenerator(3, 4), DenseDiscriminator(4)) for _ in "ab")
    for model, says in ((good, -1.0), (bad, 1.0)):  # one sees through everything, the other through nothing
        last = model.discriminator.layers[-1]
        last.weight.data[...] = 0.0
        last.bias.data[...] = says
    folders = save_run(tmp_path / "good", good), save_run(tmp_path / "bad", bad)
    status, stdout, stderr = call_here(*folders, "--out", tmp_path / "out", "--device", "cpu", demo="duel")
    assert status == 0, stderr
    figures = json.loads((tmp_path / "out" / "metrics.json").read_text())
    shares = [set(figures["believed"][str(folder)].values()) for folder in folders]
    assert shares == [{0.0}, {1.0}] and figures["winner"] is None and "A tie" in stdout  # the judges are no match
    picture = read_image(tmp_path / "out" / "duel.png").astype(int)
    red = (picture[..., 0] > picture[..., 1] + 50).any(0)
    middle = picture.shape[1] // 2
    assert not red[: middle - 20].any() and red[middle + 20 :].any(), "the bad one's samples were seen through"


def test_the_report_names_the_winner():
    believed = {"a": {"real digits": 0.9, "a": 0.1, "b": 0.4}, "b": {"real digits": 0.9, "a": 0.2, "b": 0.1}}
    figures = {"believed": believed, "test_ratio": 1.0, "sample_ratio": 2.0, "winner": "b"}
    text = report(figures)
    assert "b wins" in text and "40.0%" in text and "2.00 to 1" in text
    assert "A tie" in report(figures | {"winner": None})


def test_runs_of_another_kind_are_refused(tmp_path):
    vae = save_run(tmp_path / "vae", VAE("dense", 2))
    line = refused(vae, tmp_path / "none", "--out", tmp_path / "out", demo="duel")
    assert "is of dense VAE" in line and "demos.gan" in line
    line = refused(tmp_path / "none", vae, "--out", tmp_path / "out", demo="duel")
    assert "there is no file" in line
    for folders in ((vae,), (vae, vae), (vae, vae, vae)):
        assert "two different runs" in refused(*folders, "--out", tmp_path / "out", demo="duel")
    assert "at most 8000" in refused("--batch", 8001, "--out", tmp_path / "out", demo="duel")


def test_noise_is_the_same_each_time():
    from demos.duel import fixed_noise

    model = GAN(DenseGenerator(3, 4), DenseDiscriminator(4))
    assert np.array_equal(fixed_noise(model, 5, 1), fixed_noise(model, 5, 1))
    assert fixed_noise(model, 5, 1).shape == (5, 3)


DAMAGED = [
    {"model": None},
    {"model": {"kind": None}},
    {"model": {"kind": ["GAN"]}},
    {"progress": "x"},
    {"progress": {}},
    {"progress": {"computed": None}},
    {"progress": {"computed": {"latent": 3}}},
]


@pytest.mark.parametrize("edit", DAMAGED, ids=str)
def test_damaged_runs_are_refused(edit, tmp_path):
    good = save_run(tmp_path / "good", GAN(DenseGenerator(3, 4), DenseDiscriminator(4)))
    bad = tmp_path / "bad" / "checkpoint.safetensors"
    bad.parent.mkdir()
    nnlite.save(nnlite.load(good / bad.name) | edit, bad)
    assert str(bad) in refused(good, bad.parent, "--out", tmp_path / "out", demo="duel")


@pytest.mark.parametrize("name", ["latent", "width", "label_low"])
@pytest.mark.parametrize("value", [None, "x", 0, -1])
def test_runs_with_other_options_are_refused(name, value, tmp_path):
    good = save_run(tmp_path / "good", GAN(DenseGenerator(3, 4), DenseDiscriminator(4)))
    bad = save_run(tmp_path / "bad", GAN(DenseGenerator(3, 4), DenseDiscriminator(4)), **{name: value})
    status, _, stderr = call_here(good, bad, "--out", tmp_path / "out", demo="duel")
    assert status in (0, 2) and "Traceback" not in stderr
