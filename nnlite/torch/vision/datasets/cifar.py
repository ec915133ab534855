"""torchvision.datasets.CIFAR10 and CIFAR100."""

import codecs
import os
import pickle
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from nnlite.data.download import obtain

from .vision import VisionDataset

MIRRORS = ("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/")


class CIFAR10(VisionDataset):
    """60,000 colour photos of 32 x 32 pixels in 10 classes (Krizhevsky 2009): samples are (Pillow image, class).

    data       (N, 32, 32, 3) uint8, an array; targets: [class, ...]; classes: their names

    The archive is in root, as torchvision leaves it, and is fetched with download=True (170 MB). Raises DataError if it
    is missing or not the published one. Unpacked folders are ignored, because only the archive can be checked.
    """

    archive = "cifar-10-python.tar.gz"
    size, sha256 = 170498071, "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
    parts: tuple[Sequence[str], Sequence[str]] = ["test_batch"], [f"data_batch_{i}" for i in range(1, 6)]
    names = "batches.meta", "label_names"
    labels = "labels"

    def __init__(
        self,
        root: str | os.PathLike,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ):
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        path = Path(self.root) / self.archive
        obtain(path, download, MIRRORS, self.size, self.sha256)
        parts, (meta, names) = self.parts[train], self.names
        contents = _contents(path, {*parts, meta})
        planes = np.concatenate([contents[part]["data"] for part in parts]).reshape(-1, 3, 32, 32)
        self.data = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
        self.targets = [label for part in parts for label in contents[part][self.labels]]
        self.classes = list(contents[meta][names])
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        return self.transformed(Image.fromarray(self.data[index]), self.targets[index])

    def __len__(self) -> int:
        return len(self.data)


class CIFAR100(CIFAR10):
    """CIFAR10 with other photos, in 100 classes."""

    archive = "cifar-100-python.tar.gz"
    size, sha256 = 169001437, "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
    parts = ["test"], ["train"]
    names = "meta", "fine_label_names"
    labels = "fine_labels"


class _Arrays(pickle.Unpickler):
    """Reads a pickle of Python 2 that holds arrays, and refuses to call anything but what these need."""

    allowed: ClassVar = {
        "_reconstruct": np.empty(0).__reduce__()[0],
        "ndarray": np.ndarray,
        "dtype": np.dtype,
        "encode": codecs.encode,
    }

    def find_class(self, module: str, name: str) -> Any:
        return self.allowed[name]


def _contents(path, names):
    """name -> the contents of the file of this name in the archive."""
    contents = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if (name := PurePosixPath(member.name).name) in names:
                contents[name] = _Arrays(archive.extractfile(member), encoding="latin1").load()
    return contents
