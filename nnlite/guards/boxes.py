"""Guards of boxes, and of RoI align."""

from __future__ import annotations

import numpy as np

from ..errors import ShapeError
from ..function import is_tensor
from . import common


def _boxes(name, columns=4, **boxes):
    for what, value in boxes.items():
        common.require_tensors(name, value)
        if value.ndim != 2 or value.shape[1] != columns:
            raise ShapeError(f"{name}: {what} must be (K, {columns}), got {value.shape}")
        if value.dtype.kind != "f":
            raise TypeError(f"{name}: {what} must be floating-point numbers, got {value.dtype}; use .float()")


def box_area(boxes):
    _boxes("box_area", boxes=boxes)


def box_iou(boxes1, boxes2):
    _boxes("box_iou", boxes1=boxes1, boxes2=boxes2)


def nms(boxes, scores, iou_threshold):
    _suppression("nms", boxes, iou_threshold, scores=scores)


def batched_nms(boxes, scores, idxs, iou_threshold):
    _suppression("batched_nms", boxes, iou_threshold, scores=scores, idxs=idxs)


def _suppression(name, boxes, iou_threshold, **of_each):
    _boxes(name, boxes=boxes)
    common.check_number(name, iou_threshold=iou_threshold)
    for what, value in of_each.items():
        common.require_tensors(name, value)
        if value.shape != boxes.shape[:1]:
            raise ShapeError(f"{name}: {what} has shape {value.shape}, expected one number for each of {boxes.shape}")


def roi_align(input, boxes, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    common.check_images("roi_align", input)
    common.pair("roi_align", "output_size", output_size, 1)
    common.check_positive("roi_align", spatial_scale=spatial_scale)
    common.check_whole("roi_align", sampling_ratio=sampling_ratio)
    if is_tensor(boxes):
        _boxes("roi_align", 5, boxes=boxes)
        rows = boxes.detach().cpu().numpy()
        if len(rows) and not (rows[:, 0].min() >= 0 and rows[:, 0].max() < len(input)):
            raise IndexError(f"roi_align: boxes[:, 0] must name an image, 0 to {len(input) - 1}, got {rows[:, 0]}")
    elif not isinstance(boxes, (list, tuple)):
        raise TypeError(f"roi_align: boxes must be a Tensor (K, 5) or a list of Tensors, got {type(boxes).__name__}")
    elif len(boxes) != len(input):
        raise ShapeError(f"roi_align: a list of {len(boxes)} for input {input.shape}; give boxes (K, 4) for each image")
    for part in [boxes[:, 1:]] if is_tensor(boxes) else boxes:
        _boxes("roi_align", boxes=part)
        if not np.isfinite(part.detach().cpu().numpy()).all():
            raise ValueError("roi_align: boxes hold numbers that are not finite")
