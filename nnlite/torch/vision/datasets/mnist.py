"""torchvision.datasets.MNIST and FashionMNIST."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from nnlite import Tensor, from_numpy
from nnlite.data.mnist import FILES, MIRRORS, read_idx

from .vision import VisionDataset


class MNIST(VisionDataset):
    """70,000 handwritten digits (LeCun, Cortes & Burges): samples are (a grey Pillow image of 28 x 28, its digit).

    data       (N, 28, 28) uint8, 0 is paper; targets: (N,) int64

    The files are in root/MNIST/raw, as torchvision leaves them, and are fetched with download=True. Raises DataError
    if they are missing or not the published ones.
    """

    mirrors: ClassVar = MIRRORS
    files: ClassVar = FILES
    classes: ClassVar[list[str]] = [
        f"{digit} - {name}" for digit, name in enumerate("zero one two three four five six seven eight nine".split())
    ]

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
        split = "train" if train else "t10k"
        self.data: Tensor = self._read(f"{split}-images-idx3-ubyte.gz", download)
        self.targets: Tensor = self._read(f"{split}-labels-idx1-ubyte.gz", download).long()

    @property
    def raw_folder(self) -> str:
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.classes)}

    def _read(self, name, download):
        array = read_idx(Path(self.raw_folder) / name, download, self.mirrors, *self.files[name])
        return from_numpy(array.copy())  # np.frombuffer's array is read-only

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        image, target = self.data.numpy()[index], self.targets.numpy()[index]
        return self.transformed(Image.fromarray(image), int(target))

    def __len__(self) -> int:
        return len(self.data)


class FashionMNIST(MNIST):
    """70,000 grey photos of clothes, of MNIST's size and in its files (Xiao, Rasul & Vollgraf 2017)."""

    mirrors: ClassVar = (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    )
    files: ClassVar = {
        "train-images-idx3-ubyte.gz": (26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        "train-labels-idx1-ubyte.gz": (29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        "t10k-images-idx3-ubyte.gz": (4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        "t10k-labels-idx1-ubyte.gz": (5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    }
    classes: ClassVar = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot".split(",")
