"""VGG: convolutions of 3x3 only, in blocks, each block at half the resolution of the one before.

Simonyan & Zisserman 2015. Two 3x3 convolutions see 5x5 pixels and three see 7x7, with fewer weights than one large
convolution and with a rectifier after each. Channels double from block to block as the resolution halves.

    block        1    2    3    4    5
    channels    64  128  256  512  512
    VGG-11       1    1    2    2    2   convolutions
    VGG-16       2    2    3    3    3
    VGG-19       2    2    4    4    4
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from os import PathLike

import numpy as np

import nnlite
from models.classifiers import ClassifierNetwork
from models.init import init_he
from models.weights import load_weights
from nnlite import CheckpointError, ShapeError, Tensor, nn

VGG19 = (2, 2, 4, 4, 4)  # convolutions in each block
WIDTHS = (64, 128, 256, 512, 512)

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's pixels in 0..1: PyTorch's weights expect these


def block(before: int, after: int, convolutions: int, padding_mode: str = "zeros") -> list[nn.Module]:
    """`convolutions` 3x3 convolutions that keep the resolution, each followed by ReLU."""
    layers: list[nn.Module] = []
    for channels in (before, *[after] * (convolutions - 1)):
        layers += [nn.Conv2d(channels, after, 3, padding=1, padding_mode=padding_mode), nn.ReLU()]
    return layers


class VGG(ClassifierNetwork):
    """A small classifier: images (N, channels, H, W) in 0..1, 8 pixels a side or more -> logits (N, classes).

    convolutions   number of convolutions in each block
    widths         channels of each block, an eighth of the paper's

    Blocks end with pooling. Two linear layers follow; the paper has three, with 4096 units. They expect 3x3 maps, which
    is what remains of 28x28 pixels; maps of other sizes are averaged down or up to it. The features are the rectified
    units of the first linear layer, (N, 128).
    """

    def __init__(
        self,
        convolutions: Sequence[int] = (2, 2, 2),
        widths: Sequence[int] = (8, 16, 32),
        channels: int = 1,
        classes: int = 10,
    ):
        super().__init__()
        self.layers = nn.Sequential()
        for before, after, count in zip((channels, *widths), widths, convolutions, strict=False):
            self.layers.extend([*block(before, after, count), nn.MaxPool2d(2)])
        self.layers.extend([nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(9 * widths[-1], 128), nn.ReLU()])
        self.layers.append(nn.Dropout(0.5))
        self.output = nn.Linear(128, classes)
        init_he(self)


class VGGFeatures(nn.Module):
    """The convolutions of a VGG: images (N, 3, H, W) in [-1, 1] -> the rectified output of each convolution.

    convolutions   number of convolutions in each block; the last block may be cut short
    widths         channels of each block
    average        average pooling, which Gatys et al. 2016 found better for making pictures, instead of max pooling
    padding_mode   as for nn.Conv2d

    A convolution is called conv{block}_{number}, both counted from 1, as in the papers. The state_dict has PyTorch's
    names: features.0.weight, features.0.bias, features.2.weight, ...; rectifiers and pooling layers count too.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        convolutions: Sequence[int] = VGG19,
        widths: Sequence[int] = WIDTHS,
        average: bool = True,
        padding_mode: str = "zeros",
    ):
        super().__init__()
        self.features = nn.Sequential()
        self.place: dict[str, int] = {}  # index in `features` of the rectifier after each convolution
        before = (3, *widths)
        for number, count in enumerate(convolutions):
            if number:
                self.features.append(nn.AvgPool2d(2) if average else nn.MaxPool2d(2))
            first = len(self.features) + 1
            self.place |= {f"conv{number + 1}_{i + 1}": first + 2 * i for i in range(count)}
            self.features.extend(block(before[number], widths[number], count, padding_mode))
        self.smallest = 2 ** (len(convolutions) - 1)
        self.register_buffer("mean", nnlite.tensor(MEAN).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", nnlite.tensor(STD).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """The features with these names, each (N, C, H', W'); deeper layers are not computed.

        Raises ValueError for an unknown name, ShapeError unless the images are large enough for all pooling layers.
        """
        unknown = [name for name in wanted if name not in self.place]
        if unknown:
            raise ValueError(f"VGGFeatures has no {', '.join(unknown)}; it has {', '.join(self.place)}")
        if images.ndim != 4 or images.shape[1] != 3 or min(images.shape[2:]) < self.smallest:
            least = f"{self.smallest}x{self.smallest} pixels or more"
            raise ShapeError(f"VGGFeatures: expected images (N, 3, H, W), {least}, got {images.shape}")
        names = {self.place[name]: name for name in wanted}
        found = {}
        x = self.normalise(images)
        for place, layer in enumerate(self.features[: max(names) + 1]):
            x = layer(x)
            if place in names:
                found[names[place]] = x
        return found

    def normalise(self, images: Tensor) -> Tensor:
        """From [-1, 1] to about mean 0 and variance 1, by ImageNet's mean and standard deviation of each colour."""
        return ((images + 1.0) * 0.5 - self.mean) / self.std


def load_vgg19(path: str | PathLike) -> VGGFeatures:
    """VGG-19 up to conv5_1 with published weights: a safetensors file with PyTorch's names and shapes.

    Deeper layers in the file are ignored. Raises CheckpointError if the file is damaged or holds other weights.
    """
    network = VGGFeatures((*VGG19[:-1], 1))
    own, given = network.state_dict(), nnlite.load(path)
    wrong = [name for name, weight in own.items() if getattr(given.get(name), "shape", None) != weight.shape]
    if wrong:
        found = f"{np.shape(given[wrong[0]])} instead" if wrong[0] in given else "none of that name"
        raise CheckpointError(
            f"{path} is not a VGG-19 with PyTorch's names: expected {wrong[0]} of shape {own[wrong[0]].shape}, found "
            f"{found} ({len(wrong)} of {len(own)} do not fit); save the state_dict of vgg19 (without batch norm)"
        )
    load_weights(network, {name: given[name] for name in own}, path)
    return network.eval().requires_grad_(False)
