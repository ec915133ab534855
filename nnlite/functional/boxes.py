"""Boxes (K, 4): left, top, right, bottom. How much two overlap, and which to keep of many around one thing."""

from __future__ import annotations

import numpy as np

from ..errors import guarded
from ..tensor import Tensor
from . import piecewise


def areas(boxes):
    """(K,): width times height of boxes (K, 4)."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def pairwise_iou(lib, boxes1, boxes2):
    """(K, M): what the boxes of each pair share over what they cover. `lib` has maximum and minimum for their kind."""
    start, end = lib.maximum(boxes1[:, None, :2], boxes2[:, :2]), lib.minimum(boxes1[:, None, 2:], boxes2[:, 2:])
    sides = (end - start).clip(min=0)
    both = sides[..., 0] * sides[..., 1]
    with np.errstate(invalid="ignore"):  # boxes without an area have nothing over nothing: NaN
        return both / (areas(boxes1)[:, None] + areas(boxes2) - both)


@guarded
def box_area(boxes: Tensor) -> Tensor:
    """Width times height of boxes (K, 4): (K,)."""
    return areas(boxes)


@guarded
def box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Intersection over union of each box of (K, 4) with each of (M, 4): (K, M), from 0, apart, to 1, the same.

    Raises ShapeError for other shapes. Two boxes without an area give NaN, which suppresses nothing in `nms`.
    """
    return pairwise_iou(piecewise, boxes1, boxes2)


@guarded
def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Non-maximum suppression: the indices of the boxes that are kept, int64, the highest score first.

    boxes (K, 4), scores (K,). The best box is kept, all that overlap it by more than iou_threshold are dropped, then
    the best of the rest is kept, and so on. Computed on the CPU. Raises ShapeError for other shapes.
    """
    return batched_nms(boxes, scores, Tensor(np.zeros(scores.shape, np.int64)), iou_threshold)


@guarded
def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """nms within each class: boxes of different idxs (K,), whole numbers, do not suppress each other."""
    corners, score, label = (x.detach().cpu().numpy() for x in (boxes, scores, idxs))
    suppressed = (pairwise_iou(np, corners, corners) > iou_threshold) & (label[:, None] == label)
    left, kept = np.ones(len(label), bool), []
    for i in np.argsort(-score, kind="stable").tolist():
        if left[i]:
            kept.append(i)
            left &= ~suppressed[i]
    return Tensor(np.array(kept, np.int64))
