"""Whether processes that read images ahead would pay: `python -m benchmarks.data_workers [--rounds N]`.

Photos of 250 x 250 pixels (JPEG) are read from a folder, scaled to 64, flipped, and given to a DCGAN or to a small
classifier, in batches of 64. Either the training process reads them, or a pool of 1 or 2 processes does, forked and two
batches ahead, which is what DataLoader(num_workers=) stands for in PyTorch. nnlite.torch's DataLoader ignores it, for
the reason that is measured here.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nnlite.nn.functional as F
import numpy as np
from PIL import Image

import nnlite
from models.dcgan import DCGAN
from nnlite import nn, optim
from nnlite.torch.utils.data import DataLoader
from nnlite.torch.vision.datasets import ImageFolder
from nnlite.torch.vision.transforms import Compose, Normalize, RandomHorizontalFlip, Resize, ToTensor

BATCH, BATCHES, AHEAD = 64, 8, 2
Batch = tuple[np.ndarray, np.ndarray]
Step = Callable[[nnlite.Tensor, nnlite.Tensor], Any]

_loader: Any = None  # what a reader reads from: it is forked with it


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data_workers", description="Do readers ahead pay?")
    parser.add_argument("--rounds", type=int, default=5, help="the median of so many is printed (%(default)s)")
    rounds = parser.parse_args().rounds
    nnlite.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        write_photos(Path(folder))
        change = Compose([Resize((64, 64)), RandomHorizontalFlip(), ToTensor(), Normalize((0.5,) * 3, (0.5,) * 3)])
        loader = DataLoader(ImageFolder(folder, change), BATCH, shuffle=True)
        for name, step in (("nothing", lambda *batch: None), ("DCGAN", dcgan()), ("classifier", classifier())):
            ways: dict[str, Callable[[], Iterator[Any]]] = {
                "no readers": lambda: iter(loader),
                "1 reader": lambda: read_ahead(loader, 1),
                "2 readers": lambda: read_ahead(loader, 2),
            }
            seconds: dict[str, list[float]] = {way: [] for way in ways}
            busy = time.process_time()
            epoch(iter(loader), step)  # to warm up
            busy = time.process_time() - busy
            for _ in range(rounds):
                for way, batches in ways.items():
                    seconds[way].append(epoch(batches(), step))
            figures = (f"{way} {1000 * statistics.median(times) / BATCHES:.0f}" for way, times in seconds.items())
            print(f"{name}, ms a batch: {', '.join(figures)}; of all cores {1000 * busy / BATCHES:.0f}")


def epoch(batches: Iterator[Any], step: Step) -> float:
    """Seconds from the first batch asked for to the last step."""
    start = time.perf_counter()
    for images, classes in batches:
        step(nnlite.as_tensor(images), nnlite.as_tensor(classes))
    return time.perf_counter() - start


def read_ahead(loader: DataLoader, readers: int) -> Iterator[Batch]:
    """The batches of a loader, read by a pool of forked processes. Starting it is part of an epoch, as in PyTorch."""
    global _loader
    _loader = loader
    with multiprocessing.get_context("fork").Pool(readers) as pool:
        coming: deque[Any] = deque()
        for indices in loader.batch_sampler:
            coming.append(pool.apply_async(read, (indices,)))
            if len(coming) > AHEAD * readers:
                yield coming.popleft().get()
        while coming:
            yield coming.popleft().get()


def read(indices: list[int]) -> Batch:
    """A batch as arrays, in a reader."""
    images, classes = _loader.collate_fn([_loader.dataset[i] for i in indices])
    return images.numpy(), classes.numpy()


def dcgan() -> Step:
    model = DCGAN(size=64, channels=3, width=32)
    return lambda images, classes: model.train_step(images)


def classifier() -> Step:
    network = nn.Sequential(
        nn.Conv2d(3, 16, 5, 2, 2), nn.ReLU(), nn.Conv2d(16, 32, 5, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(8192, 2)
    )
    optimizer = optim.Adam(network.parameters())

    def step(images: nnlite.Tensor, classes: nnlite.Tensor) -> None:
        optimizer.zero_grad()
        F.cross_entropy(network(images), classes).backward()
        optimizer.step()

    return step


def write_photos(folder: Path) -> None:
    """Smooth noise with the size, in bytes and pixels, of photos of faces."""
    rng = np.random.default_rng(0)
    for i in range(BATCH * BATCHES):
        (folder / str(i % 2)).mkdir(exist_ok=True)
        coarse = Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8))
        coarse.resize((250, 250), Image.Resampling.BICUBIC).save(folder / str(i % 2) / f"{i}.jpg", quality=90)


if __name__ == "__main__":
    main()
