"""What tutorials take from torchvision: `import nnlite.torch.vision as torchvision`.

datasets/      MNIST, FashionMNIST, CIFAR10, CIFAR100, ImageFolder
transforms/    changes of images before they enter a network
ops.py         boxes: how much they overlap, which to keep, what is in them
utils.py       make_grid, save_image
models.py      refused: the folder models/ has networks to read

Images are Pillow's, or tensors (C, H, W). What torchvision has and this does not is refused by name.
"""

from . import datasets, models, ops, transforms, utils
