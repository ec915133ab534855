"""Photographs and drawn pictures for the tests."""

from pathlib import Path

import numpy as np
from PIL import Image

REPOSITORY = Path(__file__).parents[2]
PHOTOS = REPOSITORY / "demos" / "assets" / "photos"


def blocks(seed=0, height=48, width=64):
    """A picture of large coloured blocks, different for each seed: it survives JPEG, and no two look alike."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    return coarse.repeat(8, axis=0).repeat(8, axis=1)


def four_corners(height=40, width=60):
    """Red, green, blue and white quarters: every orientation of it looks different."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = (255, 0, 0)
    picture[: height // 2, width // 2 :] = (0, 255, 0)
    picture[height // 2 :, : width // 2] = (0, 0, 255)
    picture[height // 2 :, width // 2 :] = 255
    return picture


def save(path, picture, **options):
    """Write with Pillow, which the code under test does not use."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(path, **options)
    return path


def pixels(path):
    """RGB, as Pillow reads it."""
    return np.asarray(Image.open(path).convert("RGB"))


def save_blocks(folder, count, first=0, **size):
    """`count` pictures, 0.png, 1.png, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        save(folder / f"{seed}.png", blocks(seed, **size))
    return folder


def contents(folder):
    """Every file under a folder, name -> bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# A program's last lines: the most memory it had, in bytes. Linux counts its parent's memory in getrusage as well.
PRINT_PEAK = """
import resource, sys
try:
    with open("/proc/self/status") as file:
        print(1024 * next(int(line.split()[1]) for line in file if line.startswith("VmHWM")))
except OSError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""
