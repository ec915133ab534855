"""The trainings of one page: each learns, draws its picture, and stays as short and as free-standing as it promises."""

import ast
import importlib
import re
import sys
from pathlib import Path

import matplotlib.image
import pytest

import demos.minimal

FOLDER = Path(demos.minimal.__file__).parent
ROOT = FOLDER.parents[1]
# Steps for the test, the loss that must fall, and the picture's height and width.
RUNS = {
    "mnist": (75, "loss", (746, 906)),
    "autoencoder": (300, "loss", (378, 750)),
    "vae": (600, "loss", (998, 998)),
    "gan": (400, "discriminator", (502, 750)),
    "dcgan": (200, "discriminator", (502, 750)),
    "pix2pix": (50, "L1", (818, 600)),
}
ALLOWED = {"nnlite", "numpy", "stylize"} | sys.stdlib_module_names


def source(name):
    return (FOLDER / f"{name}.py").read_text(encoding="utf-8")


def test_all_files_are_known():
    assert {path.stem for path in FOLDER.glob("*.py")} == {"__init__", *RUNS}
    assert re.findall(r"^    (\w+)\.py ", demos.minimal.__doc__, re.MULTILINE) == list(RUNS)


def run(name, steps, folder, monkeypatch, capsys):
    """What demos.minimal.NAME prints when it runs in a folder."""
    module = importlib.import_module(f"demos.minimal.{name}")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(module, "STEPS", steps)
    module.main()
    return capsys.readouterr().out


@pytest.mark.parametrize("name", RUNS)
def test_it_learns_and_draws(name, tmp_path, monkeypatch, capsys):
    steps, what, size = RUNS[name]
    printed = run(name, steps, tmp_path, monkeypatch, capsys)
    losses = [float(loss) for loss in re.findall(rf"{what} +([\d.]+)", printed)]
    assert len(losses) >= 2
    if what != "discriminator":  # in a game the loss of one player may rise while both learn
        assert losses[-1] < losses[0], printed
    picture = Path("runs/minimal") / f"{name}.png"
    assert printed.endswith(f"Look at {picture}\n")
    assert [path.name for path in (tmp_path / picture.parent).iterdir()] == [picture.name]
    pixels = matplotlib.image.imread(tmp_path / picture)
    assert pixels.shape[:2] == size and pixels[..., :3].std() > 0.1
