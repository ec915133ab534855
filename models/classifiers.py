"""Classifiers: which of several classes does an image show? How to train one, and LeNet-5 (LeCun et al. 1998).

Later networks have a file each: alexnet.py, vgg.py, googlenet.py, resnet.py, densenet.py. To tell other classes apart,
replace the last layer, `output`.

    layer     maps   size    kernel  stride
    input        1   32x32
    C1           6   28x28   5x5     1       convolution, tanh
    S2           6   14x14   2x2     2       average pooling
    C3          16   10x10   5x5     1       convolution, tanh
    S4          16   5x5     2x2     2       average pooling
    C5         120   1x1     5x5     1       convolution, tanh
    F6          84                           linear, tanh
    output      10                           linear, softmax

Simplified as in most courses: each map of C3 sees all six of S2, pooling has no weights, and the output is a softmax,
where the paper measures distances to drawings of the digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import nnlite
from models.trainable import Trainable
from nnlite import ShapeError, Tensor, nn, optim
from nnlite.nn import functional as F


class ClassifierNetwork(nn.Module):
    """What all share: `layers` turn images into features, and a linear layer `output` turns features into logits."""

    layers: nn.Sequential
    output: nn.Linear

    def forward(self, images: Tensor) -> Tensor:
        return self.output(self.features(images))

    def features(self, images: Tensor) -> Tensor:
        """The input of the last layer, (N, number of features)."""
        return self.layers(images)


class LeNet5(ClassifierNetwork):
    """Digits in 0..1, (N, 1, 32, 32), or (N, 1, 28, 28), which get a margin of two pixels -> logits (N, 10).

    0 is paper and 1 is ink. Inside they become -0.1 and 1.175 as in the paper: about mean 0 and variance 1 over a
    digit. Raises ShapeError for images of other sizes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 6, 5),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Conv2d(16, 120, 5),
            nn.Tanh(),
            nn.Flatten(),
            nn.Linear(120, 84),
            nn.Tanh(),
        )
        self.output = nn.Linear(84, 10)

    def features(self, images: Tensor) -> Tensor:
        """The output of F6, in -1..1: (N, 84)."""
        if images.ndim != 4 or images.shape[1:] not in ((1, 28, 28), (1, 32, 32)):
            raise ShapeError(f"LeNet5: expected images (N, 1, 28, 28) or (N, 1, 32, 32), got {images.shape}")
        margin = (32 - images.shape[-1]) // 2
        return self.layers(self.normalise(F.pad(images, [margin] * 4)))

    @staticmethod
    def normalise(images: Tensor) -> Tensor:
        """0..1 -> -0.1..1.175."""
        return images * 1.275 - 0.1


class Classifier(Trainable):
    """A network from images to logits (N, classes), trained with Adam.

    The loss is the cross entropy -mean(log softmax(logits)[label]).
    """

    def __init__(self, network: nn.Module, lr: float = 1e-3):
        self.network = network
        self.optimizer = optim.Adam(network.parameters(), lr)

    def train_step(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """One step on images and classes (N,) int64; the loss and the share of correct answers, as 0-d Tensors."""
        self.optimizer.zero_grad()
        logits = self.network(images)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        self.optimizer.step()
        right = (logits.detach().argmax(1) == labels).float().mean()
        return {"loss": loss.detach(), "accuracy": right}

    def predict(self, images: Tensor) -> Tensor:
        """The probability of each class, (N, classes), in eval mode and without gradients."""
        with eval_mode(self.network):
            return F.softmax(self.network(images), 1)

    def components(self) -> dict[str, Any]:
        return {"network": self.network, "optimizer": self.optimizer}


@contextmanager
def eval_mode(network: nn.Module) -> Iterator[None]:
    """Inside the block: eval mode and no gradients. Afterwards each module is back in the mode it was in."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with nnlite.no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


def multiply_adds(network: nn.Module, shape: tuple[int, ...]) -> int:
    """Multiplications in convolutions and linear layers for one input of this shape; there are as many additions.

    A linear layer has one for each weight, a convolution one for each weight and each pixel of its output.
    """
    counts: list[int] = []

    def count(layer: nn.Module, inputs: tuple, output: Tensor) -> None:
        if isinstance(layer, nn.Conv2d):
            counts.append(layer.weight.numel() * output.shape[2] * output.shape[3])
        elif isinstance(layer, nn.Linear):
            counts.append(layer.weight.numel())

    hooks = [layer.register_forward_hook(count) for layer in network.modules()]
    with eval_mode(network):
        network(nnlite.zeros((1, *shape), device=next(network.parameters()).device))
    for hook in hooks:
        hook.remove()
    return sum(counts)
