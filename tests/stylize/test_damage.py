"""Damaged files are never drawn without a note, and sound ones are never called damaged."""

import io
import re
import struct
import zlib
from functools import partial

import numpy as np
import pytest
from PIL import Image

from stylize._cv2 import cv2
from stylize.damage import find_damage
from stylize.images import ImageError, read_image, read_picture

from .files_by_hand import directory, png_chunk, tiff
from .pictures import PHOTOS, blocks
from .profiles import ADOBE, D65, rgb_profile

LIBTIFF_IS_HEARD = pytest.mark.skipif(cv2.__version__ < "5", reason="OpenCV 4 hides the warnings of libtiff")


def photo(width=300, height=200):
    with Image.open(PHOTOS / "coffee.jpg") as image:
        return image.resize((width, height))


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def zeroed(data, start, length):
    return data[:start] + bytes(len(data[start : start + length])) + data[start + length :]


def scans(data):
    """Where the scans of a progressive JPEG are, without the tables before each."""
    return [found.span() for found in re.finditer(rb"\xff\xda.*?(?=\xff[\xc4\xda\xd9])", data, re.DOTALL)]


def is_noted(path, data):
    """Whether read_picture notes damage; read_image must refuse the same pictures."""
    path.write_bytes(data)
    notes = read_picture(path).notes
    if not notes:
        read_image(path)  # both say the same
        return False
    assert len(notes) == 1 and notes[0].startswith("damaged: ") and notes[0].endswith("; what could be read is drawn")
    for read in (read_image, partial(read_picture, strict=True)):
        with pytest.raises(ImageError, match=r"damaged \(.+\); copy or download it again"):
            read(path)
    return True


def is_refused(path, data):
    path.write_bytes(data)
    for read in (read_image, read_picture):
        with pytest.raises(ImageError, match=r"(truncated|damaged).*; copy (it|or download it) again"):
            read(path)
    return True


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lost_sectors(progressive, tmp_path, capfd):
    data = encoded(photo(), "JPEG", quality=88, progressive=progressive)
    first = (data.index(b"\xff\xda") // 512 + 1) * 512
    for start in range(first, len(data) - 512, 512):
        for length in (512, 4096):
            lost = zeroed(data, start, length)
            assert (
                is_noted(tmp_path / "a.jpg", lost)
                if lost.endswith(b"\xff\xd9")
                else is_refused(tmp_path / "a.jpg", lost)
            )
    assert capfd.readouterr() == ("", "")


def test_a_jpeg_with_a_piece_missing_or_too_much(tmp_path):
    data = encoded(photo(), "JPEG", quality=90)
    middle = len(data) // 2
    assert is_noted(tmp_path / "a.jpg", data[:middle] + data[middle + 300 :])
    assert is_noted(tmp_path / "b.jpg", data[:-2] + b"extraneous bytes before the end marker" + data[-2:])
    assert is_noted(tmp_path / "c.jpg", data[:middle] + b"\xff\xd9")  # cut, and an end marker set by a repair


def test_scans_missing_from_a_progressive_jpeg(tmp_path):
    data = encoded(photo(), "JPEG", quality=90, progressive=True)
    places = scans(data)
    assert len(places) == 10 and not is_noted(tmp_path / "whole.jpg", data)
    for start, end in places[1:]:  # without the first one it is not a picture
        assert is_noted(tmp_path / "one.jpg", data[:start] + data[end:])
        assert is_noted(tmp_path / "last.jpg", data[:start] + b"\xff\xd9")
    grey = encoded(photo().convert("L"), "JPEG", progressive=True)
    assert is_noted(tmp_path / "grey.jpg", grey[: scans(grey)[-1][0]] + b"\xff\xd9")


@pytest.mark.parametrize("kind", ["baseline", "progressive", "png", "gif", "webp", "bmp", "tif"])
def test_a_file_whose_end_is_missing_is_refused(kind, tmp_path):
    form = {"baseline": "JPEG", "progressive": "JPEG", "tif": "TIFF"}.get(kind, kind.upper())
    data = encoded(photo(), form, **({"progressive": True} if kind == "progressive" else {}))
    for kept in (0.2, 0.6, 0.95):
        assert is_refused(tmp_path / "a", data[: int(kept * len(data))])
    if kind in ("baseline", "progressive", "png"):  # whose end is marked: then even a byte that holds no pixel counts
        for lost in range(1, 12):
            assert is_refused(tmp_path / "a", data[:-lost])
            assert is_refused(tmp_path / "a", data[:-lost] + bytes(600))  # the rest of a file whose space was set aside


def test_checksums_of_a_png(tmp_path):
    data = encoded(photo(), "PNG")
    at = data.index(b"IDAT")
    end = at + 4 + struct.unpack(">I", data[at - 4 : at])[0]
    assert is_noted(tmp_path / "a.png", data[:end] + b"\1\2\3\4" + data[end + 4 :])
    assert "IDAT" in read_picture(tmp_path / "a.png").notes[0]
    assert is_refused(tmp_path / "b.png", zeroed(data, at + 4000, 512))
    late = data[:-12] + png_chunk(b"tEXt", b"Comment\0late")[:-1] + b"?" + data[-12:]
    assert is_noted(tmp_path / "c.png", late)


def test_strips_of_a_tiff(tmp_path):
    rows = np.asarray(photo())
    strips = [zlib.compress(rows[i : i + 50].tobytes() + bytes(9000)) for i in range(0, 200, 50)]  # more than is used
    broken = strips[2][:-1] + bytes([strips[2][-1] ^ 1])  # so the checksum is not reached
    assert not is_noted(tmp_path / "a.tif", tiff(rows, 2, strips=strips, t259=(8,)))
    assert is_noted(tmp_path / "b.tif", tiff(rows, 2, strips=[*strips[:2], broken, strips[3]], t259=(8,)))
    assert "strip 3" in read_picture(tmp_path / "b.tif").notes[0]
    assert is_refused(tmp_path / "c.tif", tiff(rows, 2, strips=[strips[0], strips[1][:900], *strips[2:]], t259=(8,)))
    lzw = encoded(photo(), "TIFF", compression="tiff_lzw")
    assert is_refused(tmp_path / "d.tif", zeroed(lzw, len(lzw) // 1024 * 512, 4096))


@LIBTIFF_IS_HEARD
@pytest.mark.parametrize("compression", ["jpeg", "packbits"])
def test_warnings_of_libtiff(compression, tmp_path):
    data = encoded(photo(), "TIFF", compression=compression)
    assert not is_noted(tmp_path / "a.tif", data)
    assert is_noted(tmp_path / "b.tif", zeroed(data, len(data) // 1024 * 512, 2048))


@pytest.mark.parametrize("options", [{"quality": 85}, {"lossless": True}])
def test_a_webp_that_lost_sectors(options, tmp_path):
    data = encoded(photo(), "WEBP", **options)
    try:
        assert is_noted(tmp_path / "a.webp", zeroed(data, 1024, 1024))
    except ImageError:  # or else it cannot be decoded at all
        assert is_refused(tmp_path / "a.webp", zeroed(data, 1024, 1024))


def sound_jpegs():
    """JPEGs as cameras, browsers and editors write them."""
    image = photo()
    plain = encoded(image, "JPEG", quality=90)
    yield "progressive", encoded(image, "JPEG", progressive=True)
    yield "optimised", encoded(image, "JPEG", optimize=True)
    yield "restart markers", encoded(image, "JPEG", restart_marker_blocks=3)
    yield "restart markers, progressive", encoded(image, "JPEG", restart_marker_rows=1, progressive=True)
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        yield subsampling, encoded(image, "JPEG", subsampling=subsampling, progressive=True)
    for mode in ("L", "CMYK"):
        yield mode, encoded(image.convert(mode), "JPEG")
        yield f"{mode}, progressive", encoded(image.convert(mode), "JPEG", progressive=True)
    for quality in (1, 30, 100):
        yield f"quality {quality}", encoded(image, "JPEG", quality=quality, progressive=quality > 50)
    thumbnail = b"Exif\0\0" + encoded(photo(160, 120), "JPEG")
    yield "thumbnail", plain[:2] + b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + plain[2:]
    yield "fill bytes", plain[:2] + b"\xff\xff\xff" + plain[2:]
    yield "padded header", plain[:2] + b"\xff\xe1" + struct.pack(">H", 5002) + bytes(5000) + plain[2:]
    yield "motion photo", plain + struct.pack(">I", 24) + b"ftypmp42" + bytes(6000) + b"\xff\xd8 no picture"
    yield "mark", plain + b"written by somebody"
    yield "padding", plain + bytes(-len(plain) % 512 + 1024)
    yield "two views", encoded(image, "MPO", save_all=True, append_images=[photo(160, 120)])
    for colour in ("white", "black", "#808080"):  # long runs of zeros
        yield colour, encoded(Image.new("RGB", (3000, 2000), colour), "JPEG", optimize=True)
        yield f"{colour}, progressive", encoded(Image.new("RGB", (3000, 2000), colour), "JPEG", progressive=True)


def test_sound_jpegs_are_not_called_damaged(tmp_path):
    for name, data in sound_jpegs():
        assert not is_noted(tmp_path / "a.jpg", data), name


def test_photos_and_drawings_of_this_project_are_not_called_damaged():
    for path in PHOTOS.parent.rglob("*.jpg"):
        with Image.open(path) as image:
            assert find_damage(image, path.read_bytes()) is None, path


def test_other_sound_pictures_are_not_called_damaged(tmp_path):
    for image in (
        photo(),
        photo().convert("L"),
        photo().convert("P"),
        photo().convert("1"),
        Image.new("RGB", (900, 900)),
    ):
        for form, options in [
            *(("PNG", {"compress_level": level}) for level in (0, 9)),
            *(("TIFF", {"compression": kind}) for kind in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits")),
            *[("BMP", {}), ("GIF", {}), ("GIF", {"interlace": 0}), ("WEBP", {}), ("WEBP", {"lossless": True})],
        ]:
            if form != "WEBP" or image.mode != "1":
                assert not is_noted(tmp_path / "a", encoded(image, form, **options)), (image.mode, form, options)
    for compression in ("jpeg", "group4"):
        image = photo().convert("1") if compression == "group4" else photo()
        assert not is_noted(tmp_path / "a", encoded(image, "TIFF", compression=compression)), compression


def test_undetectable_damage_is_not_reported(tmp_path):
    """In a format without checksums, a changed byte makes a different picture."""
    data = bytearray(encoded(Image.fromarray(blocks()), "BMP"))
    data[200] ^= 64
    assert not is_noted(tmp_path / "a.bmp", bytes(data))


def test_any_bytes_are_a_picture_or_a_one_line_error(tmp_path):
    image, rng = photo(60, 40), np.random.default_rng(11)
    more = {"save_all": True, "append_images": [image.rotate(90), image.rotate(180)]}
    sound = [encoded(image, form) for form in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM")]
    sound += [encoded(image, form, **more) for form in ("PNG", "WEBP", "TIFF", "GIF", "MPO")]
    sound += [encoded(image.convert(mode), form) for mode, form in (("P", "PNG"), ("CMYK", "JPEG"), ("LA", "PNG"))]
    sound += [encoded(image, "PNG", icc_profile=rgb_profile(ADOBE, D65, 2.2))]
    sound += [encoded(image, "JPEG", exif=b"Exif\0\0" + directory({0x0112: (6,)}), progressive=True)]
    for number, data in enumerate(sound):
        for trial in range(20):
            changed = bytearray(data)
            at, length = (int(n) for n in rng.integers(0, [len(data), 40]))
            match trial % 4:
                case 0:
                    del changed[at : at + length]
                case 1:
                    changed[at] ^= 1 << length % 8
                case 2:
                    changed[at % 200] = length
                case 3:
                    changed[at:at] = changed[at : at + length]
            (tmp_path / "a").write_bytes(changed)
            try:
                assert read_picture(tmp_path / "a").rgb.dtype == np.uint8
            except ImageError as error:
                assert "\n" not in str(error), (number, trial)
