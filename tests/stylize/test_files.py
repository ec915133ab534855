"""Files are written completely or not at all, and replace only what the same command wrote."""

import os
import subprocess
import sys
import time

import pytest

from stylize.files import (
    PARTIAL,
    FileError,
    atomic_path,
    check_place,
    check_target,
    partial_path,
    remove_leftovers,
    require_regular,
    write_atomically,
)
from stylize.images import ImageError, write_image

from .pictures import REPOSITORY, blocks, save

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="makes POSIX links and pipes")
MINE = "stylize image"


@pytest.fixture
def dead():
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        assert path.read_text() == "before"
        raise RuntimeError
    assert path.read_text() == "before" and os.listdir(tmp_path) == ["a.txt"]
    with atomic_path(path) as temporary:
        temporary.write_text("after")
    assert path.read_text() == "after" and os.listdir(tmp_path) == ["a.txt"]


def test_a_block_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a.txt"):
        pass


@pytest.mark.parametrize(
    "name",
    ["a.png", "ü" * 120 + ".webp", "雪" * 80 + ".png", "x" * 251 + ".jpg", "no-ending" * 28, ".png", "a b\n.tif"],
)
def test_any_name_that_a_file_can_have(tmp_path, name):
    path = tmp_path / name
    partial = partial_path(path)
    assert len(os.fsencode(partial.name)) <= max(140, len(os.fsencode(name)))
    assert partial.name.endswith(path.suffix) and partial.parent == path.parent
    write_atomically(path, b"1")
    write_atomically(path, b"2")
    assert os.listdir(tmp_path) == [name] and path.read_bytes() == b"2"


@needs_links
def test_a_name_that_is_not_text(tmp_path):
    name = os.fsdecode(b"caf\xe9-\xff.png")
    try:
        (tmp_path / name).touch()
    except OSError:
        pytest.skip("names here are UTF-8")
    write_atomically(tmp_path / name, b"1")
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("place", ["missing/a.txt", "file/a.txt", "x" * 300])
def test_what_cannot_be_written_is_one_line(tmp_path, place):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="cannot write") as raised:
        write_atomically(tmp_path / place, b"1")
    assert "\n" not in str(raised.value) and os.listdir(tmp_path) == ["file"]


OF_THE_USER = (
    ".important.tmp", "writable", ".x.tmp", "a.partial.png", "nnlite-partial-99999999-a.png", f"{PARTIAL[1:]}1-a",
    f"{PARTIAL}notes.txt", f"{PARTIAL}12", f"{PARTIAL}12x-a.png", f"{PARTIAL}-a.png", f"{PARTIAL}-7-a.png",
    ".nnlite-partial-notes.txt", ".nnlite-partial-99999999-a.png",
)  # fmt: skip
OF_ANOTHER_MACHINE = ".nnlite-partial-h00000000-99999999-a.mp4"


def test_leftovers_of_killed_processes_are_removed_and_nothing_else(tmp_path, dead):
    gone = [f"{PARTIAL}{dead}-a.png", f"{PARTIAL}{dead}-b.mp4", f"{PARTIAL}{dead}-", f"{PARTIAL}{10**30}-a.png"]
    alive = [f"{PARTIAL}{os.getpid()}-a.png", f"{PARTIAL}{os.getppid()}-a.png"]
    for name in (*gone, *alive, *OF_THE_USER, OF_ANOTHER_MACHINE):
        (tmp_path / name).write_text("something")
    folder = tmp_path / f"{PARTIAL}{dead}-folder"
    folder.mkdir()
    remove_leftovers(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted([*alive, *OF_THE_USER, OF_ANOTHER_MACHINE, folder.name])
    remove_leftovers(tmp_path / "missing")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells it on Linux")
def test_a_process_that_nobody_waited_for_is_gone(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        process.stdout.read()  # ends when the process does
        (tmp_path / f"{PARTIAL}{process.pid}-a.png").touch()
        end = time.monotonic() + 10
        while os.listdir(tmp_path) and time.monotonic() < end:  # it closes its files a moment before it ends
            remove_leftovers(tmp_path)
        assert os.listdir(tmp_path) == []


def test_a_write_cleans_up_after_one_that_was_killed(tmp_path):
    """A real process, killed between two writes to a file and run again."""
    killed = f"""
import os, signal
from stylize.files import atomic_path
with atomic_path({str(tmp_path / "a.txt")!r}) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.{"SIGTERM" if sys.platform == "win32" else "SIGKILL"})
"""
    subprocess.run([sys.executable, "-c", killed], cwd=REPOSITORY, timeout=60)
    (left,) = os.listdir(tmp_path)
    assert left.startswith(PARTIAL) and left.endswith("a.txt")
    write_atomically(tmp_path / "b.txt", b"whole")
    assert os.listdir(tmp_path) == ["b.txt"]


def test_folders_are_not_searched_at_every_write(tmp_path, monkeypatch):
    searched = []
    monkeypatch.setattr("stylize.files.remove_leftovers", searched.append)
    for number in range(20):
        write_atomically(tmp_path / f"{number}.txt", b"1")
    assert searched == [tmp_path]


def refusal(*arguments, **options):
    with pytest.raises(FileError) as raised:
        check_target(*arguments, **options)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_command_replaces_its_own_file_and_no_other(tmp_path):
    target = tmp_path / "a.png"
    check_target(target, MINE)
    write_image(target, blocks(), command=MINE)
    check_target(target, MINE)
    assert "not written by python -m stylize video" in refusal(target, "stylize video")
    check_target(target, "stylize video", overwrite=True)
    save(target, blocks())  # by somebody else
    assert "--overwrite" in refusal(target, MINE)
    check_target(target, MINE, overwrite=True)


@pytest.mark.parametrize("content", [b"", b"notes", b"written by python -m stylize image;", b"\x00" * 4096])
def test_any_file_of_the_user_is_kept(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    assert "exists and was not written" in refusal(tmp_path / "a.png", MINE)


def test_an_input_is_never_the_output(tmp_path, monkeypatch):
    photo = save(tmp_path / "photo.png", blocks())
    write_image(tmp_path / "cartoon.png", blocks(), command=MINE)  # not even one of our own
    monkeypatch.chdir(tmp_path)
    os.mkdir("deep")
    for name in ("photo.png", "./photo.png", "deep/../photo.png", tmp_path / "photo.png", "cartoon.png"):
        for overwrite in (False, True):
            message = refusal(name, MINE, ["other.png", photo, "cartoon.png"], overwrite)
            assert "is the input itself" in message


@needs_links
def test_an_input_under_another_name_is_never_the_output(tmp_path):
    photo = save(tmp_path / "photo.png", blocks())
    (tmp_path / "link.png").symlink_to(photo)
    (tmp_path / "again.png").symlink_to("link.png")
    os.link(photo, tmp_path / "hard.png")  # what a name in another case is, on file systems that ignore case
    (tmp_path / "folder").symlink_to(tmp_path)
    for name in ("link.png", "again.png", "hard.png", "folder/photo.png"):
        assert "is the input itself" in refusal(tmp_path / name, MINE, [photo], overwrite=True), name
        assert "is the input itself" in refusal(photo, MINE, [tmp_path / name], overwrite=True), name


def test_letters_in_another_case(tmp_path):
    photo = save(tmp_path / "photo.png", blocks())
    if not (tmp_path / "PHOTO.PNG").exists():
        pytest.skip("the file system tells letters in another case apart")
    assert "is the input itself" in refusal(tmp_path / "PHOTO.PNG", MINE, [photo], overwrite=True)


@needs_links
def test_links_belong_to_the_user(tmp_path):
    write_image(tmp_path / "own.png", blocks(), command=MINE)
    for name, aim in {"link.png": "own.png", "nowhere.png": "missing.png", "circle.png": "circle.png"}.items():
        (tmp_path / name).symlink_to(aim)
        assert "exists and was not written" in refusal(tmp_path / name, MINE), name
        check_target(tmp_path / name, MINE, [tmp_path / "input.png"], overwrite=True)
        before = (tmp_path / "own.png").read_bytes()
        write_atomically(tmp_path / name, b"new")  # the link itself is replaced, not its target
        assert not (tmp_path / name).is_symlink() and (tmp_path / "own.png").read_bytes() == before
    assert not (tmp_path / "missing.png").exists()


@needs_links
def test_folders_pipes_and_devices_are_not_targets(tmp_path):
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "null.png").symlink_to("/dev/null")
    for overwrite in (False, True):
        assert "is a folder" in refusal(tmp_path / "folder.png", MINE, overwrite=overwrite)
        for name in ("pipe.png", "null.png", "/dev/null"):
            assert "pipe or a device" in refusal(tmp_path / name, MINE, overwrite=overwrite)


def test_places_where_nothing_could_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    check_place(tmp_path / "a.PNG", [".png"])
    check_place(tmp_path / "a.whatever")
    for name, expected in (
        ("a.doc", "cannot write '.doc' images; use one of .png, .jpg"),
        ("missing/a.png", "missing is not a folder"),
        ("file/a.png", "file is not a folder"),
    ):
        with pytest.raises(FileError, match=expected):
            check_place(tmp_path / name, [".png", ".jpg"])
    monkeypatch.setattr("stylize.files.os.access", lambda *_: False)
    with pytest.raises(FileError, match="not writable"):
        check_place(tmp_path / "a.png")


@needs_links
def test_pipes_and_devices_are_never_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    for name in ("pipe.jpg", "zero.jpg"):
        with pytest.raises(ImageError, match=f"{name}: not a regular file"):
            require_regular(tmp_path / name, ImageError)
    for path in (save(tmp_path / "a.png", blocks()), tmp_path, tmp_path / "missing"):
        require_regular(path)
