"""The folder of a run: who owns it, one run at a time, what is read from it again, and which data may change."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import safetensors.numpy

import nnlite
from demos.shared.program import UserError
from demos.shared.run_folder import claim_folder, read_claim
from stylize import write_image
from stylize.files import PARTIAL

from .runner import call_here, refused

TINY = ("--batch", 4, "--width", 4, "--latent", 3, "--device", "cpu")


def gan(out, *options, status=0):
    ended, _, stderr = call_here("--out", out, *options, demo="gan")
    assert ended == status and "Traceback" not in stderr, stderr
    return stderr


@pytest.fixture(autouse=True)
def no_judge(monkeypatch):
    """Skip judging the digits, which takes longest."""
    monkeypatch.setattr("demos.shared.gans.judge_digits", lambda *_: {})


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a run of two steps."""
    out = tmp_path_factory.mktemp("runs") / "gan"
    gan(out, "--steps", 2, *TINY)
    return out


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of that folder."""
    return shutil.copytree(finished, tmp_path / "copied")


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


# Whose it is


@pytest.mark.parametrize(
    "name", ["writable", "notes.txt", "losses.csv", "checkpoint.safetensors", ".hidden", "run.json"]
)
def test_a_folder_with_other_files_is_left_alone(name, tmp_path):
    (tmp_path / name).write_text("mine")
    for demo in ("gan", "slide", "classic_vision", "look_inside", "duel"):
        line = refused("--out", tmp_path, demo=demo)
        assert name in line and "choose another" in line
    assert content(tmp_path) == {name: b"mine"}


def test_judge_leaves_it_alone_too(tmp_path):
    (tmp_path / "judged.png").write_text("mine")
    assert "judged.png" in refused("judge", "--out", tmp_path)
    assert content(tmp_path) == {"judged.png": b"mine"}


def test_files_of_desktops_and_of_killed_runs_do_not_count(tmp_path):
    (tmp_path / ".DS_Store").write_text("a view")
    (tmp_path / "Thumbs.db").write_text("pictures")
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    (tmp_path / f"{PARTIAL}{process.pid}-run.json").write_text("half")
    alive = tmp_path / f"{PARTIAL}{os.getppid()}-run.json"
    alive.write_text("another run's")
    with claim_folder(tmp_path, "demos.gan"):
        assert set(content(tmp_path)) == {".DS_Store", "Thumbs.db", "run.json", alive.name}


def test_a_folder_stays_with_its_program(tmp_path):
    for _ in range(2):
        with claim_folder(tmp_path / "out", "demos.gan", {"steps": 3}):
            assert read_claim(tmp_path / "out") == {"program": "demos.gan", "options": {"steps": 3}}
    (tmp_path / "out" / "picture.png").write_text("what it wrote")
    with claim_folder(tmp_path / "out", "demos.gan"):
        pass
    for resume in (False, True):
        with pytest.raises(UserError, match=r"out holds a run of demos\.gan; choose another folder with --out"):
            claim_folder(tmp_path / "out", "demos.dcgan", resume=resume).__enter__()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"program": 3, "options": {}}', '{"program": "demos.gan"}', "[" * 10**5]
)
def test_a_foreign_run_json_is_named(text, tmp_path):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(UserError, match=r"run\.json was not written by demos\.gan"):
        claim_folder(tmp_path, "demos.gan").__enter__()
    assert (tmp_path / "run.json").read_text() == text


def test_a_finished_training_is_not_begun_again(copied):
    before = content(copied)
    assert "add --resume to go on" in refused("--out", copied, demo="gan")
    assert content(copied) == before


# One run at a time


def test_a_second_run_is_refused_and_the_first_loses_nothing(copied):
    before = content(copied)
    with claim_folder(copied, "demos.gan", resume=True):
        before["run.json"] = (copied / "run.json").read_bytes()
        line = refused("--out", copied, "--resume", "--steps", 4, demo="gan")
        assert "another run" in line and str(copied) in line
        assert content(copied) == before
    gan(copied, "--resume", "--steps", 4)


def test_the_lock_is_held_while_it_is_judged(tmp_path, monkeypatch):
    held = []

    def judge(*_):
        with pytest.raises(Exception, match="another run"), claim_folder(tmp_path, "demos.gan"):
            pass
        held.append(True)
        return {}

    monkeypatch.setattr("demos.shared.gans.judge_digits", judge)
    gan(tmp_path, "--steps", 1, *TINY)
    assert held


def test_a_mistake_leaves_the_folder_free(tmp_path):
    assert "low <= high" in refused("--out", tmp_path, "--label-low", 0.9, "--label-high", 0.8, demo="gan")
    gan(tmp_path, "--steps", 1, *TINY)


# What is read again


@pytest.mark.parametrize("damage", ["removed", "edited", "long", "other columns"])
def test_the_tables_are_for_people_alone(damage, finished, copied):
    losses = copied / "losses.csv"
    rows = losses.read_text()
    texts = {"edited": rows.replace("0.", "x"), "long": rows + "1" * 200_000 + "\n", "other columns": "a,b\n1,2\n"}
    losses.unlink() if damage == "removed" else losses.write_text(texts[damage])
    gan(copied, "--resume")
    assert losses.read_bytes() == (finished / "losses.csv").read_bytes()


def test_foreign_files_among_the_samples_are_skipped(finished, copied):
    for name in ("step-best.png", "step-000001.png.txt", "mine.png"):
        (copied / "samples" / name).write_text("mine")
    gan(copied, "--resume")
    assert (copied / "progress.png").read_bytes() == (finished / "progress.png").read_bytes()
    assert (copied / "samples" / "step-best.png").read_text() == "mine"


def test_a_run_without_run_json_goes_on_from_its_checkpoint(copied):
    (copied / "run.json").unlink()
    gan(copied, "--resume")
    assert read_claim(copied)["program"] == "demos.gan"


@pytest.mark.parametrize("name", ["run.json", "checkpoint.safetensors"])
def test_resume_of_nothing_is_one_line(name, tmp_path):
    assert "there is no file" in refused("--out", tmp_path, "--resume", demo="gan")
    (tmp_path / name).write_text("{}")
    before = content(tmp_path)
    refused("--out", tmp_path, "--resume", demo="gan")
    assert content(tmp_path) == before


@pytest.mark.parametrize("value", [{"batch": "x"}, {"batch": -1}, {"extra": 1}, {"label_low": None}])
def test_options_in_run_json_that_make_no_sense_are_one_line(value, tmp_path, finished):
    claim = read_claim(finished)
    claim["options"] |= value
    (tmp_path / "run.json").write_text(json.dumps(claim))
    refused("--out", tmp_path, "--resume", demo="gan")


STRANGE = [
    ("format", 1),
    ("progress.step", -1),
    ("progress.step", "x"),
    ("progress.step", 1.5),
    ("progress.seconds", None),
    ("progress.seconds", float("nan")),
    ("progress.computed", [1]),
    ("progress.computed.batch", None),
    ("progress.computed.batch", -4),
    ("progress.program", "demos.wgan"),
    ("progress", "x"),
    ("rng", None),
    ("rng.bit_generator", "MT19937"),
    ("rng.state", {}),
    ("rng.gpu", "x"),
    ("model", {}),
    ("model.kind", "DCGAN"),
    ("model.generator", {}),
    ("model.generator_optimizer.param_groups", []),
    ("model.generator_optimizer.state.0.step", -1),
    ("losses", "x"),
    ("losses.columns", ["step"]),
    ("losses.values", 3),
    ("validations", [1]),
]


@pytest.mark.parametrize(("place", "value"), STRANGE)
def test_a_checkpoint_with_strange_content_is_one_line(place, value, copied):
    """The file itself is sound, but its content makes no sense."""
    path = copied / "checkpoint.safetensors"
    state = nnlite.load(path)
    *folders, last = place.split(".")
    inner = state
    for folder in folders:
        inner = inner[folder]
    inner[last] = value
    nnlite.save(state, path)
    before = path.read_bytes()
    refused("--out", copied, "--resume", "--steps", 4, demo="gan")
    assert path.read_bytes() == before


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9, 0.999])
def test_one_flipped_bit_is_one_line(share, copied):
    path = copied / "checkpoint.safetensors"
    data = bytearray(path.read_bytes())
    header = 8 + int.from_bytes(data[:8], "little")
    data[header + int(share * (len(data) - header))] ^= 0x40
    path.write_bytes(data)
    assert "damaged" in refused("--out", copied, "--resume", "--steps", 4, demo="gan")
    assert path.read_bytes() == data


def test_a_checkpoint_without_a_checksum_is_one_line(copied):
    path = copied / "checkpoint.safetensors"
    with safetensors.safe_open(path, framework="numpy") as file:
        text = {name: value for name, value in file.metadata().items() if name == "nnlite.values"}
        arrays = {name: file.get_tensor(name) for name in file.keys()}
    safetensors.numpy.save_file(arrays, path, text)
    assert "checksum" in refused("--out", copied, "--resume", "--steps", 4, demo="gan")


# What it learns from


@pytest.fixture
def pictures(tmp_path):
    """Six small pictures in a folder, and one outside it."""
    rng = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for name in ("pictures/a", "pictures/b", "pictures/c", "pictures/d", "pictures/e", "pictures/f", "other"):
        noise = rng.integers(0, 255, (8, 8, 3), np.uint8)
        write_image(tmp_path / f"{name}.png", np.kron(noise, np.ones((16, 16, 1), np.uint8)))
    return tmp_path / "pictures"


def add(folder):
    shutil.copy(folder.parent / "other.png", folder / "g.png")


def remove(folder):
    (folder / "a.png").unlink()


def change(folder):
    shutil.copy(folder.parent / "other.png", folder / "a.png")


READERS = {
    "dcgan": ("data", ("--width", 4, "--latent", 3, "--batch", 2)),
    "cartoonize": ("photos", ("--size", 32, "--batch", 2)),
    "cyclegan": ("photos", ("--size", 32, "--batch", 2, "--width", 1, "--blocks", 1)),
    "translate": ("photos", ("--size", 32, "--batch", 2)),
    "super_resolution": ("photos", ("--width", 2, "--blocks", 1, "--batch", 2, "--crop", 8, "--content-steps", 1)),
}


@pytest.mark.slow
@pytest.mark.parametrize("demo", READERS)
def test_going_on_with_other_files_is_refused(demo, pictures, tmp_path):
    option, how = READERS[demo]
    out = tmp_path / "out"
    given = (f"--{option}", pictures, "--out", out)
    assert call_here(*given, *how, "--steps", 2, "--device", "cpu", demo=demo)[0] == 0
    before = content(out)
    aside = shutil.copytree(pictures, tmp_path / "aside")
    for alter in (add, remove, change):
        alter(pictures)
        line = refused(*given, "--resume", "--steps", 3, demo=demo)
        assert f"but --{option} names" in line and "name the same again" in line
        shutil.rmtree(pictures)
        shutil.copytree(aside, pictures)
    assert "but --" in refused("--out", out, "--resume", demo=demo)  # without naming them again
    assert content(out) == before
    (pictures / "a.png").rename(pictures / "z.png")  # names of files do not matter
    assert call_here(*given, "--resume", "--device", "cpu", demo=demo)[0] == 0


@pytest.mark.parametrize("option", ["content", "style"])
def test_style_transfer_goes_on_with_the_same_pictures_only(option, pictures, tmp_path):
    given = ("--content", pictures / "a.png", "--style", pictures / "b.png", "--size", 16, "--steps", 2)
    assert call_here(*given, "--out", tmp_path / "out", "--device", "cpu", demo="style_transfer")[0] == 0
    shutil.copy(pictures / "c.png", pictures / ("a.png" if option == "content" else "b.png"))
    line = refused("--out", tmp_path / "out", "--resume", demo="style_transfer")
    assert f"but --{option} names 1 picture" in line


@pytest.mark.parametrize("demo", READERS)
def test_a_run_does_not_learn_from_what_it_draws(demo, pictures):
    option, how = READERS[demo]
    line = refused(f"--{option}", pictures, "--out", pictures / "run", *how, "--steps", 2, demo=demo)
    assert f"lies inside {pictures}" in line and not (pictures / "run").exists()


# The disk


@pytest.mark.parametrize("name", ["checkpoint.safetensors", "losses.csv", "step-000003.png", "metrics.json"])
def test_a_full_disk_is_one_line_and_the_last_checkpoint_stays(name, copied, monkeypatch):
    replace = os.replace

    def full(source, target):
        if os.fspath(target).endswith(name):
            raise OSError(28, "No space left on device")
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        line = refused("--out", copied, "--resume", "--steps", 3, demo="gan")
    assert "No space left" in line
    assert not list(copied.rglob("*partial*"))
    assert nnlite.load(copied / "checkpoint.safetensors")["progress"]["step"] in (2, 3)
    gan(copied, "--resume")


def test_a_folder_that_goes_away_is_one_line(tmp_path, monkeypatch):
    from models.gan import GAN

    step = GAN.train_step

    def train_step(self, *batch):
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        return step(self, *batch)

    monkeypatch.setattr(GAN, "train_step", train_step)
    refused("--out", tmp_path / "out", "--steps", 3, *TINY, demo="gan")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    assert "cannot write to" in refused("--out", tmp_path / "file" / "out", demo="gan")
