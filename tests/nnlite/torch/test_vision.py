"""What tutorials take from torchvision, against its documented behaviour, Pillow, PyTorch and closed forms."""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

import nnlite
from nnlite.torch import vision
from nnlite.torch.utils.data import DataLoader
from nnlite.torch.vision import datasets, transforms, utils
from nnlite.torch.vision.transforms import InterpolationMode
from nnlite.torch.vision.transforms import functional as F


@pytest.fixture
def photo(rng):
    """An image of 11 x 7 pixels, wide and high, in RGB."""
    return Image.fromarray(rng.integers(0, 256, (7, 11, 3), np.uint8))


def pixels(image):
    return np.asarray(image)


def written(path):
    """The image in a file, closed again."""
    with Image.open(path) as image:
        return image.copy()


def chw(image):
    """A Pillow image as an array (C, H, W)."""
    return np.atleast_3d(pixels(image)).transpose(2, 0, 1)


# Conversions


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA", "1", "P"])
def test_images_become_tensors_in_0_to_1(mode, photo):
    image = photo.convert(mode)
    tensor = transforms.ToTensor()(image)
    levels = pixels(image).astype(np.float32) * (255 if mode == "1" else 1)
    assert tensor.dtype == np.float32 and tensor.shape == (len(image.getbands()), 7, 11)
    np.testing.assert_array_equal(tensor.numpy(), np.atleast_3d(levels).transpose(2, 0, 1) / np.float32(255))


def test_images_of_wider_numbers_keep_them():
    levels = np.array([[1, 70000]], np.int32)
    tensor = F.to_tensor(Image.fromarray(levels))
    assert tensor.dtype == np.int32 and tensor.tolist() == [[[1, 70000]]]
    assert F.to_tensor(Image.fromarray(levels.astype(np.float32))).tolist() == [[[1.0, 70000.0]]]


def test_arrays_become_tensors(rng):
    levels = rng.integers(0, 256, (4, 5, 3), np.uint8)
    assert np.array_equal(F.to_tensor(levels).numpy(), levels.transpose(2, 0, 1) / np.float32(255))
    assert F.to_tensor(levels[..., 0]).shape == (1, 4, 5)
    floats = rng.random((4, 5, 3))
    assert F.to_tensor(floats).dtype == np.float64 and np.array_equal(F.to_tensor(floats).numpy()[1], floats[..., 1])
    for wrong, error in ((levels[None], nnlite.ShapeError), ([1], TypeError), (nnlite.zeros(3, 4, 5), TypeError)):
        with pytest.raises(error, match="to_tensor"):
            F.to_tensor(wrong)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA", "1"])
def test_bytes_of_images(mode, photo):
    tensor = transforms.PILToTensor()(photo.convert(mode))
    assert tensor.dtype == pixels(photo.convert(mode)).dtype and np.array_equal(
        tensor.numpy(), chw(photo.convert(mode))
    )


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA"])
def test_tensors_become_images_again(mode, photo):
    image = photo.convert(mode)
    for tensor in (F.to_tensor(image), F.pil_to_tensor(image)):
        again = transforms.ToPILImage()(tensor)
        assert again.mode == mode and np.array_equal(pixels(again), pixels(image))
    assert np.array_equal(pixels(F.to_pil_image(pixels(image))), pixels(image))


def test_kinds_of_images():
    assert F.to_pil_image(nnlite.tensor([[0.999, 0.5]])).tobytes() == bytes([254, 127]), "the whole part of 255 x"
    assert F.to_pil_image(nnlite.tensor([[1, -70000]], dtype="int32")).mode == "I"
    deep = F.to_pil_image(np.array([[1.5, -2.0]], np.float32))
    assert deep.mode == "F" and pixels(deep).tolist() == [[1.5, -2.0]]
    assert F.to_pil_image(np.zeros((2, 2, 3), np.uint8), mode="HSV").mode == "HSV"
    for wrong, mode, error in (
        (nnlite.zeros(5, 2, 2), None, TypeError),
        (nnlite.zeros(1, 3, 2, 2), None, nnlite.ShapeError),
        (np.zeros((2, 2)), None, TypeError),
        (nnlite.zeros(3, 2, 2), "L", ValueError),
        ("a", None, TypeError),
    ):
        with pytest.raises(error, match="to_pil_image"):
            F.to_pil_image(wrong, mode)


def test_normalize(rng):
    x = nnlite.tensor(rng.random((3, 2, 4), np.float32))
    mean, std = (0.4, 0.5, 0.6), (0.1, 0.2, 0.3)
    y = transforms.Normalize(mean, std)(x)
    assert y.dtype == np.float32
    for c in range(3):
        np.testing.assert_allclose(y.numpy()[c], (x.numpy()[c] - mean[c]) / std[c], rtol=1e-5, atol=1e-6)
    batch = F.normalize(nnlite.stack([x, x]), [0.5], [0.5])
    np.testing.assert_allclose(batch.numpy()[1], 2 * x.numpy() - 1, rtol=1e-5, atol=1e-6)
    before = x.numpy()
    assert F.normalize(x, mean, std, inplace=True) is x and np.array_equal(before, y.numpy())


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ((nnlite.zeros(1, 2, 2), (0.5,) * 3, (0.5,) * 3), nnlite.ShapeError, "3 numbers for the 1 channels"),
        ((nnlite.zeros(3, 2, 2), (0.5,) * 3, (0.5, 0.0, 0.5)), ValueError, "std has a 0"),
        ((nnlite.zeros(3, 2, 2, dtype="uint8"), (0.5,), (0.5,)), TypeError, "ToTensor comes before"),
        ((nnlite.zeros(2, 2), (0.5,), (0.5,)), nnlite.ShapeError, r"\(C, H, W\)"),
    ],
)
def test_what_cannot_be_normalized(arguments, error, says):
    with pytest.raises(error, match=says):
        F.normalize(*arguments)


def test_numbers_of_another_type():
    levels = nnlite.tensor(np.array([0, 128, 255], np.uint8))
    np.testing.assert_allclose(F.convert_image_dtype(levels).numpy(), [0, 128 / 255, 1], rtol=1e-6)
    assert F.convert_image_dtype(nnlite.tensor([0.0, 0.5, 1.0]), nnlite.uint8).tolist() == [0, 127, 255]
    assert transforms.ConvertImageDtype(nnlite.int16)(levels).tolist() == [0, 128 * 128, 255 * 128]
    assert F.convert_image_dtype(nnlite.tensor(np.array([0, 32767], np.int16)), nnlite.uint8).tolist() == [0, 255]
    assert F.convert_image_dtype(nnlite.tensor([0.5], dtype="float64")).dtype == np.float32
    assert F.convert_image_dtype(levels, nnlite.uint8) is levels
    with pytest.raises(TypeError, match="fewer digits"):
        F.convert_image_dtype(nnlite.tensor([0.5]), nnlite.int32)


# Sizes, places, turns


@pytest.mark.parametrize(
    ("size", "max_size", "expected"),
    [(14, None, (22, 14)), ([14], None, (22, 14)), ((3, 5), None, (5, 3)), (6, 8, (8, 5)), (7, None, (11, 7))],
)
def test_resize(size, max_size, expected, photo):
    for mode in (InterpolationMode.BILINEAR, Image.BICUBIC, InterpolationMode.NEAREST, Image.Resampling.LANCZOS):
        resized = transforms.Resize(size, mode, max_size)(photo)
        name = mode.name if isinstance(mode, InterpolationMode) else Image.Resampling(mode).name
        assert resized.size == expected
        assert np.array_equal(pixels(resized), pixels(photo.resize(expected, Image.Resampling[name])))
    turned = F.resize(
        photo.transpose(Image.Transpose.TRANSPOSE), size if isinstance(size, int) else 14, max_size=max_size
    )
    assert turned.size == (expected[::-1] if size != (3, 5) else (14, 22))


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(3, 5), (14, 20)])
def test_tensors_are_resized_as_in_pytorch(mode, size, rng, torch):
    x = rng.random((2, 3, 7, 11), np.float32)
    for dtype, atol in ((np.float32, 1e-5), (np.uint8, 1)):  # a byte may be rounded the other way
        y = x if dtype == np.float32 else (255 * x).astype(np.uint8)
        ours = F.resize(nnlite.tensor(y), size, InterpolationMode(mode))
        theirs = torch.nn.functional.interpolate(torch.tensor(y).float(), size, mode=mode, antialias=True).numpy()
        theirs = theirs if dtype == np.float32 else theirs.round().clip(0, 255)
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours.numpy().astype(float), theirs, atol=atol)


def test_what_is_not_resized(photo):
    for arguments in ({"interpolation": InterpolationMode.NEAREST}, {"antialias": False}):
        with pytest.raises(NotImplementedError, match=r"F\.interpolate"):
            F.resize(nnlite.zeros(3, 4, 4), 2, **arguments)
    for size, max_size in (((1, 2, 3), None), ((1, 2), 5), (5, 5)):
        with pytest.raises(ValueError, match="resize: size is"):
            F.resize(photo, size, max_size=max_size)
    with pytest.raises(TypeError, match="Pillow image or a tensor"):
        F.resize(np.zeros((3, 4, 4)), 2)


def on_both(change, photo):
    """change(image) of a Pillow image, and that it does the same to a tensor, as an array (C, H, W)."""
    result = chw(change(photo))
    for memory in (chw(photo), np.ascontiguousarray(chw(photo))):  # channels last, channels first
        assert np.array_equal(change(nnlite.tensor(memory)).numpy(), result)
    return result


def test_crops(photo):
    x = chw(photo)
    np.testing.assert_array_equal(on_both(lambda i: F.crop(i, 1, 2, 3, 4), photo), x[:, 1:4, 2:6])
    np.testing.assert_array_equal(on_both(transforms.CenterCrop(5), photo), x[:, 1:6, 3:8])
    np.testing.assert_array_equal(on_both(transforms.CenterCrop((2, 4)), photo), x[:, 2:4, 4:8])
    beyond = on_both(lambda i: F.crop(i, -1, 9, 4, 4), photo)
    np.testing.assert_array_equal(beyond, np.pad(x, ((0, 0), (1, 0), (0, 2)))[:, :4, 9:])
    wider = on_both(transforms.CenterCrop((3, 14)), photo)
    np.testing.assert_array_equal(wider, np.pad(x, ((0, 0), (0, 0), (1, 2)))[:, 2:5])


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
@pytest.mark.parametrize(
    ("padding", "sides"), [(2, (2, 2, 2, 2)), ((1, 2), (1, 2, 1, 2)), ((1, 2, 3, 0), (1, 2, 3, 0))]
)
def test_borders(mode, padding, sides, photo):
    left, top, right, bottom = sides
    given = {"constant_values": 7} if mode == "constant" else {}
    expected = np.pad(chw(photo), ((0, 0), (top, bottom), (left, right)), mode, **given)
    np.testing.assert_array_equal(on_both(transforms.Pad(padding, 7, mode), photo), expected)


def test_borders_of_a_colour(photo):
    padded = pixels(F.pad(photo, 1, (1, 2, 3)))
    assert padded[0, 0].tolist() == [1, 2, 3] and np.array_equal(padded[1:-1, 1:-1], pixels(photo))
    assert F.pad(photo.convert("P"), 1, padding_mode="edge").convert("RGB").size == (13, 9)
    for arguments, says in (
        (((1, 2, 3),), "1, 2 or 4"),
        ((-1,), "from 0 on"),
        ((1, 0, "wrap"), "wrap"),
        ((1, (1, 2)), "2 numb"),
    ):
        with pytest.raises(ValueError, match=says):
            F.pad(photo, *arguments)
    with pytest.raises(TypeError, match="one number"):
        F.pad(nnlite.zeros(3, 4, 4), 1, (1, 2, 3))


def test_flips(photo):
    np.testing.assert_array_equal(on_both(transforms.RandomHorizontalFlip(1.0), photo), chw(photo)[:, :, ::-1])
    np.testing.assert_array_equal(on_both(transforms.RandomVerticalFlip(1.0), photo), chw(photo)[:, ::-1])
    assert transforms.RandomHorizontalFlip(0.0)(photo) is photo
    flipped = [transforms.RandomHorizontalFlip()(photo) is not photo for _ in range(400)]
    assert 150 < sum(flipped) < 250, "five standard deviations about one half"


def test_turns(photo):
    assert np.array_equal(pixels(F.rotate(photo, 90, expand=True)), np.rot90(pixels(photo)))
    assert np.array_equal(pixels(F.rotate(photo, 180)), pixels(photo)[::-1, ::-1])
    corner = pixels(F.rotate(photo, 45, fill=(9, 8, 7)))[0, 0]
    assert corner.tolist() == [9, 8, 7]
    assert np.array_equal(pixels(transforms.RandomRotation((90, 90), expand=True)(photo)), np.rot90(pixels(photo)))
    with pytest.raises(NotImplementedError, match="before ToTensor"):
        F.rotate(nnlite.zeros(3, 4, 4), 10)
    for degrees in (-1, (1, 2, 3)):
        with pytest.raises(ValueError, match="RandomRotation"):
            transforms.RandomRotation(degrees)


def test_random_crops(photo):
    x = chw(photo)
    places = {(t, left): x[:, t : t + 5, left : left + 9].tobytes() for t in range(3) for left in range(3)}
    cut = transforms.RandomCrop((5, 9))
    assert {chw(cut(photo)).tobytes() for _ in range(200)} == set(places.values()), "every place"
    assert cut(F.to_tensor(photo)).shape == (3, 5, 9)
    assert transforms.RandomCrop(9, padding=1)(photo).size == (9, 9)
    assert transforms.RandomCrop(20, pad_if_needed=True)(photo).size == (20, 20)
    with pytest.raises(ValueError, match=r"no 8 x 8 pixels in an image of 7 x 11"):
        transforms.RandomCrop(8)(photo)


def test_random_parts_in_one_size():
    """Coordinates instead of colours: what is seen in the corners tells which part was taken."""
    coordinates = np.stack([*np.mgrid[:200, :200], np.zeros((200, 200))], axis=-1).astype(np.uint8)
    image = Image.fromarray(coordinates)
    cut = transforms.RandomResizedCrop(2, (0.2, 0.5), (0.5, 2.0), InterpolationMode.NEAREST)
    shapes = []
    for _ in range(100):
        part = pixels(cut(image)).astype(int)
        shapes.append((2 * (part[1, 0, 0] - part[0, 0, 0]), 2 * (part[0, 1, 1] - part[0, 0, 1])))
    areas, ratios = np.array([(h * w / 200**2, w / h) for h, w in shapes]).T
    assert 0.19 < areas.min() < 0.25 and 0.45 < areas.max() < 0.51
    assert 0.48 < ratios.min() < 0.7 and 1.5 < ratios.max() < 2.1
    wide = transforms.RandomResizedCrop(50, scale=(9, 9), ratio=(1, 1))(image.crop((0, 0, 200, 50)))
    np.testing.assert_array_equal(pixels(wide), coordinates[:50, 75:125], "the middle, if nothing fits")


# Colours


@pytest.mark.parametrize(
    ("change", "enhancer"),
    [(F.adjust_brightness, "Brightness"), (F.adjust_contrast, "Contrast"), (F.adjust_saturation, "Color")],
)
def test_changes_of_colour_are_pillows(change, enhancer, photo):
    for factor in (0.0, 0.5, 1.0, 1.7):
        assert change(photo, factor).tobytes() == getattr(ImageEnhance, enhancer)(photo).enhance(factor).tobytes()
    with pytest.raises(ValueError, match="not negative"):
        change(photo, -1)
    with pytest.raises(NotImplementedError, match="before ToTensor"):
        change(nnlite.zeros(3, 2, 2), 1.0)


def test_hue():
    red = Image.new("RGB", (2, 2), (255, 0, 0))
    assert F.adjust_hue(red, 0.0).getpixel((0, 0)) == (255, 0, 0)
    r, g, b = F.adjust_hue(red, 1 / 3).getpixel((0, 0))
    assert g == 255 and r < 10 and b < 10
    r, g, b = F.adjust_hue(red, -1 / 3).getpixel((0, 0))
    assert b == 255 and r < 10 and g < 10
    grey = red.convert("L")
    assert F.adjust_hue(grey, 0.3) is grey
    with pytest.raises(ValueError, match="between"):
        F.adjust_hue(red, 0.6)


def test_greys(photo, rng):
    assert transforms.Grayscale()(photo).tobytes() == photo.convert("L").tobytes()
    three = transforms.Grayscale(3)(photo)
    assert three.mode == "RGB" and all(
        np.array_equal(pixels(three)[..., c], pixels(photo.convert("L"))) for c in range(3)
    )
    x = rng.random((3, 2, 4))
    grey = F.rgb_to_grayscale(nnlite.tensor(x), 3).numpy()
    np.testing.assert_allclose(grey, np.repeat((0.2989 * x[0] + 0.587 * x[1] + 0.114 * x[2])[None], 3, 0))
    assert transforms.RandomGrayscale(1.0)(photo).mode == "RGB" and transforms.RandomGrayscale(0.0)(photo) is photo


def test_jitter(photo):
    jitter = transforms.ColorJitter(0.4, (0.5, 0.9), 0, 0.1)
    assert jitter.brightness == (0.6, 1.4) and jitter.contrast == (0.5, 0.9) and jitter.hue == (-0.1, 0.1)
    assert jitter.saturation is None and transforms.ColorJitter(3).brightness == (0, 4)
    nnlite.manual_seed(3)
    a, b = jitter(photo), jitter(photo)
    nnlite.manual_seed(3)
    assert jitter(photo).tobytes() == a.tobytes() != b.tobytes()
    assert transforms.ColorJitter()(photo) is photo
    assert transforms.ColorJitter((0.5, 0.5))(photo).tobytes() == F.adjust_brightness(photo, 0.5).tobytes()
    for wrong in ({"brightness": -1}, {"hue": 0.7}, {"contrast": (2, 1)}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            transforms.ColorJitter(**wrong)


# Transforms of transforms


def test_transforms_of_transforms():
    def add(n):
        return transforms.Lambda(lambda x: [*x, n])

    both = [add(1), add(2)]
    assert transforms.Compose(both)([]) == [1, 2]
    assert {tuple(transforms.RandomOrder(both)([])) for _ in range(50)} == {(1, 2), (2, 1)}
    assert {tuple(transforms.RandomChoice(both)([])) for _ in range(50)} == {(1,), (2,)}
    assert {tuple(transforms.RandomApply(both)([])) for _ in range(50)} == {(), (1, 2)}
    assert transforms.RandomApply(both, p=0.0)([]) == []
    with pytest.raises(ValueError, match="probability"):
        transforms.RandomApply(both, p=2)
    with pytest.raises(TypeError, match="function"):
        transforms.Lambda(3)


# Images in a grid, and in a file


def naive_grid(images, nrow, padding, value):
    n, c, h, w = images.shape
    columns = min(nrow, n)
    rows = -(-n // columns)
    grid = np.full((c, rows * (h + padding) + padding, columns * (w + padding) + padding), value, images.dtype)
    for k in range(n):
        for y in range(h):
            for x in range(w):
                grid[:, padding + k // columns * (h + padding) + y, padding + k % columns * (w + padding) + x] = images[
                    k, :, y, x
                ]
    return grid


@pytest.mark.parametrize(("n", "nrow", "padding"), [(5, 3, 2), (2, 8, 1), (4, 2, 0), (3, 1, 2)])
def test_grids(n, nrow, padding, rng):
    images = rng.random((n, 3, 2, 4), np.float32)
    expected = naive_grid(images, nrow, padding, 0.5)
    for x in (
        nnlite.tensor(images),
        list(map(nnlite.tensor, images)),
        nnlite.tensor(images.transpose(0, 2, 3, 1)).permute(0, 3, 1, 2),
    ):
        np.testing.assert_array_equal(utils.make_grid(x, nrow, padding, pad_value=0.5).numpy(), expected)


def test_grey_and_single_images(rng):
    grey = rng.random((3, 1, 2, 4), np.float32)
    grid = utils.make_grid(nnlite.tensor(grey)).numpy()
    np.testing.assert_array_equal(grid, naive_grid(np.repeat(grey, 3, 1), 8, 2, 0.0))
    three = np.repeat(grey[0], 3, 0)
    for one in (grey[0, 0], grey[0], grey[:1], three):
        np.testing.assert_array_equal(utils.make_grid(nnlite.tensor(one)).numpy(), three)
    levels = utils.make_grid(nnlite.tensor(np.zeros((2, 3, 1, 1), np.uint8)), pad_value=9)
    assert levels.dtype == np.uint8 and levels.numpy()[0, 0, 0] == 9
    assert not utils.make_grid(nnlite.randn(2, 3, 2, 2, requires_grad=True)).requires_grad


def test_grids_of_stretched_values(rng):
    images = rng.standard_normal((2, 3, 4, 4)).astype(np.float32) * np.array([1, 5], np.float32).reshape(2, 1, 1, 1)
    before = images.copy()
    x = nnlite.tensor(images)

    def inside(**how):
        grid = utils.make_grid(x, padding=0, normalize=True, **how).numpy()
        return np.stack([grid[:, :, :4], grid[:, :, 4:]])

    low, high = images.min(), images.max()
    np.testing.assert_allclose(inside(), (images - low) / (high - low), atol=1e-6)
    np.testing.assert_allclose(inside(value_range=(-1, 1)), images.clip(-1, 1) / 2 + 0.5, atol=1e-6)
    each = [(i - i.min()) / (i.max() - i.min()) for i in images]
    np.testing.assert_allclose(inside(scale_each=True), each, atol=1e-6)
    assert np.array_equal(x.numpy(), before), "the images stay as they are"
    assert not utils.make_grid(nnlite.ones(1, 3, 2, 2), normalize=True).numpy().any(), "nothing to stretch"


def test_what_makes_no_grid():
    for wrong, error in ((3, TypeError), ([1], TypeError), (nnlite.zeros(3), nnlite.ShapeError)):
        with pytest.raises(error, match="make_grid"):
            utils.make_grid(wrong)
    with pytest.raises(TypeError, match="value_range"):
        utils.make_grid(nnlite.zeros(3, 2, 2), normalize=True, value_range=[0, 1])
    with pytest.raises(TypeError, match=r"\.float\(\)"):
        utils.make_grid(nnlite.zeros(3, 2, 2, dtype="uint8"), normalize=True)


def test_values_in_a_file(tmp_path):
    x = nnlite.tensor([[[-1.0, 0.0, 0.4999 / 255, 0.5 / 255, 0.5, 1.0, 2.0]]] * 3)
    utils.save_image(x, tmp_path / "a.png")
    assert pixels(written(tmp_path / "a.png"))[0, :, 0].tolist() == [0, 0, 0, 1, 128, 255, 255]
    utils.save_image([x, x], str(tmp_path / "b.png"), nrow=1, padding=1)
    assert written(tmp_path / "b.png").size == (9, 5)
    stream = io.BytesIO()
    utils.save_image(nnlite.rand(2, 1, 4, 4), stream, format="bmp")
    assert Image.open(stream).format == "BMP"


def test_no_file_before_it_is_whole(tmp_path):
    with pytest.raises(ValueError, match="unknown file extension"):
        utils.save_image(nnlite.zeros(3, 2, 2), tmp_path / "a.nothing")
    with pytest.raises(TypeError, match=r"images\.float\(\) / 255"):
        utils.save_image(nnlite.zeros(3, 2, 2, dtype="uint8"), tmp_path / "a.png")
    with pytest.raises(FileNotFoundError):
        utils.save_image(nnlite.zeros(3, 2, 2), tmp_path / "nowhere" / "a.png")
    assert not list(tmp_path.iterdir())


# Data sets


@pytest.fixture
def folder(tmp_path, rng):
    """cat/{a.png, deeper/b.JPG, notes.txt}, dog/{c.bmp}."""
    for name, size in (("cat/a.png", 4), ("cat/deeper/b.JPG", 5), ("dog/c.bmp", 6)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (size, size), np.uint8)).save(path)
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    return tmp_path


def test_folders_of_images(folder):
    images = datasets.ImageFolder(folder)
    assert images.classes == ["cat", "dog"] and images.class_to_idx == {"cat": 0, "dog": 1}
    paths = [str(folder / name) for name in ("cat/a.png", "cat/deeper/b.JPG", "dog/c.bmp")]
    assert images.samples == images.imgs == list(zip(paths, [0, 0, 1], strict=True)) and images.targets == [0, 0, 1]
    image, target = images[2]
    assert image.mode == "RGB" and image.size == (6, 6) and target == 1 and len(images) == 3
    png = datasets.ImageFolder(folder, is_valid_file=lambda path: path.endswith("png"), allow_empty=True)
    assert [path for path, _ in png.samples] == paths[:1]


def test_folders_of_anything(folder):
    notes = datasets.DatasetFolder(
        folder, lambda path: Path(path).read_text(), (".txt",), str.upper, lambda target: -target, allow_empty=True
    )
    assert notes[0] == ("NO IMAGE", 0) and len(notes) == 1
    with pytest.raises(FileNotFoundError, match=r"no files of class dog; expected are \.txt"):
        datasets.DatasetFolder(folder, open, (".txt",))
    with pytest.raises(FileNotFoundError, match="has no folders"):
        datasets.ImageFolder(folder / "dog")
    with pytest.raises(ValueError, match="either extensions or is_valid_file"):
        datasets.DatasetFolder(folder, open)
    with pytest.raises(ValueError, match="not both"):
        datasets.VisionDataset(folder, transforms=zip, transform=str)


def test_batches_of_a_folder(folder):
    change = transforms.Compose(
        [
            transforms.RandomResizedCrop(4),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize((0.5,) * 3, (0.5,) * 3),
        ]
    )
    loader = DataLoader(datasets.ImageFolder(folder, change), batch_size=3, shuffle=True, num_workers=2)

    def epoch(seed):
        nnlite.manual_seed(seed)
        ((images, targets),) = loader
        return images.numpy(), targets.tolist()

    images, targets = epoch(0)
    assert images.shape == (3, 3, 4, 4) and images.dtype == np.float32 and sorted(targets) == [0, 0, 1]
    assert -1 <= images.min() < images.max() <= 1
    assert np.array_equal(images, epoch(0)[0]) and not np.array_equal(images, epoch(1)[0])


@pytest.fixture
def digits(tmp_path, rng, monkeypatch):
    """A small MNIST as torchvision leaves it, in tmp_path: {train: (images, labels)}."""
    raw, known, arrays = tmp_path / "MNIST" / "raw", {}, {}
    raw.mkdir(parents=True)
    for train, split, n in ((True, "train", 7), (False, "t10k", 3)):
        arrays[train] = rng.integers(0, 256, (n, 28, 28), np.uint8), rng.integers(0, 10, n, np.uint8)
        for part, array in zip(("images-idx3", "labels-idx1"), arrays[train], strict=True):
            head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            data, name = gzip.compress(head + array.tobytes()), f"{split}-{part}-ubyte.gz"
            (raw / name).write_bytes(data)
            known[name] = len(data), hashlib.sha256(data).hexdigest()
    monkeypatch.setattr(datasets.MNIST, "files", known)
    return arrays


@pytest.mark.parametrize("train", [True, False])
def test_mnist(train, digits, tmp_path):
    images, labels = digits[train]
    mnist = datasets.MNIST(tmp_path, train, transforms.ToTensor(), lambda target: target + 1)
    assert len(mnist) == len(images) and mnist.data.dtype == np.uint8 and mnist.targets.dtype == np.int64
    assert np.array_equal(mnist.data.numpy(), images) and np.array_equal(mnist.targets.numpy(), labels)
    for i, (image, target) in enumerate(mnist[i] for i in range(len(mnist))):
        assert np.array_equal(image.numpy(), images[i][None] / np.float32(255)) and target == labels[i] + 1
    image, target = datasets.MNIST(str(tmp_path), train)[1]
    assert image.mode == "L" and np.array_equal(pixels(image), images[1]) and type(target) is int
    batch, targets = next(iter(DataLoader(mnist, 3)))
    assert batch.shape == (3, 1, 28, 28) and targets.dtype == np.int64
    assert mnist.classes[7] == "7 - seven" and mnist.class_to_idx["0 - zero"] == 0


def test_clothes_are_read_as_digits_are(digits, tmp_path, monkeypatch):
    (tmp_path / "MNIST").rename(tmp_path / "FashionMNIST")
    monkeypatch.setattr(datasets.FashionMNIST, "files", datasets.MNIST.files)
    clothes = datasets.FashionMNIST(tmp_path, train=False)
    assert np.array_equal(clothes.data.numpy(), digits[False][0]) and clothes.classes[9] == "Ankle boot"
    clothes.data[0] = 0  # may be written to
    with pytest.raises(nnlite.DataError, match=r"MNIST.raw"):
        datasets.MNIST(tmp_path)


def archive(path, files):
    """A compressed archive of pickles, as CIFAR's are; its size and checksum."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            data = pickle.dumps(content, protocol=2)
            member = tarfile.TarInfo(f"cifar/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()


def put_cifar(cls, folder, files, monkeypatch):
    size, sha256 = archive(folder / cls.archive, files)
    monkeypatch.setattr(cls, "size", size)
    monkeypatch.setattr(cls, "sha256", sha256)


def test_cifar(tmp_path, rng, monkeypatch):
    planes = rng.integers(0, 256, (6, 3072), np.uint8)
    files = {f"data_batch_{i}": {"data": planes[i - 1 : i], "labels": [i]} for i in (3, 1, 2, 5, 4)}
    files |= {"test_batch": {"data": planes[5:], "labels": [9]}, "batches.meta": {"label_names": list("abcdefghij")}}
    put_cifar(datasets.CIFAR10, tmp_path, files, monkeypatch)
    train, test = (datasets.CIFAR10(tmp_path, train, transforms.ToTensor()) for train in (True, False))
    assert train.targets == [1, 2, 3, 4, 5] and test.targets == [9] and train.classes == list("abcdefghij")
    assert train.data.shape == (5, 32, 32, 3) and train.data.dtype == np.uint8 and len(test) == 1
    for dataset, expected in ((train, planes[:5]), (test, planes[5:])):
        for (image, _), levels in zip([dataset[i] for i in range(len(dataset))], expected, strict=True):
            assert np.array_equal(image.numpy(), levels.reshape(3, 32, 32) / np.float32(255))
    image, target = datasets.CIFAR10(tmp_path)[2]
    assert image.mode == "RGB" and image.size == (32, 32) and target == 3
    files = {"train": {"data": planes, "fine_labels": [7] * 6}, "test": {}, "meta": {"fine_label_names": ["apple"]}}
    put_cifar(datasets.CIFAR100, tmp_path, files, monkeypatch)
    hundred = datasets.CIFAR100(tmp_path)
    assert hundred.targets == [7] * 6 and hundred.class_to_idx == {"apple": 0} and len(hundred) == 6


def test_archives_run_nothing_and_are_checked(tmp_path, monkeypatch):
    put_cifar(datasets.CIFAR100, tmp_path, {"train": print, "meta": {}}, monkeypatch)
    with pytest.raises(KeyError, match="print"):
        datasets.CIFAR100(tmp_path)
    monkeypatch.undo()
    with pytest.raises(nnlite.DataError, match=r"cifar-100.* is not the file that was published"):
        datasets.CIFAR100(tmp_path)
    with pytest.raises(nnlite.DataError, match=r"no file .*cifar-10-python.*download=True"):
        datasets.CIFAR10(tmp_path)


def test_mnist_that_is_not_there(tmp_path):
    with pytest.raises(nnlite.DataError, match="download=True"):
        datasets.MNIST(tmp_path)


# What is not covered


@pytest.mark.parametrize(
    ("module", "name", "says"),
    [
        (vision.models, "resnet18", r"torchvision\.models\.resnet18 is not covered; .*models"),
        (datasets, "SVHN", r"datasets\.SVHN is not covered; .*ImageFolder"),
        (transforms, "RandomErasing", "RandomErasing is not covered; .*Compose"),
        (F, "perspective", "perspective is not covered"),
        (utils, "draw_bounding_boxes", "make_grid"),
    ],
)
def test_the_rest_is_refused_by_name(module, name, says):
    with pytest.raises(NotImplementedError, match=says):
        getattr(module, name)
    with pytest.raises(NotImplementedError, match=says):
        exec(f"from {module.__name__} import {name}")
    assert not hasattr(module, "__wrapped__")
