"""Everything that `from stylize import ...` offers, in one list."""

from .check import check_dataset
from .dataset import Summary, build_dataset
from .files import FileError
from .folders import find_images
from .images import ImageError, Picture, read_image, read_picture, resize_short_side, write_image
from .manifest import DatasetError, load_pairs, read_manifest
from .parameters import Parameters, ranged
from .registry import default_scale, describe_style, parse_parameters, register, style_parameters, styles, stylize
from .video import DrawnVideo, draw_video
from .video_files import VideoError

__all__ = [
    "DatasetError",
    "DrawnVideo",
    "FileError",
    "ImageError",
    "Parameters",
    "Picture",
    "Summary",
    "VideoError",
    "build_dataset",
    "check_dataset",
    "default_scale",
    "describe_style",
    "draw_video",
    "find_images",
    "load_pairs",
    "parse_parameters",
    "ranged",
    "read_image",
    "read_manifest",
    "read_picture",
    "register",
    "resize_short_side",
    "style_parameters",
    "styles",
    "stylize",
    "write_image",
]
