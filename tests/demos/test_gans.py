"""The demos of GANs: what they write, resuming, warnings when a game goes wrong, folders of images, bad input."""

import csv
import importlib
import json
import shutil

import numpy as np
import pytest

import nnlite
from demos.sagan import draw_looks, queries
from demos.shared.digits import load_digits
from demos.shared.gans import COLLAPSED, WINDOW, diagnose, digit_images, draw_digits, judge_digits
from models.gan import GAN, DenseDiscriminator, DenseGenerator
from stylize import read_image, write_image

from .runner import PHOTOS, call, call_here, refused
from .test_autoencoding import AfterTwo

TINY = ("--width", 4, "--latent", 3, "--batch", 4, "--steps", 12, "--device", "cpu")
KINDS = {
    "gan": ("gan", ()),
    "conditional": ("gan", ("--conditional",)),
    "dcgan": ("dcgan", ()),
    "wgan": ("wgan", ()),
}


@pytest.fixture(scope="module", params=KINDS)
def trained(request, tmp_path_factory):
    """A demo, the options of a tiny training with it, its folder and what it printed."""
    demo, more = KINDS[request.param]
    out = tmp_path_factory.mktemp("runs") / demo
    status, stdout, stderr = call("--out", out, *TINY, *more, demo=demo)
    assert status == 0, stderr
    return demo, more, out, stdout


@pytest.mark.slow
def test_writes_everything_it_promises(trained):
    demo, more, out, stdout = trained
    assert len(list((out / "samples").glob("step-*.png"))) == 12
    for picture in ("losses.png", "progress.png"):
        assert read_image(out / picture).std() > 5, picture
    with open(out / "losses.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == list(range(1, 13))
    assert {"discriminator_gradient", "generator_gradient", "diversity"} < set(rows[0])
    figures = json.loads((out / "metrics.json").read_text())
    assert 1.0 <= figures["inception_score"] <= 10.0 and figures["frechet_distance"] > 1.0
    assert f"{figures['frechet_distance']:.2f}" in stdout and ("as_asked" in figures) == ("--conditional" in more)
    state = nnlite.load(out / f"{demo}.safetensors")
    assert set(state) == {"generator", "discriminator"}
    assert nnlite.load_metadata(out / f"{demo}.safetensors")["latent"] == "3"


@pytest.mark.slow
def test_stopping_and_resuming_changes_nothing(trained, tmp_path, monkeypatch):
    demo, more, whole, _ = trained

    class AfterSeven(AfterTwo):
        steps = 7

    with monkeypatch.context() as patch:
        patch.setattr("demos.shared.run.Interrupt", AfterSeven)
        patch.setattr("sys.argv", [demo, "--out", str(tmp_path), *map(str, TINY), *more])
        assert importlib.import_module(f"demos.{demo}").main() == 130
    status, _, stderr = call_here("--out", tmp_path, "--resume", "--device", "cpu", demo=demo)
    assert status == 0, stderr
    for file in ("losses.csv", "progress.png"):
        assert (tmp_path / file).read_bytes() == (whole / file).read_bytes(), file


@pytest.mark.slow
def test_resuming_with_other_options_is_refused(trained):
    demo, _, out, _ = trained
    before = (out / "checkpoint.safetensors").read_bytes()
    line = refused("--out", out, "--resume", "--discriminator-steps", 3, demo=demo)
    assert "--discriminator-steps 3 (was " in line
    assert (out / "checkpoint.safetensors").read_bytes() == before


@pytest.mark.slow
def test_a_checkpoint_of_another_kind_is_refused(trained, tmp_path):
    demo, _, out, _ = trained
    other = "dcgan" if demo != "dcgan" else "wgan"
    shutil.copy(out / "checkpoint.safetensors", tmp_path)
    assert "does not hold a run of this program" in refused("--out", tmp_path, "--resume", demo=other)


# Warnings


def play(slow, steps=80):
    """What train_step returned in a short game on real digits, in which one network hardly learns."""
    images = digit_images(load_digits()[0])[:1000]
    model = GAN(DenseGenerator(16, 32), DenseDiscriminator(32), lr=3e-3)
    getattr(model, f"{slow}_optimizer").param_groups[0]["lr"] = 1e-6
    batches = nnlite.DataLoader(list(zip(images, strict=True)), 32, shuffle=True, drop_last=True, seed=0).batches()
    return [{name: float(v) for name, v in model.train_step(*next(batches)).items()} for _ in range(steps)]


@pytest.mark.slow
def test_a_generator_that_runs_ahead_collapses_and_that_is_said():
    rows = play(slow="discriminator", steps=200)
    found = diagnose(rows, len(rows))
    assert len(found) == 1 and "mode collapse" in found[0] and "gan-faq.md#mode-collapse" in found[0]


@pytest.mark.slow
def test_a_discriminator_that_runs_ahead_wins_and_that_is_said():
    found = diagnose(play(slow="generator"), 80)
    assert any("discriminator has won" in line and "#the-discriminator-has-won" in line for line in found)


@pytest.mark.slow
def test_a_demo_warns_while_it_runs_and_at_its_end(tmp_path):
    won = ("--discriminator-steps", 10, "--label-low", 1.0, "--label-high", 1.0)
    small = ("--width", 32, "--batch", 16, "--steps", 80, "--device", "cpu")
    status, stdout, stderr = call("--out", tmp_path / "out", *small, *won, demo="gan")
    assert status == 0, stderr
    assert "warning: the discriminator has won" in stderr and "Warning: the discriminator has won" in stdout
    assert "has won" in json.loads((tmp_path / "out" / "metrics.json").read_text())["warnings"][0]


def test_no_warning_in_a_healthy_game_nor_at_the_start():
    healthy = {"d_real": 0.7, "d_fake": 0.3, "diversity": 0.9}
    collapsed = healthy | {"diversity": 0.9 * COLLAPSED}
    assert diagnose([healthy] * 1000, 1000) == []
    assert diagnose([collapsed] * (WINDOW - 1), 60) == [] == diagnose([collapsed] * 200, 1000)
    assert len(diagnose([healthy] * 200 + [collapsed] * 300, 1000)) == 1
    assert diagnose([collapsed] * 300 + [healthy] * WINDOW, 1000) == [], "it has recovered"


def test_the_links_of_the_warnings_lead_somewhere():
    page = (PHOTOS.parents[2] / "docs" / "gan-faq.md").read_text()
    assert "\n## Mode collapse\n" in page and "\n## The discriminator has won\n" in page


# Figures


def test_real_digits_are_judged_to_be_good():
    images = digit_images(load_digits()[0])
    left = iter(np.split(images[:2000], 4))
    figures = judge_digits(lambda n: nnlite.tensor(next(left)), "cpu")
    assert figures["frechet_distance"] < 1.0 and figures["inception_score"] > 9.0 and figures["digits_present"] == 10
    assert sum(figures[f"share_of_{digit}"] for digit in range(10)) == pytest.approx(1.0)


@pytest.mark.parametrize("size", [28, 32, 64])
def test_digits_of_every_size_come_back_as_lenet_takes_them(size):
    digits = load_digits()[1]
    images = nnlite.tensor(digit_images(digits, size)[:4])
    assert images.shape == (4, 1, size, size) and float(images.min()) == -1.0 and float(images.max()) <= 1.0
    back = draw_digits(lambda n: images[:n], 4)
    expected = digits.images[:4] if size == 28 else np.pad(digits.images[:4], ((0, 0), (0, 0), (2, 2), (2, 2)))
    assert np.abs(back - expected).mean() < (0.05 if size == 64 else 1e-6)


def test_attention_is_drawn_where_it_looks():
    image = np.full((1, 28, 28), -1.0, np.float32)
    image[0, 4:24, 14:16] = 1.0  # a one
    assert queries(image) == [(2, 7), (11, 7), (2, 2)]
    looks = np.full((196, 196), 1 / 196)
    looks[2 * 14 + 7] = np.eye(196)[11 * 14 + 7]  # the top looks at the bottom, all else everywhere alike
    plain, top, bottom, _ = draw_looks(image, looks)
    assert (top[22:24, 14:16] == (255, 60, 40)).all() and (top[4:6, 14:16] == (60, 220, 80)).all()
    assert (bottom[4:6, 14:16] == 153).all() and (plain[4:6, 14:16] == 255).all(), (
        "no red where it is no more than even"
    )


# Folders of images


@pytest.mark.slow
@pytest.mark.parametrize("grey", [True, False])
def test_images_of_all_sizes_and_channels(grey, tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    for i, size in enumerate([(40, 60), (33, 20), (64, 64), (200, 90)]):
        image = rng.integers(0, 255, (*size, 1 if grey or i == 0 else 3), np.uint8)
        write_image(tmp_path / "images" / f"{i}.png", np.ascontiguousarray(np.broadcast_to(image, (*size, 3))))
    (tmp_path / "images" / "broken.png").write_bytes(b"not an image")
    out = tmp_path / "out"
    how = ("--data", tmp_path / "images", "--size", 32, *TINY)
    status, _, stderr = call_here("--out", out, *how, "--spectral-norm", demo="dcgan")
    assert status == 0, stderr
    assert "left out" in stderr and "broken.png" in stderr
    generator = nnlite.load(out / "dcgan.safetensors")["generator"]
    assert generator["layers.10.weight"].shape[1] == (1 if grey else 3)
    assert "frechet_distance" not in json.loads((out / "metrics.json").read_text())


@pytest.mark.parametrize("count", [0, 1])
def test_a_folder_with_too_few_images(count, tmp_path):
    (tmp_path / "images").mkdir()
    for name in ["cat.jpg"][:count]:
        shutil.copy(PHOTOS / name, tmp_path / "images")
    line = refused("--data", tmp_path / "images", "--out", tmp_path / "out", *TINY, demo="dcgan")
    assert f"holds {count} usable" in line and "two at the very least" in line


def test_a_folder_with_fewer_images_than_a_batch(photos, tmp_path):
    line = refused("--data", photos, "--out", tmp_path / "out", "--batch", 64, demo="dcgan")
    assert "a step takes 64 images" in line and "there are 6" in line and "--batch" in line
    assert not (tmp_path / "out" / "checkpoint.safetensors").exists()


@pytest.mark.parametrize(
    ("demo", "options", "expected"),
    [
        ("gan", ("--latent", 0), "--latent must be at least 1"),
        ("gan", ("--label-low", 0.5), "--label-low must be at least 0.7"),
        ("gan", ("--label-high", 1.5), ".7 <= low <= high <= 1"),
        ("gan", ("--generator-steps", 0), "at least 1"),
        ("gan", ("--noise", -1), "at least 0"),
        ("gan", ("--batch", 1), "at least 2"),
        ("dcgan", ("--size", 48), "64"),
        ("dcgan", ("--data", "no-such-folder"), "no such file or folder"),
        ("wgan", ("--clip", 0), "--clip must be at least"),
        ("wgan", ("--penalty", "none"), "--penalty"),
        ("sagan", ("--size", 64), "32"),
    ],
)
def test_options_out_of_range(demo, options, expected, tmp_path):
    assert expected in refused("--out", tmp_path, *options, demo=demo)
