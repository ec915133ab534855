"""The demos of autoencoders at a tiny size: what they write and measure, going on after a stop, bad input."""

import importlib
import json

import numpy as np
import pytest

import nnlite
from demos import denoise, inpaint
from demos.anomaly import train_step
from demos.features import classify, standardise
from demos.search import nearest
from demos.shared.autoencoders import errors, warp_input, warped
from demos.shared.digits import load_digits, some_of_each
from demos.shared.images import in_batches, shuffled
from demos.shared.run import Several
from models.autoencoder import Autoencoder, convolutional, dense
from models.pca import PCA
from nnlite.metrics import roc_auc
from stylize import read_image

from .runner import call, call_here, refused

TINY = ("--batch", 16, "--device", "cpu")
PICTURES = {
    "autoencoder": ("reconstructions.png", "history.png", "codes.png", "progress.png"),
    "denoise": ("restored.png", "progress.png"),
    "inpaint": ("restored.png", "progress.png"),
    "anomaly": ("anomalies.png",),
    "search": ("search.png",),
    "compress": ("compressed.png",),
    "features": ("features.png",),
}


class Options:
    batch, seed, device = 5, 0, "cpu"


# What they are made of


def test_shuffled_arrays_stay_together_in_an_order_of_the_seed():
    images = np.random.default_rng(0).random((12, 1, 28, 28)).astype(np.float32)
    first, second = (next(shuffled(Options, images, images).batches()) for _ in range(2))
    np.testing.assert_array_equal(first[0].numpy(), first[1].numpy())
    np.testing.assert_array_equal(first[0].numpy(), second[0].numpy())
    assert first[0].shape == (5, 1, 28, 28)


def test_warping_moves_ink_and_keeps_most_of_it(rng):
    image = load_digits()[0].images[0]
    for _ in range(20):
        other = warped(image, rng)
        assert other.shape == image.shape and other.dtype == np.float32
        assert 0 <= other.min() and other.max() <= 1 and np.abs(other - image).max() > 0.3
        assert 0.6 < other.sum() / image.sum() < 1.5
    moved, target = warp_input((image, image), rng)
    assert target is image and (moved != image).any()


def test_warping_keeps_the_middle_on_average(rng):
    image = np.zeros((1, 28, 28), np.float32)
    image[0, 13:15, 13:15] = 1.0
    mean = np.mean([warped(image, rng) for _ in range(2000)], axis=0)[0]
    places = np.arange(28)
    for axis in (0, 1):
        assert (mean.sum(axis) * places).sum() / mean.sum() == pytest.approx(13.5, abs=0.1)


def test_nearest_are_those_of_all_distances(rng):
    codes, queries = rng.standard_normal((50, 3)), rng.standard_normal((7, 3))
    distances = np.linalg.norm(queries[:, None] - codes, axis=2)
    np.testing.assert_array_equal(nearest(codes, queries, 4), distances.argsort(1)[:, :4])


def test_standardised_with_one_scale(rng):
    known, unknown = rng.standard_normal((40, 3)) * [1, 10, 100] + 7, rng.standard_normal((5, 3))
    a, b = standardise(known, unknown)
    np.testing.assert_allclose(a.mean(0), 0.0, atol=1e-9)
    assert np.sqrt((a**2).sum(1).mean()) == pytest.approx(10.0)
    ratio = np.linalg.norm(a[0] - a[1]) / np.linalg.norm(known[0] - known[1])
    assert np.linalg.norm(a[0] - b[0]) / np.linalg.norm(known[0] - unknown[0]) == pytest.approx(ratio)


def test_some_of_each_class_once(rng):
    labels = rng.integers(0, 10, 300)
    chosen = some_of_each(labels, 4, rng)
    assert len(set(chosen)) == 40 and np.bincount(labels[chosen]).tolist() == [4] * 10


def test_the_classifier_separates_what_a_line_can(rng):
    centres = 10 * np.eye(10, dtype=np.float32)
    labels = np.arange(10).repeat(3)
    known, unknown = (centres[labels] + rng.standard_normal((30, 10)).astype(np.float32) for _ in "ab")
    np.testing.assert_array_equal(classify(known, labels, unknown), labels)


def test_one_for_each_digit_learns_from_its_own_alone():
    def build(lr):
        nnlite.manual_seed(0)
        return Autoencoder(*dense(2, (4,)), lr=lr)

    models = [build(0.01) for _ in range(10)]
    images = nnlite.Tensor(np.random.default_rng(0).random((6, 1, 28, 28)).astype(np.float32))
    alone = build(0.01)
    train_step(models, images, np.array([3, 1, 3, 0, 3, 9]))
    alone.train_step(images[np.array([0, 2, 4])])
    after, expected, untouched = (m.decoder.state_dict()["0.bias"].numpy() for m in (models[3], alone, models[5]))
    np.testing.assert_array_equal(after, expected)
    assert (after != untouched).any()
    np.testing.assert_array_equal(untouched, build(0.0).decoder.state_dict()["0.bias"].numpy())


def test_several_refuse_the_state_of_others():
    state = Several({"2": Autoencoder(*dense(2, (4,)))}).state_dict()
    with pytest.raises(nnlite.CheckpointError, match="no 8; it is not that of Several"):
        Several({"8": Autoencoder(*dense(8, (4,)))}).load_state_dict(state)


def test_inpainting_changes_the_square_alone(rng):
    masked = rng.integers(0, 256, (3, 1, 28, 28)).astype(np.float32) / 255
    masked[:, :, 5:9, 6:10] = 0.5
    output = rng.random((3, 1, 28, 28)).astype(np.float32)
    mended = inpaint.inside_the_square(masked, output)
    np.testing.assert_array_equal(mended[:, :, 5:9, 6:10], output[:, :, 5:9, 6:10])
    assert (mended == masked).sum() >= 3 * (784 - 16)


def test_decibels_are_those_of_the_metric(rng):
    a, b = rng.random((2, 3, 1, 28, 28))
    for ours, x, y in zip(denoise.decibels(a, b), a, b, strict=True):
        assert ours == pytest.approx(nnlite.metrics.psnr(x[0], y[0]))


# Whole runs


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folder and printed lines of a tiny run of each demo, made when first asked for."""
    made = {}

    def run(demo):
        if demo not in made:
            out = tmp_path_factory.mktemp("runs") / demo
            status, stdout, stderr = call("--out", out, "--steps", 3, *TINY, demo=demo)
            assert status == 0, stderr
            made[demo] = out, stdout
        return made[demo]

    return run


@pytest.mark.slow
@pytest.mark.parametrize("demo", PICTURES)
def test_writes_everything_it_promises(runs, demo):
    out, stdout = runs(demo)
    for picture in (*PICTURES[demo], "losses.png"):
        assert read_image(out / picture).std() > 5, picture
    assert json.loads((out / "metrics.json").read_text())["steps"] == 3
    assert len((out / "losses.csv").read_text().splitlines()) == 4
    assert str(out) in stdout and not list(out.rglob("*.partial*"))
    weights = next(out.glob("autoencoder*.safetensors"))
    assert nnlite.load_metadata(weights)["seed"] == "0" and set(nnlite.load(weights)) == {"encoder", "decoder"}


def trained(model, path):
    state = nnlite.load(path)
    model.encoder.load_state_dict(state["encoder"])
    model.decoder.load_state_dict(state["decoder"])
    return model


@pytest.mark.slow
def test_the_figures_are_those_of_the_saved_weights(runs):
    """Recomputed from the weights in the folder, on the held-out digits."""
    train, test = load_digits()

    out, stdout = runs("autoencoder")
    model = trained(Autoencoder(*dense(2)), out / "autoencoder.safetensors")
    figures = json.loads((out / "metrics.json").read_text())
    error = errors(in_batches(model.reconstruct, test.images), test.images).mean()
    assert figures["mse"] == pytest.approx(float(error), rel=1e-4) and f"{figures['mse']:.4f}" in stdout
    pca = errors(PCA(2).fit(train.images).reconstruct(test.images), test.images).mean()
    assert figures["pca_mse"] == pytest.approx(float(pca), rel=1e-4)

    out, stdout = runs("search")
    model = trained(Autoencoder(*convolutional(32)), out / "autoencoder.safetensors")
    found = nearest(in_batches(model.encode, train.images), in_batches(model.encode, test.images), 10)
    precision = json.loads((out / "metrics.json").read_text())["precision_at_10"]
    assert precision["code"] == pytest.approx((train.labels[found] == test.labels[:, None]).mean(), abs=1e-3)
    assert precision["pixels"] == pytest.approx(0.8914, abs=1e-4) and "89.1%" in stdout


@pytest.mark.slow
def test_denoising_measures_an_input_that_is_not_cut_off(runs):
    """Noise of 0.4 added to every pixel has a PSNR of -20 log10(0.4)."""
    figures = json.loads((runs("denoise")[0] / "metrics.json").read_text())
    assert figures["psnr_in"] == pytest.approx(-20 * np.log10(0.4), abs=0.02)
    assert figures["gain"] == pytest.approx(figures["psnr_out"] - figures["psnr_in"])


@pytest.mark.slow
def test_anomaly_asks_components_of_the_digit_alone(runs):
    train, test = load_digits()
    figures = json.loads((runs("anomaly")[0] / "metrics.json").read_text())
    pca = PCA(32).fit(train.images[train.labels == 4])
    auc = roc_auc(errors(pca.reconstruct(test.images), test.images), test.labels != 4)
    assert figures["auc_pca"]["4"] == pytest.approx(auc, abs=1e-4)
    assert len(figures["auc"]) == 10 and all(0 < value < 1 for value in figures["auc"].values())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["conv", "denoising", "sparse", "contractive"])
def test_all_kinds_run(kind, tmp_path):
    status, stdout, stderr = call_here("--kind", kind, "--out", tmp_path, "--steps", 2, *TINY, demo="autoencoder")
    assert status == 0, stderr
    shown = "codes.png" if kind == "conv" else "units.png"
    assert read_image(tmp_path / shown).std() > 5 and shown in stdout


class AfterTwo:
    """Stands in for demos.shared.program.Interrupt: Ctrl-C comes after two steps."""

    steps, asked = 2, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    @property
    def requested(self):
        self.asked += 1
        return self.asked > self.steps


@pytest.mark.slow
@pytest.mark.parametrize("demo", ["denoise", "anomaly"])
def test_stopping_and_resuming_changes_nothing(runs, demo, tmp_path, monkeypatch, capsys):
    main = importlib.import_module(f"demos.{demo}").main
    arguments = [demo, "--out", str(tmp_path), "--steps", "3", *map(str, TINY)]
    with monkeypatch.context() as patch:
        patch.setattr("demos.shared.run.Interrupt", AfterTwo)
        patch.setattr("sys.argv", arguments)
        assert main() == 130
    assert "Stopped at step 2 of 3" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", [demo, "--out", str(tmp_path), "--resume", "--device", "cpu"])
    assert main() == 0
    whole, _ = runs(demo)
    for file in ("losses.csv", "validation.csv"):
        mine, theirs = ((folder / file).read_bytes() for folder in (tmp_path, whole))
        assert mine == theirs, file


@pytest.mark.slow
@pytest.mark.parametrize(
    ("demo", "options", "expected"),
    [
        ("autoencoder", ("--latent", 0), "--latent must be at least 1, got 0"),
        ("autoencoder", ("--kind", "deep"), "invalid choice: 'deep'"),
        ("search", ("--latent", 0), "--latent must be at least 1, got 0"),
        ("denoise", ("--sigma", -1), "--sigma must be at least 0.01"),
        ("inpaint", ("--side", 28), "use at most 24"),
        ("features", ("--labels", 5), "--labels must be at least 10"),
        ("features", ("--labels", 6800), "must be at most 6790, got 6800"),
        ("search", ("--latent", 785), "must be at most 784, got 785"),
        ("anomaly", ("--latent", 680), "must be at most 679, got 680"),
        ("anomaly", ("--resume",), "there is no file"),
    ],
)
def test_bad_options(demo, options, expected, tmp_path):
    assert expected in refused("--out", tmp_path / "out", *options, demo=demo)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_another_kind_is_no_way_to_go_on(runs):
    out, _ = runs("autoencoder")
    before = (out / "checkpoint.safetensors").read_bytes()
    assert "--kind conv (was dense)" in refused("--out", out, "--resume", "--kind", "conv", demo="autoencoder")
    assert "does not hold a run of this program" in refused("--out", out, "--resume", demo="search")
    assert (out / "checkpoint.safetensors").read_bytes() == before
