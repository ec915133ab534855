"""torchvision.ops: nnlite's operations on boxes (functional/boxes.py, functional/roi_align.py)."""

from ...functional import batched_nms, box_area, box_iou, nms, roi_align
from .refusal import refuse

__all__ = ["batched_nms", "box_area", "box_iou", "nms", "roi_align"]

__getattr__ = refuse("torchvision.ops")
