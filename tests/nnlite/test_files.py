"""Files that appear whole: temporary names, what a killed process left, and what is never touched."""

import os
import subprocess
import sys

import pytest

import nnlite
from nnlite.files import PARTIAL, atomic_path, partial_path


@pytest.fixture
def dead():
    """The number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def write(path, text="new"):
    with atomic_path(path) as temporary:
        temporary.write_text(text)


def test_leftovers_of_dead_processes_are_removed_and_nothing_else(tmp_path, dead):
    theirs = [f"{PARTIAL}{dead}-a.txt", f"{PARTIAL}999999999999999999999-a.txt"]  # no process ever had the second one
    kept = [
        f"{PARTIAL}{os.getppid()}-a.txt",  # alive
        f"{PARTIAL}{dead}-b.txt",  # of another file
        f"{PARTIAL}-a.txt",
        f"{PARTIAL}x{dead}-a.txt",
        f".a.{dead}.partial.txt",
        f"{dead}-a.txt",
        ".important.tmp",
        "writable",
    ]
    for name in (*theirs, *kept):
        (tmp_path / name).write_text("theirs")
    write(tmp_path / "a.txt")
    left = set(os.listdir(tmp_path))
    assert theirs[0] not in left and {"a.txt", *kept} <= left
    assert (tmp_path / "a.txt").read_text() == "new"
    assert all((tmp_path / name).read_text() == "theirs" for name in kept)


def test_names_with_the_letters_of_a_pattern(tmp_path, dead):
    for name in ("[ab].txt", "*.txt", "a?.txt"):
        (tmp_path / f"{PARTIAL}{dead}-{name}").write_text("half")
        (tmp_path / f"{PARTIAL}{dead}-ab.txt").write_text("half of another file")
        write(tmp_path / name)
        assert set(os.listdir(tmp_path)) == {name, f"{PARTIAL}{dead}-ab.txt"}
        os.remove(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["a" * 251 + ".txt", "ü" * 125 + ".txt", "a." + "b" * 253, ("a" * 120 + ".") * 2 + "x"]
)
def test_names_as_long_as_a_file_system_takes(tmp_path, name, dead):
    path = tmp_path / name
    left = partial_path(path).name.replace(f"-{os.getpid()}-", f"-{dead}-")
    (tmp_path / left).write_text("half")
    write(path)
    assert os.listdir(tmp_path) == [name] and path.read_text() == "new"
    assert len(os.fsencode(partial_path(path).name)) <= 255


def test_long_names_that_differ_have_unfinished_files_that_differ(tmp_path):
    a, b = (partial_path(tmp_path / (letter + "x" * 240 + ".png")) for letter in "ab")
    assert a != b and a.suffix == b.suffix == ".png"


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
