"""Reading and writing image files, against Pillow and against the formats' own definitions."""

import errno
import io
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from stylize.files import FileError
from stylize.formats import WRITABLE
from stylize.images import (
    MAX_MEGAPIXELS,
    ImageError,
    read_image,
    read_picture,
    resize_short_side,
    write_image,
)

from .files_by_hand import directory, empty_png, png, png_chunk, tiff
from .pictures import PRINT_PEAK, REPOSITORY, blocks, four_corners, save


def exif(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block


def encoded(picture, **options):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, **options)
    return buffer.getvalue()


def jpeg_with_thumbnail():
    """A camera's JPEG: inside the EXIF block stands another JPEG, with an end marker of its own."""
    thumbnail = b"Exif\0\0" + encoded(blocks(1), format="JPEG")
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    plain = encoded(blocks(height=160, width=160), format="JPEG")
    return plain[:2] + segment + plain[2:]


BAD = {
    "empty.png": (b"", "empty"),
    "text.jpg": (b"These are not pixels, whatever the name says.", "not a readable image"),
    "truncated.jpg": (encoded(blocks(), format="JPEG")[:-200], "truncated"),
    "thumbnail.jpg": (jpeg_with_thumbnail()[:-200], "truncated"),
    "header.jpg": (b"\xff\xd8\xff\xe0", "truncated"),
    "truncated.png": (encoded(blocks(), format="PNG")[:-60], "truncated"),
    "damaged.png": (
        encoded(blocks(), format="PNG").replace(b"IDAT", b"IDAT\0\0\0\0", 1),
        "not a readable image",
    ),
    "truncated.webp": (encoded(blocks(), format="WEBP")[:-60], "not a readable image"),
    "truncated.tif": (encoded(blocks(), format="TIFF")[:3000], "truncated"),
    "tiny.png": (encoded(blocks()[:1, :1], format="PNG"), "too small"),
    "thin.png": (encoded(blocks()[:15], format="PNG"), "too small"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_clear_line_and_decoders_stay_silent(name, tmp_path, capfd):
    data, reason = BAD[name]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ImageError, match=reason) as caught:
        read_image(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_missing_files_folders_and_float_samples(tmp_path):
    with pytest.raises(ImageError, match="No such file"):
        read_image(tmp_path / "none.jpg")
    with pytest.raises(ImageError, match="directory"):
        read_image(tmp_path)
    with pytest.raises(ImageError, match="8 or 16 bits"):
        read_image(save(tmp_path / "float.tif", Image.fromarray(np.ones((20, 20), np.float32))))


def test_a_whole_camera_jpeg_is_read(tmp_path):
    (tmp_path / "camera.jpg").write_bytes(jpeg_with_thumbnail())
    assert read_image(tmp_path / "camera.jpg").shape == (160, 160, 3)


def test_fill_bytes_before_a_jpeg_marker_are_legal(tmp_path):
    plain = encoded(blocks(), format="JPEG")
    (tmp_path / "filled.jpg").write_bytes(plain[:2] + b"\xff\xff" + plain[2:])
    assert read_image(tmp_path / "filled.jpg").shape == (48, 64, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "tif"])
def test_exif_orientation(extension, orientation, tmp_path):
    options = {"tiffinfo": {0x0112: orientation}} if extension == "tif" else {"exif": exif(orientation)}
    path = save(tmp_path / f"turned.{extension}", four_corners(), **options)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    actual = read_image(path)
    assert actual.shape == expected.shape
    assert np.abs(actual[::8, ::8].astype(int) - expected[::8, ::8]).max() < 12  # lossy, and two decoders
    assert actual.flags.c_contiguous


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
@pytest.mark.parametrize("shape", [(32, 80), (80, 32)])
def test_tiffs_far_from_square_stand_upright_too(shape, orientation, tmp_path):
    picture = four_corners(*shape)
    path = save(tmp_path / "turned.tif", picture, tiffinfo={0x0112: orientation})
    expected = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    np.testing.assert_array_equal(read_image(path), expected)


def with_exif(extension, block):
    """A file of four_corners with a block of EXIF, byte for byte, where the format keeps it."""
    if extension == "png":
        return png(four_corners(), 2, png_chunk(b"eXIf", block))
    if extension == "late.png":
        plain = png(four_corners(), 2)
        return plain[:-12] + png_chunk(b"eXIf", block) + plain[-12:]
    data = encoded(four_corners(), format="JPEG" if extension == "jpg" else "WEBP", exif=b"Exif\0\0" + block)
    assert block in data
    return data


@pytest.mark.parametrize("extension", ["jpg", "png", "late.png", "webp"])
def test_orientation_of_any_type_and_byte_order(extension, tmp_path):
    """BYTE, SHORT, LONG and the signed two; Intel and Motorola order."""
    for orientation, turn in {6: lambda p: np.rot90(p, -1), 5: lambda p: p.transpose(1, 0, 2)}.items():
        for kind in (1, 3, 4, 8, 9):
            for order in "<>":
                path = tmp_path / f"a.{extension}"
                path.write_bytes(with_exif(extension, directory({0x0112: (orientation,)}, order, {0x0112: kind})))
                actual = read_image(path)[::8, ::8].astype(int)
                expected = turn(four_corners())[::8, ::8]
                assert actual.shape == expected.shape, (orientation, kind, order)
                assert np.abs(actual - expected).max() < 30, (orientation, kind, order)  # lossy


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_of_a_tiff_in_any_byte_order(order, tmp_path):
    (tmp_path / "a.tif").write_bytes(tiff(four_corners(), 2, order, t274=(8,)))
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), np.rot90(four_corners()))


def test_a_damaged_or_senseless_orientation_is_ignored(tmp_path):
    sound = directory({0x0112: (6,)})
    for block in (sound[:9], b"II*\0\xff\xff\xff\xff", b"junk", directory({0x0112: (9,)}), directory({0x0112: (0,)})):
        for extension in ("jpg", "png", "webp"):
            path = tmp_path / f"a.{extension}"
            path.write_bytes(with_exif(extension, block))
            assert read_image(path).shape == (40, 60, 3), (extension, block)


def test_alpha_turns_with_the_picture(tmp_path):
    rgba = np.dstack([four_corners(), np.arange(40 * 60).reshape(40, 60) % 255 + 1]).astype(np.uint8)
    path = save(tmp_path / "turned.png", rgba, exif=exif(6))
    picture = read_picture(path)
    rgb, alpha = picture.rgb, picture.alpha
    expected = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    np.testing.assert_array_equal(np.dstack([rgb, alpha]), expected)


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGB", "RGBA", "LA"])
def test_png_modes(mode, tmp_path):
    path = save(tmp_path / "picture.png", Image.fromarray(blocks()).convert(mode))
    np.testing.assert_array_equal(read_image(path), np.asarray(Image.open(path).convert("RGB")))


def test_grey_and_cmyk_jpeg(tmp_path):
    for mode in ("L", "CMYK"):
        path = save(tmp_path / f"{mode}.jpg", Image.fromarray(blocks()).convert(mode), quality=95)
        expected = np.asarray(Image.open(path).convert("RGB")).astype(int)
        assert np.abs(read_image(path) - expected).mean() < 2


def test_16_bits_are_scaled_and_rounded(tmp_path):
    values = np.linspace(0, 65535, 400).astype(np.uint16).reshape(20, 20)
    path = save(tmp_path / "deep.png", Image.fromarray(values))
    np.testing.assert_array_equal(read_image(path)[..., 1], np.rint(values / 257.0))


def test_transparency_shows_white(tmp_path):
    rgba = np.dstack([blocks(), np.random.default_rng(0).integers(0, 256, (48, 64))]).astype(np.uint8)
    actual = read_image(save(tmp_path / "glass.png", rgba))
    opacity = rgba[..., 3:] / 255
    np.testing.assert_array_equal(actual, np.rint(rgba[..., :3] * opacity + 255 * (1 - opacity)))


def test_hidden_colour_is_that_of_the_nearest_visible_pixel(tmp_path):
    rgba = np.dstack([blocks(), np.full((48, 64), 255)]).astype(np.uint8)
    rgba[10:30, 20:40] = (255, 0, 255, 0)  # garish, and hidden
    picture = read_picture(save(tmp_path / "hole.png", rgba))
    rgb, alpha = picture.rgb, picture.alpha
    np.testing.assert_array_equal(alpha, rgba[..., 3])
    visible = np.argwhere(alpha > 0)
    np.testing.assert_array_equal(rgb[alpha > 0], rgba[..., :3][alpha > 0])
    for y, x in [(12, 21), (20, 22), (28, 33), (11, 38)]:
        distance = np.hypot(*(visible - (y, x)).T)
        nearby = {tuple(rgba[v[0], v[1], :3]) for v in visible[distance < distance.min() + 1]}
        assert tuple(rgb[y, x]) in nearby


def test_a_wholly_hidden_picture_is_white(tmp_path):
    path = save(tmp_path / "nothing.png", np.zeros((20, 20, 4), np.uint8))
    assert (read_image(path) == 255).all() and (read_picture(path).rgb == 255).all()


def test_opaque_alpha_is_no_alpha(tmp_path):
    path = save(tmp_path / "a.png", Image.fromarray(blocks()).convert("RGBA"))
    assert read_picture(path).alpha is None


@pytest.mark.parametrize("extension", ["gif", "webp", "png"])
def test_an_animation_gives_its_first_frame(extension, tmp_path):
    frames = [Image.fromarray(four_corners()), Image.fromarray(255 - four_corners())]
    path = save(tmp_path / f"moving.{extension}", frames[0], save_all=True, append_images=frames[1:])
    assert np.abs(read_image(path).astype(int) - four_corners()).mean() < 5
    assert read_picture(path).notes == ("an animation of 2 frames; only the first is drawn",)
    assert read_picture(save(tmp_path / f"still.{extension}", frames[0])).notes == ()


def test_pages_are_counted_and_second_views_are_not(tmp_path):
    frames = [Image.fromarray(four_corners()) for _ in range(3)]
    pages = read_picture(save(tmp_path / "pages.tif", frames[0], save_all=True, append_images=frames[1:]))
    assert pages.notes == ("3 pages; only the first is drawn",)
    views = save(tmp_path / "views.jpg", frames[0], format="MPO", save_all=True, append_images=frames[1:])
    assert read_picture(views).notes == ()


def test_a_strict_reading_keeps_notes_and_transparency(tmp_path):
    frames = [Image.fromarray(blocks(seed)) for seed in range(3)]
    sound = save(tmp_path / "moves.gif", frames[0], save_all=True, append_images=frames[1:])
    assert read_picture(sound, strict=True).notes == ("an animation of 3 frames; only the first is drawn",)
    rgba = np.dstack([blocks(), np.full((48, 64), 100)]).astype(np.uint8)
    glass = save(tmp_path / "glass.png", rgba)
    expected = np.rint(blocks() * (100 / 255) + 155).astype(np.uint8)
    np.testing.assert_array_equal(read_picture(glass, strict=True).on_white, expected)
    np.testing.assert_array_equal(read_image(glass), expected)


@pytest.mark.parametrize("chunks", [[80], [40, 40]], ids=["one", "together"])
def test_too_much_text_in_a_png_is_said_in_plain_words(tmp_path, chunks):
    texts = [png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(size << 20), 1)) for size in chunks]
    data = encoded(blocks(), format="PNG")
    (tmp_path / "novel.png").write_bytes(data[:33] + b"".join(texts) + data[33:])
    with pytest.raises(ImageError, match=r"novel\.png: its comments and other texts take more than 64 MB; save"):
        read_image(tmp_path / "novel.png")


def test_a_picture_is_read_as_the_array_it_is(tmp_path):
    rgba = np.dstack([blocks(), np.full((48, 64), 200)]).astype(np.uint8)
    picture = read_picture(save(tmp_path / "a.png", rgba))
    np.testing.assert_array_equal(np.dstack([picture.rgb, picture.alpha]), rgba)
    for array in (picture.rgb, picture.alpha, read_image(tmp_path / "a.png")):
        assert array.dtype == np.uint8 and array.flags.c_contiguous and array.flags.writeable


def test_a_sound_picture_beyond_the_limit_is_not_called_damaged(tmp_path):
    (tmp_path / "map.png").write_bytes(empty_png(33_000, 33_000))
    with pytest.raises(ImageError) as caught:
        read_image(tmp_path / "map.png")
    message = str(caught.value)
    for part in (
        "map.png: 33000 x 33000 pixels",
        "1089 megapixels",
        f"limit is {MAX_MEGAPIXELS};",
        "--max-megapixels 1089",
    ):
        assert part in message
    assert "damaged" not in message


def test_the_limit_is_a_parameter(tmp_path):
    path = save(tmp_path / "a.png", blocks(height=400, width=600))
    for read in (read_image, read_picture):
        with pytest.raises(ImageError, match=r"0 megapixels, and the limit is 0\.2; .*--max-megapixels 1 "):
            read(path, max_megapixels=0.2)
        read(path, max_megapixels=0.24)


def claims(kind):
    """A small file that claims 30,000 x 30,000 pixels."""
    if kind == "png":
        return empty_png(30_000, 30_000)
    if kind == "jpg":
        data = encoded(blocks(), format="JPEG")
        at = data.index(b"\xff\xc0") + 5
        return data[:at] + struct.pack(">HH", 30_000, 30_000) + data[at + 4 :]
    if kind == "gif":
        data = encoded(blocks(), format="GIF")
        return data[:6] + struct.pack("<HH", 30_000, 30_000) + data[10:]
    if kind == "bmp":
        data = encoded(blocks(), format="BMP")
        return data[:18] + struct.pack("<ii", 30_000, 30_000) + data[26:]
    data = tiff(blocks(), 2)
    for tag in (256, 257):
        at = data.index(struct.pack("<HHI", tag, 3, 1)) + 8
        data = data[:at] + struct.pack("<I", 30_000) + data[at + 4 :]
    return data


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory by POSIX means")
def test_small_files_that_claim_many_pixels_take_little_memory_and_time(tmp_path):
    for kind in ("png", "jpg", "gif", "bmp", "tif"):
        (tmp_path / f"bomb.{kind}").write_bytes(claims(kind))
    script = (
        "import sys\n"
        "from stylize.images import ImageError, read_picture\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        read_picture(name)\n"
        "    except ImageError as error:\n"
        "        assert '900 megapixels' in str(error), error\n"
        "    else:\n"
        "        raise AssertionError(name)\n" + PRINT_PEAK
    )
    files = sorted(tmp_path.iterdir())
    assert max(path.stat().st_size for path in files) < 200_000
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, files)], cwd=REPOSITORY, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 500e6


@pytest.mark.skipif(sys.platform == "win32", reason="makes a POSIX pipe")
def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to("pipe.png")
    for path in (tmp_path / "pipe.png", tmp_path / "link.png", "/dev/zero", "/dev/null"):
        with pytest.raises(ImageError, match="not a regular file"):
            read_image(path)


def test_pillow_keeps_its_own_limits(tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    read_image(save(tmp_path / "a.png", blocks()))
    with pytest.raises(ImageError):
        read_image(tmp_path / "none.png")
    assert before == Image.MAX_IMAGE_PIXELS is not None


@pytest.mark.parametrize("extension", ["png", "PNG", "bmp", "tif", "webp", "jpg"])
def test_what_is_written_pillow_reads(extension, tmp_path):
    path = tmp_path / f"ünïcode.{extension}"
    write_image(path, blocks())
    difference = np.abs(np.asarray(Image.open(path).convert("RGB")).astype(int) - blocks())
    assert difference.mean() < (12 if extension == "jpg" else 1e-9)
    assert os.listdir(tmp_path) == [path.name]  # no temporary file stays


@pytest.mark.parametrize("extension", WRITABLE)
def test_what_is_written_with_a_mark_is_sound(extension, tmp_path):
    write_image(tmp_path / f"a{extension}", blocks(), command="stylize image")
    picture = read_picture(tmp_path / f"a{extension}")
    assert picture.notes == () and np.abs(picture.rgb.astype(int) - blocks()).mean() < 12
    assert not list(tmp_path.glob(".*"))


def test_alpha_is_written_where_the_format_can_hold_it(tmp_path):
    alpha = np.random.default_rng(0).integers(0, 256, (48, 64), dtype=np.uint8)
    write_image(tmp_path / "a.png", blocks(), alpha)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), np.dstack([blocks(), alpha]))
    write_image(tmp_path / "a.bmp", blocks(), np.zeros_like(alpha))
    assert (np.asarray(Image.open(tmp_path / "a.bmp").convert("RGB")) == 255).all()


def test_what_cannot_be_written(tmp_path, monkeypatch):
    with pytest.raises(ImageError, match=r"xyz.*\.png"):
        write_image(tmp_path / "a.xyz", blocks())
    with pytest.raises(FileError, match="No such file"):
        write_image(tmp_path / "none" / "a.png", blocks())
    with pytest.raises(ImageError, match="cannot hold"):
        write_image(tmp_path / "wide.webp", np.zeros((16, 20000, 3), np.uint8))

    write_image(tmp_path / "a.png", blocks(0))
    before = (tmp_path / "a.png").read_bytes()

    def full(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(FileError, match="No space left"):
        write_image(tmp_path / "a.png", blocks(1))
    assert (tmp_path / "a.png").read_bytes() == before and os.listdir(tmp_path) == ["a.png"]


def test_resize_short_side():
    picture = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    areas = picture.reshape(16, 2, 24, 2, 3).mean((1, 3))
    assert np.abs(resize_short_side(picture, 16) - areas).max() <= 0.51
    assert resize_short_side(picture, 64).shape == (64, 96, 3)
    assert resize_short_side(picture[..., 0], 20).shape == (20, 30)
    assert resize_short_side(picture.transpose(1, 0, 2), 32).shape == (48, 32, 3)
