"""Segmentation: which pixels belong to the object? A U-Net answers for each (Ronneberger, Fischer & Brox 2015).

A classifier discards where something is, level by level; on its way up, a U-Net gets that back through the skips.
Except for its last layer, the network is the one that draws cartoons (models/unet.py). It differs from the paper's:

    here                                        Ronneberger et al.
    strided convolutions go down                max pooling
    pixels repeated, then convolved go up       transposed convolutions
    one convolution a level                     two
    padding, so masks are as large as images    none, so masks are smaller and large images are cut into tiles
    colours and their local contrast            grey values
    all pixels weigh the same, and Dice loss    pixels between touching cells weigh more
"""

from __future__ import annotations

from typing import Any

import nnlite
from models.trainable import Trainable
from models.unet import StrokeUNet
from nnlite import Tensor, nn, optim
from nnlite.nn import functional as F


class SegmentationUNet(StrokeUNet):
    """Images (N, 3, H, W) in [-1, 1] -> logits (N, 1, H, W): above 0 where a pixel is more likely inside than not.

    width     channels at full resolution; each of the `levels` doubles them, up to 8 times

    Raises ShapeError unless H and W are multiples of 2^levels.
    """

    def __init__(self, width: int = 8, levels: int = 4):
        super().__init__(width, levels)
        self.last[1] = nn.Conv2d(width, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.maps(images))


class Segmenter(Trainable):
    """A network from images to one logit a pixel, trained with Adam on the sum of two losses.

    With p = sigmoid(logit) and m = 1 inside, 0 outside:
        cross entropy   -mean [ m log p + (1 - m) log(1 - p) ]                      over pixels
        Dice loss       1 - mean [ (2 sum m p + 1) / (sum m + sum p + 1) ]          sums over pixels, mean over images
    If the object is small, the answer "nothing anywhere" already has a small cross entropy, but a large Dice loss
    (Milletari, Navab & Ahmadi 2016, who square the terms in the denominator; the 1 keeps it defined for empty masks).
    """

    def __init__(self, network: nn.Module, lr: float = 1e-3):
        self.network = network
        self.optimizer = optim.Adam(network.parameters(), lr)

    def train_step(self, images: Tensor, masks: Tensor) -> dict[str, Tensor]:
        """One step on images and their masks (N, 1, H, W) of 0 and 1; both losses and the IoU, as 0-d Tensors."""
        self.optimizer.zero_grad()
        logits = self.network(images)
        losses = {"bce": F.binary_cross_entropy_with_logits(logits, masks), "dice": dice_loss(logits, masks)}
        (losses["bce"] + losses["dice"]).backward()
        self.optimizer.step()
        found = (logits.detach() > 0.0).float()
        return {name: loss.detach() for name, loss in losses.items()} | {"iou": iou(found, masks).mean()}

    def predict(self, images: Tensor) -> Tensor:
        """The probability that each pixel is inside, (N, 1, H, W), without gradients."""
        with nnlite.no_grad():
            return self.network(images).sigmoid()

    def components(self) -> dict[str, Any]:
        return {"network": self.network, "optimizer": self.optimizer}


def dice_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """1 - mean over images of (2 sum m p + 1) / (sum m + sum p + 1), p = sigmoid(logits): a 0-d Tensor in 0..1."""
    p = logits.sigmoid()
    both, sizes = (masks * p).sum((1, 2, 3)), (masks + p).sum((1, 2, 3))
    return 1.0 - ((2.0 * both + 1.0) / (sizes + 1.0)).mean()


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union |A and B| / |A or B| of each pair of masks (N, 1, H, W) of 0 and 1: (N,) in 0..1.

    Also known as the Jaccard index (1912). It is 1 for two empty masks.
    """
    both = (a * b).sum((1, 2, 3))
    either = (a + b).sum((1, 2, 3)) - both
    return nnlite.where(either > 0.0, both / either.clamp(min=1.0), 1.0)
