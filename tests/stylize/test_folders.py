"""Real-world folders: nested, linked, full of other files, and partly unreadable."""

import os
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stylize import formats, read_image
from stylize.files import real_path
from stylize.folders import find_images, survey
from stylize.images import ImageError, write_image

from .pictures import blocks, save

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="makes POSIX links and pipes")


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_find_images(tmp_path):
    touch(tmp_path, "b.JPG", "a.png", "deep/er/ç 雪.webp", "notes.txt", "deep/c.jpeg", "film.mov", "no-ending")
    (tmp_path / "folder.png").mkdir()
    expected = [tmp_path / name for name in ("a.png", "b.JPG", "deep/c.jpeg", "deep/er/ç 雪.webp")]
    assert find_images([tmp_path]) == sorted(expected)
    assert find_images([tmp_path / "deep", tmp_path, tmp_path / "a.png"]) == sorted(expected)  # each once
    assert find_images([str(tmp_path / "notes.txt")]) == [tmp_path / "notes.txt"]  # named, so it is meant
    assert survey([tmp_path]).notes == []  # text files and videos are not mentioned
    with pytest.raises(ImageError, match="nowhere: no such file"):
        find_images([tmp_path / "nowhere"])


@pytest.mark.parametrize("ending", formats.EXTENSIONS)
def test_endings_in_any_case(tmp_path, ending):
    names = {f"a{ending}", f"b{ending.upper()}", f"c{ending.title()}"}
    touch(tmp_path, *names)
    assert {path.name for path in find_images([tmp_path])} == names


def test_files_of_systems_and_programs_are_skipped_silently(tmp_path, monkeypatch):
    touch(
        tmp_path, "._a.jpg", ".hidden.png", ".DS_Store", "Thumbs.db", "desktop.ini", ".trash/a.png", "__MACOSX/a.png",
        "__MACOSX/._a.jpg", "$RECYCLE.BIN/a.png", "$Recycle.Bin/S-1/b.png", "System Volume Information/a.png",
        ".ipynb_checkpoints/a.png", "deep/@eaDir/a.jpg", "deep/.thumbnails/a.jpg", ".nnlite-partial-1-a.png", "a.jpg",
    )  # fmt: skip
    found = survey([tmp_path])
    assert found.images == [tmp_path / "a.jpg"] and found.notes == []
    hidden = [tmp_path / ".hidden.png", tmp_path / ".trash" / "a.png", tmp_path / "__MACOSX" / "a.png"]
    assert find_images([hidden[0], tmp_path / ".trash", tmp_path / "__MACOSX"]) == sorted(hidden)  # named, so meant
    monkeypatch.chdir(tmp_path / ".trash")
    assert [path.name for path in find_images(["."])] == ["a.png"]


def test_places_below_what_was_named(tmp_path, monkeypatch):
    touch(tmp_path, "a.png", "deep/er/b.png", "deep/c.png")
    monkeypatch.chdir(tmp_path)
    assert sorted(survey(["."]).places.items()) == [
        (Path(p), Path(p)) for p in ("a.png", "deep/c.png", "deep/er/b.png")
    ]
    places = survey([tmp_path / "deep", tmp_path / "a.png", tmp_path]).places.values()
    assert sorted(place.as_posix() for place in places) == ["a.png", "c.png", "er/b.png"]


@needs_links
def test_folders_behind_links_are_searched_once(tmp_path):
    touch(tmp_path, "albums/a.png", "real/summer/b.png", "real/c.png")
    (tmp_path / "albums" / "1").symlink_to("../real")
    (tmp_path / "albums" / "2").symlink_to(tmp_path / "real")
    (tmp_path / "albums" / "3").symlink_to("2")
    (tmp_path / "real" / "round").symlink_to("../albums")
    (tmp_path / "real" / "self").symlink_to(".")
    (tmp_path / "real" / "up").symlink_to("..")  # to more than was named
    (tmp_path / "outside.png").touch()
    found = survey([tmp_path / "albums"])
    assert [str(place) for place in found.places.values()] == ["1/c.png", "1/summer/b.png", "a.png"]
    assert found.notes == []
    assert len(find_images([tmp_path])) == 4 and len(find_images([tmp_path / "albums" / "1"])) == 3


@needs_links
def test_a_link_within_the_folder_neither_hides_nor_repeats_files(tmp_path):
    touch(tmp_path, "photo.png", "z/deep.png")
    (tmp_path / "a-link.png").symlink_to("photo.png")
    (tmp_path / "a-folder").symlink_to("z")
    assert find_images([tmp_path]) == [tmp_path / "photo.png", tmp_path / "z" / "deep.png"]
    assert find_images([tmp_path / "a-link.png"]) == [tmp_path / "a-link.png"]


@needs_links
def test_a_chain_of_links_and_many_folders(tmp_path):
    for number in range(30):  # systems follow forty
        (tmp_path / f"{number}").mkdir()
        touch(tmp_path, f"{number}/{number}.png")
        (tmp_path / f"{number}" / "next").symlink_to(tmp_path / f"{(number + 1) % 30}")
    assert len(find_images([tmp_path / "7"])) == 30


@needs_links
def test_broken_links_are_named_and_do_not_hide_files(tmp_path):
    save(tmp_path / "photo.png", blocks())
    for link in ("circle.png", "there", "back", "nothing.jpg", "gone"):
        aim = {"circle.png": "circle.png", "there": "back", "back": "there"}.get(link, "nowhere")
        (tmp_path / link).symlink_to(aim)
    found = survey([tmp_path])
    assert found.images == [tmp_path / "photo.png"]
    (note,) = found.notes
    assert "5 broken links" in note and str(tmp_path / "back") in note and "and 2 more" in note
    with pytest.raises(ImageError, match="a broken link"):
        find_images([tmp_path / "circle.png"])
    for name, reason in (("circle.png", "symbolic links"), ("nothing.jpg", "No such file")):
        with pytest.raises(ImageError, match=reason):
            read_image(tmp_path / name)


@needs_links
def test_pipes_devices_and_sockets_are_never_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    touch(tmp_path, "photo.png")
    os.mkfifo("pipe.png")
    os.symlink("/dev/zero", "zero.png")
    os.symlink("pipe.png", "link-to-pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.png")
        found = survey([tmp_path])
        assert found.images == [tmp_path / "photo.png"] and found.notes == []
        for name in ("pipe.png", "zero.png", "socket.png", "link-to-pipe.jpg", "/dev/zero"):
            for read in (read_image, lambda path: find_images([path])):
                with pytest.raises(ImageError, match="not a regular file"):
                    read(name)


def test_unreadable_folders(tmp_path, monkeypatch):
    touch(tmp_path, "a.png", "shut/b.png", "open/c.png")
    scandir = os.scandir

    def refuse(path):
        if path.name == "shut":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("stylize.folders.os.scandir", refuse)
    found = survey([tmp_path])
    assert [path.name for path in found.images] == ["a.png", "c.png"]
    assert found.notes == [f"could not look into 1 folder: {tmp_path / 'shut'} (Permission denied)"]
    with pytest.raises(ImageError, match=r"cannot look into it \(Permission denied\)"):
        survey([tmp_path / "shut"])


def test_kinds_that_are_not_read_are_named_once_each(tmp_path, monkeypatch):
    monkeypatch.setattr("stylize.folders.NOT_READ", {".heic": "install it", ".nef": "develop them"})
    touch(tmp_path, "a.HEIC", "b.heic", "deep/c.Heic", "d.NEF", "e.jpg", "f.txt")
    found = survey([tmp_path])
    assert found.images == [tmp_path / "e.jpg"]
    assert found.notes == [
        "skipped 3 .heic pictures, which cannot be read; install it",
        "skipped 1 .nef picture, which cannot be read; develop them",
    ]
    assert find_images([tmp_path / "a.HEIC"]) == [tmp_path / "a.HEIC"]  # reading it gives the error


def test_what_is_not_read_says_what_to_do():
    assert ".heic" in {*formats.EXTENSIONS, *formats.NOT_READ}
    assert not set(formats.EXTENSIONS) & set(formats.NOT_READ)
    assert all("remove" not in advice for advice in formats.NOT_READ.values())


def test_our_own_output_is_not_a_source(tmp_path):
    save(tmp_path / "photo.png", blocks())
    write_image(tmp_path / "cartoon.png", blocks(), command="stylize image")
    out = tmp_path / "out"
    out.mkdir()
    save(out / "a.png", blocks())
    found = survey([tmp_path], output=out)
    assert found.images == [tmp_path / "photo.png"] and found.cartoons == 1 and len(found.notes) == 1
    assert len(find_images([tmp_path])) == 3  # without an output folder, a cartoon is a picture like any other
    named = survey([tmp_path, tmp_path / "cartoon.png"], output=out)
    assert named.images == [tmp_path / "cartoon.png", tmp_path / "photo.png"] and named.cartoons == 0
    assert survey([out], output=out).images == [out / "a.png"]  # named itself
    assert survey([tmp_path], output=tmp_path).images == [out / "a.png", tmp_path / "photo.png"]


@needs_links
def test_our_own_output_behind_a_link_is_not_a_source(tmp_path):
    touch(tmp_path, "photos/a.png", "elsewhere/b.png")
    (tmp_path / "photos" / "cartoons").symlink_to("../elsewhere")
    for output in (tmp_path / "elsewhere", tmp_path / "photos" / "cartoons"):
        assert survey([tmp_path / "photos"], output=output).images == [tmp_path / "photos" / "a.png"]


def test_photos_in_the_output_folder_are_counted(tmp_path):
    """Not the cartoons there, nor what the caller says it wrote, nor photos that were named."""
    touch(tmp_path, "a.png", "out/b.png", "out/deep/c.jpg", "out/deep/notes.txt", "out/.hidden.png", "outside/d.png")
    write_image(tmp_path / "out" / "cartoon.png", blocks(), command="stylize image")
    out, deep = real_path(tmp_path / "out"), real_path(tmp_path / "out" / "deep" / "c.jpg")
    for paths, ours, number in (
        ([tmp_path], [], "2 pictures"),
        ([tmp_path], [deep], "1 picture"),
        ([tmp_path], [str(deep), out / "b.png"], None),
        ([tmp_path, out / "b.png"], [], "1 picture"),
        ([tmp_path, out], [], None),
        ([out, tmp_path], [], None),
        ([out], [], None),
        ([tmp_path / "outside"], [], None),
    ):
        found = survey(paths, output=tmp_path / "out", ours=ours)
        if number is None:
            assert found.notes == [], paths
        else:
            (note,) = found.notes
            assert note.startswith(f"left out {number} in {out}, ") and "\n" not in note
    assert survey([tmp_path], output=tmp_path / "elsewhere").notes == []


def test_many_files_are_found_in_little_time(tmp_path):
    """No file may cost a walk along its whole path."""
    touch(tmp_path, *(f"deep/er/{number}.png" for number in range(2000)))
    calls = []
    real = os.path.realpath
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stylize.folders.real_path", lambda path: calls.append(path) or real_path(real(path)))
        assert len(find_images([tmp_path])) == 2000
    assert len(calls) < 20


@needs_links
def test_names_in_any_bytes(tmp_path):
    name = os.fsdecode(b"caf\xe9.PNG")
    try:
        (tmp_path / name).touch()
    except OSError:
        pytest.skip("names here are UTF-8")
    assert find_images([tmp_path]) == [tmp_path / name]


@pytest.mark.parametrize("seed", range(5))
def test_against_a_naive_search(tmp_path, seed):
    """Random trees: what os.walk finds, with links followed by hand."""
    rng = np.random.default_rng(seed)
    folders = [tmp_path]
    for number in range(12):
        folder = folders[rng.integers(len(folders))] / f"d{number}"
        folder.mkdir()
        folders.append(folder)
    for number in range(30):
        (folders[rng.integers(len(folders))] / f"f{number}.png").touch()
    if sys.platform != "win32":
        for number in range(15):
            link, aim = (folders[i] for i in rng.integers(len(folders), size=2))
            (link / f"l{number}").symlink_to(aim)
    top = folders[rng.integers(4)]
    expected, searched, waiting = set(), set(), [real_path(top)]
    while waiting:
        folder = waiting.pop()
        if folder in searched:
            continue
        searched.add(folder)
        for path in folder.iterdir():
            upward = path.is_symlink() and (real_path(top).is_relative_to(real_path(path)))
            upward = upward or (path.is_symlink() and folder.is_relative_to(real_path(path)))
            if path.is_dir() and not upward:
                waiting.append(real_path(path))
            elif path.suffix == ".png":
                expected.add(real_path(path))
    found = find_images([top])
    assert len(found) == len(expected) and {real_path(path) for path in found} == expected, f"seed {seed}"


def test_pictures_that_were_found_can_be_read(tmp_path):
    Image.fromarray(blocks()).save(tmp_path / "a.JPG", "JPEG")
    (photo,) = find_images([tmp_path])
    assert read_image(photo).shape == blocks().shape
