"""How well a score tells two classes apart."""

import numpy as np

from ..errors import ShapeError


def roc_auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """The area under the ROC curve: how often a positive scores higher than a negative, over all such pairs.

    scores (N,), labels (N,) of 0 and 1, or False and True. An equal score counts half, so a score that knows nothing
    gives 0.5, and a perfect one 1. Computed from ranks (Mann & Whitney 1947): (the positives' ranks - n(n + 1) / 2) /
    (n m) for n positives and m negatives. Raises ShapeError for other shapes, ValueError for other labels, for a NaN
    among the scores, or if one class is missing.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise ShapeError(f"roc_auc: expected scores (N,) and labels (N,), got {scores.shape} and {labels.shape}")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("roc_auc: labels must be 0 or 1; compare with the class asked for, as in labels == 7")
    if np.isnan(scores).any():
        raise ValueError("roc_auc: a score is NaN, which is neither higher nor lower than others")
    n = int(labels.sum())
    m = len(labels) - n
    if n == 0 or m == 0:
        raise ValueError(f"roc_auc: {n} positives and {m} negatives; both classes are needed")
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2.0  # from 1; equal scores share the mean of their ranks
    return float((rank[place[labels == 1]].sum() - n * (n + 1) / 2.0) / (n * m))
