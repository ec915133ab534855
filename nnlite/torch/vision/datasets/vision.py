"""What all data sets of images share."""

import os
from collections.abc import Callable
from typing import Any

from nnlite.torch.utils.data import Dataset


class VisionDataset(Dataset):
    """A root folder, and the transforms of images and classes: one for both, or one for each."""

    def __init__(
        self,
        root: str | os.PathLike,
        transforms: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ):
        if transforms is not None and (transform is not None or target_transform is not None):
            raise ValueError(f"{type(self).__name__}: pass transforms, or transform and target_transform, not both")
        self.root = os.path.expanduser(root)
        self.transforms, self.transform, self.target_transform = transforms, transform, target_transform

    def transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        """A sample, after its transforms."""
        if self.transforms is not None:
            return self.transforms(image, target)
        image = image if self.transform is None else self.transform(image)
        return image, target if self.target_transform is None else self.target_transform(target)

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} defines no __len__")
