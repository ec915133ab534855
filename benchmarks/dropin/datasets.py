"""Stand-ins for data, the same in both runs: small random images, from seeds that follow from their names.

torchvision's datasets have torchvision's shapes and types, and so few samples that an epoch is short. A missing folder
appears to be full of images, and a missing image can be opened. Nothing is downloaded or read from disk.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from zlib import crc32

import numpy as np

COUNT = 512  # samples in a dataset
FILES = 24  # images in a folder that does not exist
SIDE = 96  # pixels of such an image, each way


def numbers(*name: Any) -> np.random.Generator:
    """The random generator that belongs to a name."""
    return np.random.default_rng(crc32(repr(name).encode()))


def picture(*name: Any, shape: tuple[int, ...]) -> np.ndarray:
    """An image of bytes: noise, smooth enough that a resized image is not grey."""
    height, width, *channels = shape
    coarse = numbers(*name).integers(0, 256, (-(-height // 8), -(-width // 8), *channels), np.uint8)
    return coarse.repeat(8, 0).repeat(8, 1)[:height, :width]


class Images:
    """A dataset of torchvision: `transform`ed PIL images with whole numbers as labels."""

    shape: tuple[int, ...] = (32, 32, 3)
    classes: Sequence[str] = "0123456789"
    as_tensor = False  # whether .data and .targets are tensors, as MNIST's are, or an array and a list, as CIFAR's

    def __init__(self, root=None, *arguments, train=True, transform=None, target_transform=None, **options):
        if arguments and isinstance(arguments[0], bool):
            train, *arguments = arguments
        elif arguments and isinstance(arguments[0], str):  # STL10's split
            train, *arguments = arguments[0] == "train", *arguments[1:]
        transform, target_transform = (*arguments[:2], *(transform, target_transform)[len(arguments[:2]) :])
        self.classes = list(self.classes)
        self.root, self.train, self.transform, self.target_transform = root, train, transform, target_transform
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        images = np.stack([picture(type(self).__name__, train, i, shape=self.shape) for i in range(COUNT)])
        labels = numbers(type(self).__name__, train).integers(0, len(self.classes), COUNT)
        if self.as_tensor:
            torch = sys.modules["torch"]
            self.data, self.targets = torch.from_numpy(images), torch.from_numpy(labels)
        else:
            self.data, self.targets = images, labels.tolist()
        self.samples = self.imgs = [(f"{i}.png", int(label)) for i, label in enumerate(labels)]

    train_data = test_data = property(lambda self: self.data)
    train_labels = test_labels = labels = property(lambda self: self.targets)

    def __len__(self):
        return COUNT

    def __getitem__(self, index):
        from PIL import Image

        image, label = Image.fromarray(np.asarray(self.data[int(index)])), int(self.targets[int(index)])
        if self.transform:
            image = self.transform(image)
        return image, self.target_transform(label) if self.target_transform else label


class MNIST(Images):
    shape, as_tensor = (28, 28), True


class FashionMNIST(MNIST):
    pass


class KMNIST(MNIST):
    pass


class QMNIST(MNIST):
    pass


class EMNIST(MNIST):
    def __init__(self, root, split="balanced", **options):
        super().__init__(root, **options)


class USPS(Images):
    shape = (16, 16)


class CIFAR10(Images):
    pass


class CIFAR100(Images):
    classes = tuple(map(str, range(100)))


class SVHN(Images):
    pass


class STL10(Images):
    shape = (96, 96, 3)


class ImageFolder(Images):
    shape, classes = (SIDE, SIDE, 3), ("first", "second")

    def __init__(self, root, transform=None, target_transform=None, **options):
        super().__init__(root, transform=transform, target_transform=target_transform)


class LSUN(ImageFolder):
    def __init__(self, root, classes="train", transform=None, target_transform=None):
        super().__init__(root, transform, target_transform)


class CelebA(ImageFolder):
    shape = (218, 178, 3)


class FakeData(Images):
    def __init__(self, size=1000, image_size=(3, 224, 224), num_classes=10, transform=None, target_transform=None):
        self.shape, self.classes = (*image_size[1:], image_size[0]), tuple(map(str, range(num_classes)))
        super().__init__(transform=transform, target_transform=target_transform)


def as_module(name: str) -> ModuleType:
    """The module torchvision.datasets."""
    module = ModuleType(name, __doc__)
    for kind in _kinds(Images):
        setattr(module, kind.__name__, kind)
    return module


def _kinds(kind):
    yield from (found for sub in kind.__subclasses__() for found in (sub, *_kinds(sub)))


def invent_files() -> None:
    """Make missing folders look full of images, and make missing images and tables readable."""
    from PIL import Image

    opened, globbed, listed, loaded = Image.open, glob.glob, os.listdir, np.loadtxt

    def open_image(name, *arguments, **options):
        if isinstance(name, (str, Path)) and not os.path.exists(name):
            return Image.fromarray(picture(os.path.basename(name), shape=(SIDE, SIDE, 3)))
        return opened(name, *arguments, **options)

    def names(pattern):
        made = (f"{i:03}.{end}" for end in ("jpg", "png") for i in range(FILES))
        return fnmatch.filter(made, pattern)[:FILES]

    def glob_files(pattern, *arguments, **options):
        found = globbed(pattern, *arguments, **options)
        folder, last = os.path.split(str(pattern))
        return found or [os.path.join(folder, name) for name in names(last)]

    def list_folder(folder="."):
        return listed(folder) if isinstance(folder, int) or os.path.exists(folder) else names("*")

    def load_table(name, *arguments, **options):
        if isinstance(name, (str, Path)) and not os.path.exists(name):
            table = numbers(os.path.basename(name)).random((64, 9))
            table[:, -1] = table[:, -1] > 0.5  # the last column is what is to be predicted
            return table.astype(options.get("dtype") or float)
        return loaded(name, *arguments, **options)

    Image.open, glob.glob, os.listdir, np.loadtxt = open_image, glob_files, list_folder, load_table
