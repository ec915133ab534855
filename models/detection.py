"""Detection: what is in the image, and where? Faster R-CNN at a small size (Ren, He, Girshick & Sun 2015).

    image -> backbone -> map of features, a quarter as large
    map -> region proposal network -> for each of nine anchors at every eighth pixel: is there something? its box
    the most promising boxes, without near copies -> proposals
    map, proposals -> RoI align -> 7x7 features of each -> two dense layers -> its class or nothing, and a better box

All parts learn at once from four losses. What differs from the paper:

    here                                                Ren et al.
    four convolutions with batch norm, from scratch     VGG-16, taught with ImageNet
    RoI align (He et al. 2017)                          RoI pooling, whose cells are rounded to whole features
    one better box for a proposal                       one for each class
    the true boxes are proposals too while it learns    proposals only
    images of 96 pixels                                 of 600 pixels
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import nnlite
from models.anchors import KINDS, anchors_on, choose, decode, encode
from models.classifiers import eval_mode
from models.init import init_he
from models.trainable import Trainable
from nnlite import ShapeError, Tensor, nn, optim
from nnlite.nn import functional as F

STRIDE, ANCHOR_STRIDE = 4, 8  # pixels from one feature to the next, and from one place of anchors to the next
CELLS = 7  # features that a proposal is brought to, along each axis
POSITIVE, NEGATIVE = 0.5, 0.3  # IoU with a true box from which on an anchor belongs to it; below, it is background
CANDIDATES, PROPOSALS = 100, 32  # boxes of an image before near copies are dropped, and after
NEAR_COPY, SAME_THING = 0.7, 0.4  # IoU of two proposals, and of two finds of one class, that are the same
ANCHORS_TAUGHT, REGIONS_TAUGHT = 64, 32  # of each image in a step, at most
LEAST_SCORE, MOST_FOUND = 0.05, 20  # of finds in an image


class Found(NamedTuple):
    """What was found in an image: boxes (K, 4), scores (K,) in 0..1, the highest first, and classes (K,) from 0."""

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray


class FasterRCNN(nn.Module):
    """The network, in the parts that a step uses one by one; images are (N, 3, H, W), H and W multiples of 8.

    classes   kinds of things, without the background
    width     channels after the first convolution
    """

    def __init__(self, classes: int, width: int = 16):
        super().__init__()
        self.classes, features = classes, 4 * width
        self.backbone = nn.Sequential(
            *_convolution(3, width, 5, 2),
            *_convolution(width, 2 * width, 3, 2),
            *_convolution(2 * width, features, 3, 1),
            *_convolution(features, features, 3, 1),
        )
        self.region_layers = nn.Sequential(
            *_convolution(features, features, 3, 2),
            *_convolution(features, features, 3, 1),
        )
        self.region_output = nn.Conv2d(features, 5 * KINDS, 1)
        self.head_layers = nn.Sequential(nn.Flatten(), nn.Linear(features * CELLS**2, 128), nn.ReLU())
        self.head_output = nn.Linear(128, classes + 1 + 4)
        init_he(self)
        for output in (self.region_output, self.head_output):
            nn.init.normal_(output.weight, 0.0, 0.01)

    def regions(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """For each anchor: a logit (N, A), above 0 where something is, and its box in numbers (N, A, 4)."""
        output = self.region_output(self.region_layers(features))
        rows = output.permute(0, 2, 3, 1).reshape(len(output), -1, 5)
        return rows[..., 0], rows[..., 1:]

    def heads(self, features: Tensor, boxes: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
        """For each box of each image: logits (K, classes + 1), the last for background, and numbers (K, 4)."""
        cut = F.roi_align(features, [Tensor(b) for b in boxes], CELLS, 1.0 / STRIDE, sampling_ratio=2, aligned=True)
        output = self.head_output(self.head_layers(cut))
        return output[:, :-4], output[:, -4:]


def _convolution(inputs, outputs, kernel, stride):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()


class Detector(Trainable):
    """Faster R-CNN, trained with Adam on the sum of four losses: two of the anchors, two of the proposals.

    Which anchors and proposals to learn from is decided on the CPU, by choices that have no gradient: a step reads the
    true boxes and what the network proposes, so it cannot be captured on a GPU. Losses are not read.
    """

    def __init__(self, network: FasterRCNN, lr: float = 1e-3):
        self.network = network
        self.optimizer = optim.Adam(network.parameters(), lr)

    def train_step(self, images: Tensor, boxes: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """One step on images with their true boxes (N, M, 4) in pixels, and classes (N, M), -1 where there is none.

        Returns four losses as 0-d Tensors: "something", the cross entropy of whether an anchor is on something,
        "anchor_box", how far its box is off (smooth L1), and for proposals "class" and "box".
        """
        truth = [(b[c >= 0], c[c >= 0]) for b, c in zip(boxes.cpu().numpy(), labels.cpu().numpy(), strict=True)]
        self.optimizer.zero_grad()
        features = self.network.backbone(images)
        logits, numbers = self.network.regions(features)
        anchors = anchors_of(images)
        proposals = propose(logits, numbers, anchors, images.shape[2:])
        losses = anchor_losses(logits, numbers, anchors, [boxes for boxes, _ in truth])
        losses |= self._proposal_losses(features, proposals, truth)
        nnlite.stack(list(losses.values())).sum().backward()
        self.optimizer.step()
        return {name: loss.detach() for name, loss in losses.items()}

    def _proposal_losses(self, features, proposals, truth):
        boxes, classes, targets = [], [], []
        for proposed, (true_boxes, labels) in zip(proposals, truth, strict=True):
            candidates = np.concatenate([proposed, true_boxes])
            on, off, number = choose(candidates, true_boxes, POSITIVE, POSITIVE, REGIONS_TAUGHT)
            boxes.append(candidates[np.concatenate([on, off])])
            classes.append(np.concatenate([labels[number], np.full(len(off), self.network.classes)]))
            targets.append(encode(true_boxes[number], candidates[on]))
        logits, numbers = self.network.heads(features, boxes)
        classes = np.concatenate(classes)
        on = nnlite.tensor(np.flatnonzero(classes < self.network.classes), device=logits.device)
        return {
            "class": F.cross_entropy(logits, nnlite.tensor(classes, device=logits.device)),
            "box": box_loss(numbers[on], targets),
        }

    def predict(self, images: Tensor) -> list[Found]:
        """What is found in each image, in eval mode."""
        with eval_mode(self.network):
            features = self.network.backbone(images)
            boxes = propose(*self.network.regions(features), anchors_of(images), images.shape[2:])
            logits, numbers = (output.cpu() for output in self.network.heads(features, boxes))
        better, p = decode(numbers.numpy(), np.concatenate(boxes)), F.softmax(logits, 1).numpy()[:, :-1]
        ends = np.cumsum([len(b) for b in boxes])[:-1]
        pairs = zip(np.split(better, ends), np.split(p, ends), strict=True)
        return [find(of_image, chances, images.shape[2:]) for of_image, chances in pairs]

    def components(self) -> dict[str, Any]:
        return {"network": self.network, "optimizer": self.optimizer}


def anchors_of(images: Tensor) -> np.ndarray:
    """The anchors (A, 4) of images of this size, in the order of the network's output. Raises ShapeError."""
    if any(n % ANCHOR_STRIDE for n in images.shape[2:]):
        raise ShapeError(f"FasterRCNN: sides must be multiples of {ANCHOR_STRIDE}, got {images.shape}; pad the images")
    return anchors_on([n // ANCHOR_STRIDE for n in images.shape[2:]], ANCHOR_STRIDE)


def propose(logits: Tensor, numbers: Tensor, anchors: np.ndarray, size: Sequence[int]) -> list[np.ndarray]:
    """For each image, of this (height, width): the boxes (K, 4) that most probably hold something, no two alike."""
    proposals = []
    for logit, number in zip(logits.detach().cpu().numpy(), numbers.detach().cpu().numpy(), strict=True):
        best = np.argsort(-logit, kind="stable")[:CANDIDATES]
        boxes, scores = inside(decode(number[best], anchors[best]), size), Tensor(logit[best])
        proposals.append(boxes[F.nms(Tensor(boxes), scores, NEAR_COPY).numpy()[:PROPOSALS]])
    return proposals


def find(boxes: np.ndarray, p: np.ndarray, size: Sequence[int]) -> Found:
    """What is in an image, from boxes (K, 4) and the probability of each class in each (K, classes)."""
    box, label = np.nonzero(p >= LEAST_SCORE)
    boxes, scores = inside(boxes[box], size), p[box, label]
    best = F.batched_nms(Tensor(boxes), Tensor(scores), Tensor(label), SAME_THING).numpy()[:MOST_FOUND]
    return Found(boxes[best], scores[best], label[best])


def inside(boxes: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """The part of each box (K, 4) that is in an image of this (height, width)."""
    height, width = size
    return boxes.clip(0, [width, height, width, height]).astype(np.float32)


def anchor_losses(
    logits: Tensor, numbers: Tensor, anchors: np.ndarray, truth: Sequence[np.ndarray]
) -> dict[str, Tensor]:
    """The losses "something" and "anchor_box" of logits (N, A) and numbers (N, A, 4), for each image's true boxes."""
    on, off, targets = [], [], []
    for n, boxes in enumerate(truth):
        chosen = choose(anchors, boxes, POSITIVE, NEGATIVE, ANCHORS_TAUGHT)
        on.append(n * len(anchors) + chosen.positive)
        off.append(n * len(anchors) + chosen.negative)
        targets.append(encode(boxes[chosen.number], anchors[chosen.positive]))
    positive, both = (nnlite.tensor(np.concatenate(part), device=logits.device) for part in (on, on + off))
    something = (nnlite.arange(len(both), device=logits.device) < len(positive)).to(logits.dtype)
    return {
        "something": F.binary_cross_entropy_with_logits(logits.reshape(-1)[both], something),
        "anchor_box": box_loss(numbers.reshape(-1, 4)[positive], targets),
    }


def box_loss(numbers: Tensor, targets: Sequence[np.ndarray]) -> Tensor:
    """Smooth L1 between boxes in numbers (K, 4) and those that they should be: the sum of the four, mean over boxes."""
    wanted = nnlite.tensor(np.concatenate(targets).astype(np.float32), device=numbers.device)
    return F.smooth_l1_loss(numbers, wanted, reduction="sum") / max(1, len(wanted))
