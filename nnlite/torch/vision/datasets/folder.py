"""Folders of files, one folder for each class."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from .vision import VisionDataset

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def pil_loader(path: str) -> Image.Image:
    """The image of a file, in RGB."""
    with Image.open(path) as image:
        return image.convert("RGB")


def find_classes(directory: str | os.PathLike) -> tuple[list[str], dict[str, int]]:
    """The names of the folders in a folder, sorted, and the number of each. FileNotFoundError if there are none."""
    classes = sorted(entry.name for entry in Path(directory).iterdir() if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"{directory} has no folders; put the files of each class in a folder of its name")
    return classes, {name: i for i, name in enumerate(classes)}


def make_dataset(
    directory: str | os.PathLike,
    class_to_idx: dict[str, int] | None = None,
    extensions: str | Sequence[str] | None = None,
    is_valid_file: Callable[[str], bool] | None = None,
    allow_empty: bool = False,
) -> list[tuple[str, int]]:
    """(path, number of its class) of every file at any depth below a class's folder, sorted.

    A file counts if it has one of the extensions, or is_valid_file(path) says so. Raises ValueError unless one of the
    two is given, FileNotFoundError for a class without files unless allow_empty.
    """
    if (extensions is None) == (is_valid_file is None):
        raise ValueError("make_dataset: pass either extensions or is_valid_file")
    endings = (extensions,) if isinstance(extensions, str) else tuple(extensions or ())
    valid = is_valid_file or (lambda path: path.lower().endswith(endings))
    class_to_idx = find_classes(directory)[1] if class_to_idx is None else class_to_idx
    samples = []
    for name in sorted(class_to_idx):
        folder = os.path.join(os.path.expanduser(directory), name)
        for place, _, files in sorted(os.walk(folder, followlinks=True)):
            paths = [os.path.join(place, file) for file in sorted(files)]
            samples += [(path, class_to_idx[name]) for path in paths if valid(path)]
    empty = set(class_to_idx.values()) - {index for _, index in samples}
    if empty and not allow_empty:
        names = sorted(name for name, index in class_to_idx.items() if index in empty)
        hint = f"; expected are {', '.join(endings)}" if endings else ""
        raise FileNotFoundError(f"{directory}: no files of class {', '.join(names)}{hint}")
    return samples


class DatasetFolder(VisionDataset):
    """Samples (loader(path), class) of the files root/CLASS/.../NAME, classes numbered in the order of their names.

    samples     [(path, class), ...];  targets: [class, ...];  classes: their names;  class_to_idx: name -> class
    """

    def __init__(
        self,
        root: str | os.PathLike,
        loader: Callable[[str], Any],
        extensions: Sequence[str] | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ):
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.classes, self.class_to_idx = self.find_classes(self.root)
        self.samples = make_dataset(self.root, self.class_to_idx, extensions, is_valid_file, allow_empty)
        self.targets = [target for _, target in self.samples]
        self.loader, self.extensions = loader, extensions

    def find_classes(self, directory: str) -> tuple[list[str], dict[str, int]]:
        """The classes; override it to choose others."""
        return find_classes(directory)

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self.transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """DatasetFolder of images: samples are (Pillow image in RGB, class)."""

    def __init__(
        self,
        root: str | os.PathLike,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        loader: Callable[[str], Any] = pil_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ):
        extensions = IMG_EXTENSIONS if is_valid_file is None else None
        super().__init__(root, loader, extensions, transform, target_transform, is_valid_file, allow_empty)
        self.imgs = self.samples
