"""torchvision.datasets.MNIST, over nnlite.data.mnist."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from nnlite import Tensor, from_numpy
from nnlite.data import mnist

from .vision import VisionDataset

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class MNIST(VisionDataset):
    """70,000 handwritten digits (LeCun, Cortes & Burges): samples are (a grey Pillow image of 28 x 28, its digit).

    data       (N, 28, 28) uint8, 0 is paper; targets: (N,) int64

    The files are in root/MNIST/raw, as torchvision leaves them, and are fetched with download=True. Raises DataError
    if they are missing or not the published ones.
    """

    classes = [f"{digit} - {name}" for digit, name in enumerate(NAMES)]  # noqa: RUF012

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
        images, labels = mnist(self.raw_folder, train, download)
        self.data: Tensor = from_numpy(np.rint(images[:, 0] * 255.0).astype(np.uint8))
        self.targets: Tensor = from_numpy(labels)

    @property
    def raw_folder(self) -> str:
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.classes)}

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        image, target = self.data.numpy()[index], self.targets.numpy()[index]
        return self.transformed(Image.fromarray(image), int(target))

    def __len__(self) -> int:
        return len(self.data)
