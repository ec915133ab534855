"""torchvision.transforms: images changed on their way into a network.

containers.py   Compose, Lambda, RandomApply, RandomChoice, RandomOrder
conversions.py  between Pillow images, arrays and tensors; Normalize
geometry.py     sizes, places, turns
colour.py       brightness, contrast, saturation, hue, greys
functional/     the same without chance, as functions
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
