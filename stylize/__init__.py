"""Photographs to cartoons with OpenCV, and paired datasets of the two. Knows nothing of nnlite.

One photo:

    from stylize import read_image, stylize, write_image
    write_image("cartoon.png", stylize(read_image("photo.jpg"), "toon"))
"""

from . import classic as _classic  # importing a style registers it
from . import toon as _toon
from .dataset import Summary, build_dataset
from .images import ImageError, find_images, read_image, read_image_and_alpha, resize_short_side, write_image
from .manifest import DatasetError, load_pairs, read_manifest
from .registry import default_scale, register, style_parameters, styles, stylize

__all__ = [
    "DatasetError",
    "ImageError",
    "Summary",
    "build_dataset",
    "default_scale",
    "find_images",
    "load_pairs",
    "read_image",
    "read_image_and_alpha",
    "read_manifest",
    "register",
    "resize_short_side",
    "style_parameters",
    "styles",
    "stylize",
    "write_image",
]
