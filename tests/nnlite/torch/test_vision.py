"""torchvision.utils and datasets, against their documented behaviour and a naive loop; what is not covered."""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nnlite
from nnlite.torch import vision
from nnlite.torch.utils.data import DataLoader
from nnlite.torch.vision import datasets, ops, transforms, utils
from nnlite.torch.vision.transforms import functional as F
from tests.nnlite.torch.vision_helpers import pixels, written

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
    with pytest.raises(FileNotFoundError, match=r"nowhere/a\.png'$"):
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
        (ops, "roi_pool", r"torchvision\.ops\.roi_pool is not covered; .*roi_align"),
    ],
)
def test_the_rest_is_refused_by_name(module, name, says):
    with pytest.raises(NotImplementedError, match=says):
        getattr(module, name)
    with pytest.raises(NotImplementedError, match=says):
        exec(f"from {module.__name__} import {name}")
    assert not hasattr(module, "__wrapped__")
