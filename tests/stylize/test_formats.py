"""Kinds of picture that are read, and advice about those that are not: by content first, then by name."""

import base64
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from stylize import formats
from stylize.images import ImageError, read_image, write_image
from stylize.marks import read_mark

from .files_by_hand import directory, tiff
from .pictures import REPOSITORY, blocks, four_corners, save

# four_corners(32, 48) on its side: HEIC with its own rotation, and the same rotation in EXIF
HEIC = base64.b64decode("""
AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAchtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA
ADRpbG9jAAAAAERAAAIAAQAAAAAB7AABAAAAAAAAALwAAgAAAAACqAABAAAAAAAAACQAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAA
AAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAABB2lwcnAAAADmaXBjbwAAAHZodmNDAQNwAAAA
kAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq
5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xh
cAAAADAAAAABAAAAIAAAAAH////wAAAAAv///+AAAAACAAAAEHBpeGkAAAAAAwgICAAAAAlpcm90AwAAABlpcG1hAAAAAAAAAAEA
AQaBAgMFhIYAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAOhtZGF0AAAAuCgBrwngIzhH/+Cff/3+Gh9o6W9yg83fWP1Jf/wj
z/sHKva9h/UIbcgP/DQjj2fI/8X7UmQxv/Eyy8DcVdRMRG9wFJSAC/I77Ul/J/LYPBzRMJhD83+20Av/8DeO6f/wN48u0OPmyaR0
JY4ifpt2/TfL8RUV3mlbH6pSzjgWaU+ABlbnatcezJd3oBsUFuEs2lllYtF0qku/5qkZWB/yWRnSpUKHcNixy9M1muKbVzD6EXJK
am2SOGAAAAAGRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAA=
""")


@pytest.mark.parametrize("name", ["photo.HEIC", "photo.jpg"])
def test_heic_is_read_upright_if_pi_heif_is_there(name, tmp_path):
    pytest.importorskip("pi_heif", reason="HEIC needs pi-heif")
    (tmp_path / name).write_bytes(HEIC)
    expected = np.rot90(four_corners(32, 48), -1)
    assert np.abs(read_image(tmp_path / name)[4::8, 4::8].astype(int) - expected[4::8, 4::8]).max() < 12
    assert {".heic", ".heif", ".hif"} <= set(formats.EXTENSIONS) and ".heic" not in formats.NOT_READ


def test_heic_without_pi_heif_is_never_called_damaged(tmp_path):
    for name in ("photo.heic", "photo.jpg"):
        (tmp_path / name).write_bytes(HEIC)
    (tmp_path / "cut.heif").write_bytes(HEIC[:300])
    (tmp_path / "later.hif").write_bytes(HEIC[:8] + b"mif1" + HEIC[12:])
    script = (
        "import sys\n"
        "sys.modules['pi_heif'] = None\n"
        "from stylize.formats import EXTENSIONS\n"
        "from stylize.images import ImageError, read_image\n"
        "assert '.heic' not in EXTENSIONS\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        read_image(name)\n"
        "    except ImageError as error:\n"
        "        print(error)\n"
    )
    files = sorted(tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, files)], cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )
    advice = 'pictures in this format cannot be read; to read HEIC, pip install "nnlite[heif]"'
    assert done.stdout.splitlines() == [f"{path}: {advice}" for path in files], done.stderr


KINDS = {
    "drawing.psd": b"8BPS\0\1" + bytes(20),
    "drawing.svg": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    "photo.jxl": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20),
    "bare.jxl": b"\xff\x0a" + bytes(20),
    "photo.jp2": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20),
    "page.pdf": b"%PDF-1.7\n",
    "photo.cr2": b"II*\0\x10\0\0\0CR\2\0" + bytes(20),
    "photo.cr3": b"\0\0\0\x18ftypcrx " + bytes(20),
    "photo.raf": b"FUJIFILMCCD-RAW 0201" + bytes(20),
    "photo.orf": b"IIRO\x08\0\0\0" + bytes(20),
    "photo.rw2": b"IIU\0\x18\0\0\0" + bytes(20),
}


@pytest.mark.parametrize("name", KINDS)
def test_other_kinds_are_named_by_their_content_and_never_called_damaged(name, tmp_path):
    for path in (tmp_path / name, tmp_path / "named.jpg"):
        path.write_bytes(KINDS[name])
        with pytest.raises(ImageError, match=r"cannot be read; export .* as JPEG or PNG") as caught:
            read_image(path)
        assert "damaged" not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["photo.nef", "photo.ARW", "photo.dng", "photo.tif"])
def test_the_preview_in_camera_raw_is_not_read_as_the_photo(name, tmp_path):
    raw = {0xC612: (1, 4)} if name == "photo.tif" else {}  # the version of DNG, under another name
    (tmp_path / name).write_bytes(tiff(blocks(), 2, **{f"t{tag}": value for tag, value in raw.items()}))
    with pytest.raises(ImageError, match="export camera RAW as JPEG or PNG"):
        read_image(tmp_path / name)


def test_content_counts_where_the_name_is_wrong(tmp_path):
    for name, form in (("a.nef", "JPEG"), ("b.psd", "PNG"), ("c.heic", "PNG"), ("d.txt", "GIF"), ("e", "BMP")):
        save(tmp_path / name, Image.fromarray(blocks()), format=form)
        assert read_image(tmp_path / name).shape == (48, 64, 3), name


def test_the_name_counts_where_the_content_is_unknown(tmp_path):
    for name in ("a.tga", "b.xcf", "c.kdc"):
        (tmp_path / name).write_bytes(bytes(100))
        with pytest.raises(ImageError, match="cannot be read; export"):
            read_image(tmp_path / name)


@pytest.mark.parametrize("extension", ["jfif", "JPE", "avif"])
def test_other_endings_are_read(extension, tmp_path):
    form = "AVIF" if extension == "avif" else "JPEG"
    if form == "AVIF" and "AVIF" not in {*Image.registered_extensions().values()}:
        pytest.skip("this Pillow was built without AVIF")
    path = save(tmp_path / f"a.{extension}", Image.fromarray(blocks()), format=form)
    assert np.abs(read_image(path).astype(int) - blocks()).mean() < 12
    assert path.suffix.lower() in formats.EXTENSIONS


@pytest.mark.parametrize("extension", ["jfif", "jpe"])
def test_other_endings_are_written(extension, tmp_path):
    write_image(tmp_path / f"a.{extension}", blocks(), command="stylize image")
    with Image.open(tmp_path / f"a.{extension}") as image:
        assert image.format == "JPEG"
    assert read_mark(tmp_path / f"a.{extension}") == "stylize image"


def test_the_tables_agree():
    assert not set(formats.EXTENSIONS) & set(formats.NOT_READ)
    assert set(formats.KEEPS_ALPHA) <= set(formats.WRITABLE) <= set(formats.EXTENSIONS)
    endings = [*formats.EXTENSIONS, *formats.NOT_READ]
    assert all(ending.startswith(".") and ending == ending.lower() for ending in endings)


def test_no_advice_to_remove_a_picture():
    for folder, _, names in os.walk(REPOSITORY / "stylize"):
        for name in names:
            if name.endswith(".py"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    assert "remove it" not in file.read(), name


def test_exif_is_a_small_tiff():
    """What the tests write by hand is what Pillow understands."""
    block = Image.Exif()
    block.load(b"Exif\0\0" + directory({0x0112: (6,)}, ">"))
    assert block[0x0112] == 6
