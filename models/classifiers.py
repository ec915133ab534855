"""Classifiers: which of several classes is an image of? LeNet-5 (LeCun, Bottou, Bengio & Haffner 1998).

    layer     maps   size    kernel  stride
    input        1   32x32
    C1           6   28x28   5x5     1       convolution, tanh
    S2           6   14x14   2x2     2       average pooling
    C3          16   10x10   5x5     1       convolution, tanh
    S4          16   5x5     2x2     2       average pooling
    C5         120   1x1     5x5     1       convolution, tanh
    F6          84                           linear, tanh
    output      10                           linear, softmax

As teaching material has it: each map of C3 sees all six of S2, pooling has no weights, and the output is a softmax
where the paper measures distances to drawings of the digits.
"""

from __future__ import annotations

import nnlite
from nnlite import CheckpointError, ShapeError, Tensor, nn, optim
from nnlite.nn import functional as F


class LeNet5(nn.Module):
    """Digits (N, 1, 32, 32), or (N, 1, 28, 28) which get a margin of two pixels, in 0..1 -> logits (N, 10).

    0 is paper and 1 is ink. Inside they become -0.1 and 1.175 as in the paper: about mean 0 and variance 1 over a
    digit. Raises ShapeError for images of other sizes.
    """

    def __init__(self) -> None:
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

    def forward(self, images: Tensor) -> Tensor:
        return self.output(self.features(images))

    def features(self, images: Tensor) -> Tensor:
        """The 84 numbers of F6, in -1..1, that the classes are told apart by: (N, 84)."""
        if images.ndim != 4 or images.shape[1:] not in ((1, 28, 28), (1, 32, 32)):
            raise ShapeError(f"LeNet5: expected images (N, 1, 28, 28) or (N, 1, 32, 32), got {images.shape}")
        margin = (32 - images.shape[-1]) // 2
        return self.layers(F.pad(images, [margin] * 4) * 1.275 - 0.1)


class Classifier:
    """A network from images to logits (N, classes), trained by Adam to put all probability on the right class.

    The loss is the cross entropy -mean(log softmax(logits)[label]).
    """

    def __init__(self, network: nn.Module, lr: float = 1e-3):
        self.network = network
        self.optimizer = optim.Adam(network.parameters(), lr)

    def train_step(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """One step on images and their classes (N,) int64; the loss and the share of right answers, as 0-d Tensors."""
        self.optimizer.zero_grad()
        logits = self.network(images)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        self.optimizer.step()
        right = (logits.detach().argmax(1) == labels).float().mean()
        return {"loss": loss.detach(), "accuracy": right}

    def predict(self, images: Tensor) -> Tensor:
        """The probability of each class, (N, classes), without gradients."""
        with nnlite.no_grad():
            return F.softmax(self.network(images), 1)

    def to(self, device: str) -> Classifier:
        """Move the network to 'cpu' or 'gpu'; call it before the first step."""
        self.network.to(device)
        return self

    def state_dict(self) -> dict[str, dict]:
        """Everything that a training needs to go on."""
        return {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, dict]) -> None:
        """Take over what `state_dict` gave. Raises CheckpointError or ValueError for another network's."""
        missing = [name for name in ("network", "optimizer") if name not in state]
        if missing:
            raise CheckpointError(f"this state has no {', '.join(missing)}; it is not that of a Classifier training")
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
