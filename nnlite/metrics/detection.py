"""How well things are found: are the boxes where the things are, and is each thing found once?"""

from collections.abc import Sequence

import numpy as np

from ..errors import ShapeError
from ..functional import boxes as on_boxes


def iou(boxes1: np.ndarray, boxes2: np.ndarray) -> np.ndarray:
    """Intersection over union of each box of (K, 4) with each of (M, 4): (K, M), from 0, apart, to 1, the same.

    A box is left, top, right, bottom. This is nnlite.functional.box_iou for arrays.
    """
    return on_boxes.pairwise_iou(np, boxes1, boxes2)


def mean_average_precision(
    found: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
    truth: Sequence[tuple[np.ndarray, np.ndarray]],
    iou_threshold: float = 0.5,
) -> float:
    """The mean over all classes of the average precision, in 0..1 (Everingham et al. 2010, PASCAL VOC; "mAP at .5").

    found    for each image: boxes (K, 4), scores (K,), classes (K,)
    truth    for each image: boxes (M, 4), classes (M,)

    Finds of a class are taken from all images, the highest score first. One is right if, of the true boxes of its class
    in its image, the one that it overlaps most has an IoU of at least iou_threshold with it, and was not found before.
    `average_precision` says what becomes of that. Classes that are nowhere in the truth do not count. Raises ShapeError
    unless there are as many images in both and the arrays of each fit, ValueError if there is nothing to find.
    """
    _check(found, truth)
    classes = np.unique(np.concatenate([labels for _, labels in truth]))
    if not len(classes):
        raise ValueError("mean_average_precision: there is not one true box, so there is nothing to find")
    each = []
    for label in classes:
        images = [_of_class(label, f, t) for f, t in zip(found, truth, strict=True)]
        right = [_right(*image, iou_threshold) for image in images]
        scores, positives = [scores for _, scores, _ in images], sum(len(true) for _, _, true in images)
        each.append(average_precision(np.concatenate(scores), np.concatenate(right), positives))
    return float(np.mean(each))


def average_precision(scores: np.ndarray, right: np.ndarray, positives: int) -> float:
    """The area under the curve of precision over recall, in 0..1.

    scores (K,) of finds, right (K,) of True and False, positives: how many there were to find. After the n finds with
    the highest scores, of which r were right, precision is r / n and recall r / positives. What counts at a recall is
    the best precision at that recall or any higher one, as in PASCAL VOC from 2010 on.
    """
    hits = np.asarray(right, bool)[np.argsort(-np.asarray(scores), kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best[hits].sum() / positives)  # each hit raises recall by 1 / positives


def _of_class(label: int, found: tuple, truth: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The boxes and scores that were found of a class, and its true boxes, in one image."""
    (boxes, scores, labels), (true_boxes, true_labels) = found, truth
    return boxes[labels == label], scores[labels == label], true_boxes[true_labels == label]


def _right(boxes, scores, true_boxes, iou_threshold):
    """Whether each of these finds is right, in one image and class."""
    right = np.zeros(len(scores), bool)
    if len(boxes) and len(true_boxes):
        overlap = iou(boxes, true_boxes)
        taken = np.zeros(len(true_boxes), bool)
        for k in np.argsort(-scores, kind="stable"):
            nearest = overlap[k].argmax()
            right[k] = overlap[k, nearest] >= iou_threshold and not taken[nearest]
            taken[nearest] |= right[k]
    return right


def _check(found, truth):
    if len(found) != len(truth):
        raise ShapeError(f"mean_average_precision: finds in {len(found)} images, truth of {len(truth)}")
    for i, ((boxes, *rest), (true_boxes, true_labels)) in enumerate(zip(found, truth, strict=True)):
        for b, others in ((boxes, rest), (true_boxes, [true_labels])):
            shapes = [np.shape(other) for other in others]
            if np.shape(b) != (len(b), 4) or any(shape != (len(b),) for shape in shapes):
                given = f"image {i} has boxes {np.shape(b)} with {shapes}"
                raise ShapeError(f"mean_average_precision: {given}; expected (K, 4) with (K,)")
