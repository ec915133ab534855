"""torchvision.transforms.functional: changes of one image, Pillow's or a tensor (..., C, H, W).

conversions.py  to_tensor, to_pil_image, normalize, ...
geometry.py     resize, crop, pad, flips, rotate
colour.py       adjust_brightness, adjust_contrast, ...
"""

from ...refusal import refuse
from .colour import (
    adjust_brightness, adjust_contrast, adjust_hue, adjust_saturation, rgb_to_grayscale, to_grayscale,
)  # fmt: skip
from .conversions import convert_image_dtype, normalize, pil_to_tensor, to_pil_image, to_tensor
from .geometry import (
    InterpolationMode, affine, center_crop, crop, get_image_size, hflip, pad, resize, resized_crop, rotate, vflip,
)  # fmt: skip

__getattr__ = refuse("torchvision.transforms.functional")
