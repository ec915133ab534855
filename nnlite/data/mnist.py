"""MNIST: 70,000 handwritten digits (LeCun, Cortes & Burges), in the four files that they were published in."""

import gzip
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .download import obtain

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")

# Bytes and SHA-256 checksum of each file.
FILES = {
    "train-images-idx3-ubyte.gz": (9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    "train-labels-idx1-ubyte.gz": (28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    "t10k-images-idx3-ubyte.gz": (1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    "t10k-labels-idx1-ubyte.gz": (4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
}


def mnist(
    root: str | os.PathLike, train: bool = True, download: bool = False, *, mirrors: Sequence[str] = MIRRORS
) -> tuple[np.ndarray, np.ndarray]:
    """The 60,000 digits for training, or with train=False the 10,000 for testing: (images, labels).

    images (N, 1, 28, 28) float32 in 0..1, 0 is paper and 1 ink; labels (N,) int64 in 0..9. The two files lie in the
    folder `root`; with download=True those that are missing are fetched from the first of `mirrors` that has them
    (11.6 MB in all). Each is checked whenever it is read. Raises DataError for a file that is missing, is not the one
    published, or cannot be downloaded; what is good stays where it is.
    """
    split = "train" if train else "t10k"
    images, labels = (
        read_idx(Path(root) / name, download, mirrors, *FILES[name])
        for name in (f"{split}-images-idx3-ubyte.gz", f"{split}-labels-idx1-ubyte.gz")
    )
    return (images.astype(np.float32) / 255.0)[:, None], labels.astype(np.int64)


def read_idx(path: Path, download: bool, mirrors: Sequence[str], size: int, sha256: str) -> np.ndarray:
    """The array in a file of MNIST's kind, which `obtain` fetches if need be."""
    obtain(path, download, mirrors, size, sha256)
    return _parse(gzip.decompress(path.read_bytes()))


def _parse(data):
    """The array in an IDX file of bytes: 0, 0, 8 for "unsigned bytes", the number of axes, their lengths, values."""
    axes = data[3]
    shape = np.frombuffer(data, ">u4", axes, offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)
