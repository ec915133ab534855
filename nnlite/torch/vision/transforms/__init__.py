"""torchvision.transforms: changes of images before they enter a network.

containers.py   Compose, Lambda, RandomApply, RandomChoice, RandomOrder
conversions.py  between Pillow images, arrays and tensors; Normalize
geometry.py     sizes, crops, flips, rotations
colour.py       brightness, contrast, saturation, hue, grey images
functional/     the same as functions, without randomness
"""

from ..refusal import refuse
from . import functional
from .colour import ColorJitter, Grayscale, RandomGrayscale
from .containers import Compose, Lambda, RandomApply, RandomChoice, RandomOrder
from .conversions import ConvertImageDtype, Normalize, PILToTensor, ToPILImage, ToTensor
from .functional import InterpolationMode
from .geometry import (
    CenterCrop, Pad, RandomAffine, RandomCrop, RandomHorizontalFlip, RandomResizedCrop, RandomRotation,
    RandomVerticalFlip, Resize,
)  # fmt: skip

__getattr__ = refuse("torchvision.transforms")
