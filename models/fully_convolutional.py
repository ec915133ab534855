"""A classifier of small images, slid over a large one in a single pass (Long, Shelhamer & Darrell 2015).

A linear layer on maps of h x w has a weight for each of their numbers, just like a convolution whose kernel is as large
as the maps; a linear layer on a vector is a convolution with a kernel of 1x1. Written this way, the classifier takes an
image of any size and answers for every window at once. Neighbouring windows share most of their convolutions, which are
computed only once.
"""

from __future__ import annotations

from collections.abc import Iterable

import nnlite
from models.classifiers import LeNet5
from nnlite import Tensor, nn


def fully_convolutional(layers: Iterable[nn.Module], window: tuple[int, int, int]) -> nn.Sequential:
    """The layers of a classifier of images (C, H, W) = `window`, in order, with linear layers turned into convolutions.

    The result maps (N, C, H', W') to (N, classes, h, w): at (i, j) is the classifier's answer for the window whose
    upper left pixel is (s i, s j), where s is the product of all strides. Layers other than linear ones are not copied.
    The layers must be in float32 on the CPU; the result can be moved.

    Raises ValueError for a layer that pads: around a single window it adds zeros, where the large image has pixels.
    """
    convolutional = nn.Sequential()
    x = nnlite.zeros((1, *window))
    with nnlite.no_grad():
        for layer in layers:
            if isinstance(layer, nn.Flatten):
                continue
            if getattr(layer, "padding", 0) not in (0, (0, 0), "valid"):
                raise ValueError(f"fully_convolutional: {layer} pads, so a window alone would get a different answer")
            convolutional.append(as_convolution(layer, x.shape[1:]) if isinstance(layer, nn.Linear) else layer)
            x = convolutional[-1](x)
    return convolutional


def as_convolution(linear: nn.Linear, shape: tuple[int, ...]) -> nn.Conv2d:
    """The convolution that equals the linear layer applied to flattened maps (C, h, w) = `shape`."""
    channels, height, width = shape
    conv = nn.Conv2d(channels, linear.out_features, (height, width), bias=linear.bias is not None)
    state = linear.state_dict()
    conv.load_state_dict(state | {"weight": state["weight"].reshape(conv.weight.shape)})
    return conv.requires_grad_(linear.weight.requires_grad)


class SlidingLeNet5(nn.Module):
    """Images (N, 1, H, W) in 0..1, 32 pixels a side or more -> logits (N, 10, (H - 32) // 4 + 1, (W - 32) // 4 + 1).

    At (i, j) is the answer of `lenet` for the 32x32 window whose upper left pixel is (4 i, 4 j).
    """

    WINDOW, STRIDE = 32, 4

    def __init__(self, lenet: LeNet5):
        super().__init__()
        self.layers = fully_convolutional([*lenet.layers, lenet.output], (1, self.WINDOW, self.WINDOW))

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(LeNet5.normalise(images))
