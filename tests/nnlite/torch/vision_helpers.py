"""What the tests of torchvision's names share."""

import numpy as np
from PIL import Image


def pixels(image):
    return np.asarray(image)


def written(path):
    """The image in a file, closed again."""
    with Image.open(path) as image:
        return image.copy()


def chw(image):
    """A Pillow image as an array (C, H, W)."""
    return np.atleast_3d(pixels(image)).transpose(2, 0, 1)
