"""torchvision.datasets: MNIST, and folders of images."""

from ..refusal import refuse
from .folder import IMG_EXTENSIONS, DatasetFolder, ImageFolder
from .mnist import MNIST
from .vision import VisionDataset

__getattr__ = refuse(
    "torchvision.datasets", "nnlite fetches and checks MNIST only; read your own images with ImageFolder or a Dataset"
)
