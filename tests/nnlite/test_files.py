"""Files that appear complete: temporary names, leftovers of killed processes, and files that are never touched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nnlite
from nnlite.files import PARTIAL, atomic_path, remove_leftovers

ROOT = Path(__file__).parents[2]


@pytest.fixture
def dead():
    """The id of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def write(path, text="new"):
    with atomic_path(path) as temporary:
        temporary.write_text(text)


def test_leftovers_of_dead_processes_are_removed_and_nothing_else(tmp_path, dead):
    kept = [
        f"{PARTIAL}{os.getppid()}-a.txt",  # alive
        f"{PARTIAL}-a.txt",
        f"{PARTIAL}x{dead}-a.txt",
        f"{PARTIAL}{dead}",
        f".a.{dead}.partial.txt",
        f"{dead}-a.txt",
        ".important.tmp",
        "writable",
    ]
    theirs = [f"{PARTIAL}{dead}-a.txt", f"{PARTIAL}{dead}-b c.safetensors", f"{PARTIAL}99999999999999999999-a.txt"]
    for name in (*theirs, *kept):
        (tmp_path / name).write_text("theirs")
    (tmp_path / f"{PARTIAL}{dead}-folder").mkdir()
    write(tmp_path / "a.txt")
    assert set(os.listdir(tmp_path)) == {"a.txt", *kept, f"{PARTIAL}{dead}-folder"}
    assert (tmp_path / "a.txt").read_text() == "new"
    assert all((tmp_path / name).read_text() == "theirs" for name in kept)


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path):
    """A real process, killed while it writes."""
    code = (
        "import sys, time; from nnlite.files import atomic_path\n"
        "with atomic_path(sys.argv[1]) as path: path.write_text('half'); print('here', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, tmp_path / "a.txt"], stdout=subprocess.PIPE, cwd=ROOT)
    process.stdout.readline()
    (left,) = os.listdir(tmp_path)
    write(tmp_path / "b.txt")  # as long as it lives, its file stays
    assert set(os.listdir(tmp_path)) == {left, "b.txt"}
    process.kill()
    process.communicate()
    remove_leftovers(tmp_path)
    assert os.listdir(tmp_path) == ["b.txt"]


@pytest.mark.parametrize(
    "name", ["a" * 251 + ".txt", "ü" * 125 + ".txt", "a." + "b" * 253, ("a" * 120 + ".") * 2 + "x"]
)
def test_names_as_long_as_a_file_system_takes(tmp_path, name):
    path = tmp_path / name
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert temporary.name[-10:] == name[-10:] and len(os.fsencode(temporary.name)) <= 255
    assert os.listdir(tmp_path) == [name] and path.read_text() == "new"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep their file names in Unicode")
@pytest.mark.parametrize("name", [b"\xff\xfe.safetensors", b"line\nend.safetensors", b"-x \t'\".safetensors"])
def test_names_of_any_bytes(tmp_path, name):
    path = tmp_path / os.fsdecode(name)
    nnlite.save({"a": nnlite.ones(3), "step": 1}, path, {"of": "it"})
    assert os.listdir(os.fsencode(tmp_path)) == [name]
    assert nnlite.load(path)["step"] == 1 and nnlite.load_metadata(str(path)) == {"of": "it"}


def test_a_file_where_a_folder_should_be(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError):
        write(tmp_path / "file" / "a.txt")
    assert os.listdir(tmp_path) == ["file"]
