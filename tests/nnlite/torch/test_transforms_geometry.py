"""torchvision.transforms of sizes, places and turns, against Pillow, NumPy and PyTorch."""

import numpy as np
import pytest
from PIL import Image

import nnlite
from nnlite.torch.vision import transforms
from nnlite.torch.vision.transforms import InterpolationMode
from nnlite.torch.vision.transforms import functional as F
from tests.nnlite.torch.vision_helpers import chw, pixels


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


def test_affine_maps(photo):
    square = photo.resize((8, 8))
    x = pixels(square)
    assert np.array_equal(pixels(F.affine(square, 90, (0, 0), 1.0, 0.0)), np.rot90(x, -1)), "clockwise"
    assert np.array_equal(pixels(F.affine(square, 0, (2, -1), 1.0, 0.0)), np.pad(x, ((0, 1), (2, 0), (0, 0)))[1:, :8])
    assert np.array_equal(pixels(F.affine(square, 0, (0, 0), 2.0, 0.0)), x[2:6, 2:6].repeat(2, 0).repeat(2, 1))
    assert np.array_equal(pixels(F.affine(square, 0, (0, 0), 1.0, 0.0, center=(0, 0))), x)
    sheared = pixels(F.affine(square, 0, (0, 0), 1.0, 45.0))
    for row in range(8):  # x' = x - (y - the middle), with pixels' middles half a pixel further
        for column in range(8):
            came_from = column + 0.5 + (row + 0.5 - 4)
            expected = x[row, int(came_from)] if 0 <= came_from < 8 else 0
            assert np.array_equal(sheared[row, column], np.broadcast_to(expected, 3))
    assert pixels(F.affine(square, 0, (9, 0), 1.0, 0.0, fill=5)).max() == 5


def test_maps_with_shear_along_both_axes(photo):
    """The matrix that torchvision documents: turned by a, sheared by x along the rows, by y along the columns."""
    a, x, y, s = 0.3, 0.2, -0.4, 1.3
    middle = np.array([11 / 2, 7 / 2])
    forward = s * np.array(
        [
            [np.cos(a - y) / np.cos(y), -np.cos(a - y) * np.tan(x) / np.cos(y) - np.sin(a)],
            [np.sin(a - y) / np.cos(y), -np.sin(a - y) * np.tan(x) / np.cos(y) + np.cos(a)],
        ]
    )
    back = np.linalg.inv(forward)
    start = middle - back @ np.add(middle, (1, 2))
    rows = [back[0, 0], back[0, 1], start[0], back[1, 0], back[1, 1], start[1]]
    expected = photo.transform(photo.size, Image.Transform.AFFINE, rows, Image.Resampling.BILINEAR)
    degrees = np.degrees([a, x, y])
    ours = F.affine(photo, degrees[0], (1, 2), s, degrees[1:].tolist(), InterpolationMode.BILINEAR)
    assert np.abs(pixels(ours).astype(int) - pixels(expected)).max() <= 1


def test_random_maps(photo):
    square = photo.resize((8, 8))
    moved = transforms.RandomAffine(0, translate=(0.25, 0))
    places = {pixels(F.affine(square, 0, (dx, 0), 1.0, 0.0)).tobytes() for dx in range(-2, 3)}
    assert {pixels(moved(square)).tobytes() for _ in range(100)} == places
    still = transforms.RandomAffine((0, 0), scale=(1, 1), shear=(0, 0, 0, 0))
    assert np.array_equal(pixels(still(photo)), pixels(photo))
    nnlite.manual_seed(5)
    wild = transforms.RandomAffine(30, (0.1, 0.1), (0.8, 1.2), 10)
    a, b = wild(photo).tobytes(), wild(photo).tobytes()
    nnlite.manual_seed(5)
    assert wild(photo).tobytes() == a != b
    for wrong in ({"translate": (2, 0)}, {"scale": (0, 1)}, {"shear": (1, 2, 3)}, {"degrees": -1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            transforms.RandomAffine(**{"degrees": 0, **wrong})
    with pytest.raises(NotImplementedError, match="before ToTensor"):
        wild(nnlite.zeros(3, 4, 4))


def test_random_crops(photo):
    x = chw(photo)
    places = {(t, left): x[:, t : t + 5, left : left + 9].tobytes() for t in range(3) for left in range(3)}
    cut = transforms.RandomCrop((5, 9))
    assert {chw(cut(photo)).tobytes() for _ in range(200)} == set(places.values()), "every place"
    assert cut(F.to_tensor(photo)).shape == (3, 5, 9)
    assert transforms.RandomCrop(9, padding=1)(photo).size == (9, 9)
    assert transforms.RandomCrop(20, pad_if_needed=True)(photo).size == (20, 20)
    with pytest.raises(ValueError, match=r"8 x 8 pixels do not fit into an image of 7 x 11"):
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
