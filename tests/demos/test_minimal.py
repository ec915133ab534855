"""The trainings of one page: each learns, draws its picture, and stays as short and as free-standing as it promises."""

import ast
import importlib
import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import demos.minimal

FOLDER = Path(demos.minimal.__file__).parent
ROOT = FOLDER.parents[1]
NAMES = ["mnist", "autoencoder", "vae", "gan", "dcgan", "pix2pix"]
CELL = 28 * 2 + 6  # pixels of a picture from one digit to the next
ALLOWED = {"nnlite", "numpy", "stylize"} | sys.stdlib_module_names


def source(name):
    return (FOLDER / f"{name}.py").read_text(encoding="utf-8")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """run(name, steps) -> what that training prints, and its picture as an array; it runs in an empty folder."""

    def run(name, steps):
        monkeypatch.chdir(tmp_path)
        module = importlib.import_module(f"demos.minimal.{name}")
        monkeypatch.setattr(module, "STEPS", steps)
        module.main()
        printed, picture = capsys.readouterr().out, Path("runs/minimal") / f"{name}.png"
        assert printed.endswith(f"Look at {picture}\n")
        assert {path for path in Path().rglob("*") if path.is_file()} == {picture}
        return printed, cv2.imread(str(picture), cv2.IMREAD_COLOR)

    return run


def figures(text, printed):
    """The numbers that stand directly after a text."""
    return [float(number) for number in re.findall(rf"{text} ([\d.]*\d)", printed)]


def digits(picture):
    """The digits in a picture (rows, columns, 28, 28) of 0..255, without the white between them."""
    rows, columns = ((side - 6) // CELL for side in picture.shape[:2])
    cells = picture[6:, 6:, 0].reshape(rows, CELL, columns, CELL).swapaxes(1, 2)
    return cells[:, :, :56:2, :56:2]


def mean_digit():
    with np.load(ROOT / "demos" / "assets" / "digits" / "mnist10k.npz") as file:
        return file["images"].mean(0)


def test_mnist(run):
    printed, picture = run("mnist", 50)
    first, last = figures("loss", printed)
    assert last < first < np.log(10)  # of a network that has learnt nothing
    accuracy = float(re.search(r"([\d.]+)% of 2,000", printed)[1])
    assert accuracy > 70
    assert picture.shape == (26 + 8 * 90, 6 + 10 * 90, 3)


def test_autoencoder(run):
    printed, picture = run("autoencoder", 200)
    first, last = figures("loss", printed)
    assert last < first
    [error], [variance] = figures("error", printed), figures("leave", printed)
    assert error < 0.6 * variance
    assert picture.shape == (6 + 6 * CELL, 6 + 12 * CELL, 3)
    before, after = digits(picture)[::2] / 255, digits(picture)[1::2] / 255
    assert np.mean((before - after) ** 2) < 0.6 * variance, "digits are above their own reconstructions"


def test_vae(run):
    printed, picture = run("vae", 200)
    first, last = figures("loss", printed)
    assert last < first < 784 * np.log(2)  # of grey images
    assert figures("digits:", printed)[0] < 210
    plane = digits(picture).astype(float)
    assert plane.shape == (16, 16, 28, 28)
    assert np.abs(plane[:, 1:] - plane[:, :-1]).mean() < 0.5 * np.abs(plane[:, 8:] - plane[:, :8]).mean(), (
        "neighbours are alike"
    )


@pytest.mark.parametrize(("name", "steps"), [("gan", 200), ("dcgan", 100)])
def test_gans(run, name, steps):
    """In a game the loss of one player says little; so what is made up is compared with what is real, on average."""
    printed, picture = run(name, steps)
    assert figures("discriminator", printed) and figures("generator", printed)
    made_up = digits(picture)
    assert made_up.shape == (8, 12, 28, 28)
    assert np.corrcoef(made_up.mean((0, 1)).ravel(), mean_digit().ravel())[0, 1] > 0.8
    assert made_up.std((0, 1)).max() > 40, "they differ from each other"


def test_pix2pix(run):
    printed, picture = run("pix2pix", 50)
    assert len(figures("generator", printed)) == 2
    assert figures("generated", printed) < figures("photo", printed)
    assert picture.shape == (26 + 4 * 198, 6 + 3 * 198, 3)
    photo, generated, target = (picture[26:, 6 + 198 * i :][:192, :192].astype(float) for i in range(3))
    assert 0 < np.abs(generated - photo).mean() < np.abs(target - photo).mean()


@pytest.mark.parametrize("name", ["gan", "pix2pix"])
def test_the_same_seed_gives_the_same_picture(run, name):
    assert np.array_equal(run(name, 3)[1], run(name, 3)[1])


def test_the_list_is_complete_and_in_order():
    assert {path.stem for path in FOLDER.glob("*.py")} == {"__init__", *NAMES}
    assert re.findall(r"^    (\w+)\.py ", demos.minimal.__doc__, re.MULTILINE) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_is_one_page_with_its_loop_in_sight(name):
    text = source(name)
    assert 35 <= len(text.splitlines()) <= 90
    main = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == "main")
    [loop] = [node for node in main.body if isinstance(node, ast.For)]
    calls = [node.func.attr for node in ast.walk(loop) if isinstance(node, ast.Call) and hasattr(node.func, "attr")]
    assert calls.count("zero_grad") == calls.count("backward") == calls.count("step") >= 1


@pytest.mark.parametrize("name", NAMES)
def test_it_stands_alone(name):
    imported = set()
    for node in ast.walk(ast.parse(source(name))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level
            imported.add(node.module.split(".")[0])
    assert imported <= ALLOWED
    assert "stylize" not in imported or name == "pix2pix"


def test_readme_shows_the_file_as_it_is():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^```py\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert shown in source("mnist") and ".backward()" in shown
    listed = re.findall(r"^\| \[`(\w+)`\]\(demos/minimal/\1\.py\)", readme, re.MULTILINE)
    assert listed == NAMES
