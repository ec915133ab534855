"""torchvision.datasets: MNIST and FashionMNIST, CIFAR10 and CIFAR100, and folders of images."""

from ..refusal import refuse
from .cifar import CIFAR10, CIFAR100
from .folder import IMG_EXTENSIONS, DatasetFolder, ImageFolder
from .mnist import MNIST, FashionMNIST
from .vision import VisionDataset

__getattr__ = refuse("torchvision.datasets")
