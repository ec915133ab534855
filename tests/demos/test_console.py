"""The demos on any terminal: streams closed or unread, file names that are not text, and sizes too large for memory."""

import os
import shutil
import subprocess
import sys

import pytest

from demos.shared.program import run_program

from .runner import PHOTOS, ROOT, call, call_here

posix = pytest.mark.skipif(os.name != "posix", reason="descriptors and names as POSIX has them")
ASCII = {"PYTHONIOENCODING": "ascii:strict", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def strange(tmp_path):
    """A folder whose name is not UTF-8, with six photos of such names in `photos`."""
    folder = tmp_path / "caf\udce9"
    try:
        folder.mkdir()
    except (OSError, UnicodeError):
        pytest.skip("this file system takes only names that are UTF-8")
    (folder / "photos\udce9").mkdir()
    for name in ("astronaut", "cat", "coffee", "parrot", "rocket", "sunset"):
        shutil.copy(PHOTOS / f"{name}.jpg", folder / "photos\udce9" / f"{name}\udce9.jpg")
    return folder


@posix
def test_names_that_are_not_text_are_accepted(strange):
    """Photos, weights, results and checkpoints with such names, on a terminal that takes only ASCII."""
    photos, out = strange / "photos\udce9", strange / "run\udce9"
    training = ("--photos", photos, "--out", out, "--size", 32, "--batch", 2, "--device", "cpu")
    photo = photos / "cat\udce9.jpg"
    applied = ("apply", photo, "--model", out / "generator.safetensors", "--out", strange / "drawn\udce9")
    painted = ("--content", photo, "--style", photo, "--out", strange / "painted\udce9", "--size", 64, "--steps", 2)
    for demo, arguments in [
        ("cartoonize", (*training, "--steps", 2)),
        ("cartoonize", (*training, "--steps", 3, "--resume")),
        ("cartoonize", applied),
        ("style_transfer", painted),
    ]:
        status, stdout, stderr = call(*arguments, demo=demo, env=ASCII)
        assert status == 0, stderr
        assert r"\udce9" in stdout and "Traceback" not in stderr
    assert list((strange / "drawn\udce9").glob("cat*"))


@posix
@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_apply_draws_with_streams_closed(closed, tmp_path):
    command = f'"$@" {closed}'
    arguments = ["apply", str(PHOTOS / "cat.jpg"), "--out", str(tmp_path / "drawn"), "--scale", "0.25"]
    done = subprocess.run(
        ["sh", "-c", command, "sh", sys.executable, "-m", "demos.cartoonize", *arguments], cwd=ROOT, timeout=120
    )
    assert done.returncode == 0 and (tmp_path / "drawn" / "cat.jpg").stat().st_size > 10_000


@posix
@pytest.mark.parametrize("program", ["demos", "demos.gan --help", "benchmarks.ops --help"])
def test_a_closed_pipe_shows_no_traceback(program):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", *program.split()],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": ""},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_too_little_memory_is_one_line(capsys):
    def main():
        raise MemoryError("Unable to allocate 9 TiB for an array")

    with pytest.raises(SystemExit) as end:
        run_program("gan", main)
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("gan: not enough memory (Unable to allocate 9 TiB for an array); ") and said.count("\n") == 1


@posix
@pytest.mark.parametrize("full", [False, True])
def test_a_progress_bar_that_cannot_be_written_stops_no_training(full, tmp_path):
    """As with `2>&1 | tee log` when Ctrl-C ends tee too, or when the disk of the log is full."""
    if full and not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    reading, writing = os.pipe()
    os.close(reading)
    sizes = ["--steps", "30", "--batch", "8", "--width", "8"]
    command = [sys.executable, "-m", "demos.gan", *sizes, "--out", tmp_path / "g"]
    with open("/dev/full" if full else writing, "w") as stderr:
        done = subprocess.run(command, cwd=ROOT, stderr=stderr, stdout=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 0 and "Look at" in done.stdout
    assert len((tmp_path / "g" / "losses.csv").read_text().splitlines()) == 31
    if full:
        os.close(writing)


@pytest.mark.parametrize("arguments", [("--steps", "nan"), ("--steps", "0"), ("apply", "--scale", "0"), ("apply", "")])
def test_a_wrong_option_is_one_line(arguments):
    status, _, stderr = call_here(*arguments)
    assert status == 2 and stderr.count("\n") == 1 and stderr.endswith("--help\n")
