"""torchvision.transforms between images, arrays and tensors, of colours, and of transforms; Pillow is the reference."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance

import nnlite
from nnlite.torch.vision import transforms
from nnlite.torch.vision.transforms import functional as F
from tests.nnlite.torch.vision_helpers import chw, pixels

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
