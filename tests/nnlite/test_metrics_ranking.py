"""The area under the ROC curve against counting pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
from nnlite import metrics

pairs = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30).filter(
    lambda rows: len({label for _, label in rows}) == 2
)


@given(rows=pairs)
def test_every_pair_counted(rows):
    """A positive above a negative counts 1, an equal one half."""
    scores, labels = (np.array(column) for column in zip(*rows, strict=True))
    wins = [(p > n) + 0.5 * (p == n) for p in scores[labels] for n in scores[~labels]]
    assert metrics.roc_auc(scores, labels) == pytest.approx(np.mean(wins), rel=1e-12)


@given(rows=pairs)
def test_only_the_order_matters(rows):
    scores, labels = (np.array(column) for column in zip(*rows, strict=True))
    area = metrics.roc_auc(scores, labels)
    assert metrics.roc_auc(np.exp(scores), labels) == area
    assert metrics.roc_auc(-scores, labels) == pytest.approx(1 - area)
    assert metrics.roc_auc(scores, ~labels) == pytest.approx(1 - area)
    assert metrics.roc_auc(scores[::-1], labels[::-1].astype(int)) == area


def test_closed_forms(rng):
    labels = np.arange(8) >= 5
    assert metrics.roc_auc(np.arange(8), labels) == 1.0
    assert metrics.roc_auc(np.zeros(8), labels) == 0.5
    assert metrics.roc_auc(np.where(labels, np.inf, -np.inf), labels) == 1.0
    n = 20000  # two normal distributions, one standard deviation apart: the normal's Phi(1 / sqrt 2)
    scores = np.concatenate([rng.standard_normal(n) + 1, rng.standard_normal(n)]).astype(np.float32)
    assert metrics.roc_auc(scores, np.arange(2 * n) < n) == pytest.approx(0.760250, abs=0.006)


def test_bad_input():
    for scores, labels in (((3,), (4,)), ((2, 2), (2, 2)), ((3,), (3, 1))):
        with pytest.raises(nnlite.ShapeError, match=r"scores \(N,\) and labels \(N,\), got \("):
            metrics.roc_auc(np.zeros(scores), np.zeros(labels))
    with pytest.raises(ValueError, match="2 positives and 0 negatives"):
        metrics.roc_auc(np.zeros(2), np.ones(2))
    with pytest.raises(ValueError, match="0 positives and 0 negatives"):
        metrics.roc_auc(np.zeros(0), np.zeros(0))
    with pytest.raises(ValueError, match=r"must be 0 or 1; .*labels == 7"):
        metrics.roc_auc(np.zeros(2), np.array([1, 7]))
    with pytest.raises(ValueError, match="NaN"):
        metrics.roc_auc(np.array([0.0, np.nan]), np.array([0, 1]))
