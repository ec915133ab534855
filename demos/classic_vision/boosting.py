"""AdaBoost (Freund & Schapire 1997) as Viola & Jones use it: many weak classifiers vote, each on a single feature.

A weak classifier is a stump: it says yes if p f(x) < p theta. Each round takes the one with the smallest weighted
error e, and then lowers the weights of the samples it got right, so that the next one looks at the others. With
beta = e / (1 - e), its vote counts alpha = log(1 / beta). The share of training samples that the votes get wrong is at
most the product of 2 sqrt(e (1 - e)) over the rounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SURE = 1e-9  # least error, so that a stump that makes none has a finite vote


@dataclass
class Strong:
    """Stumps and their votes, each (rounds,); yes if the votes for yes reach the threshold."""

    features: np.ndarray  # which row of the values
    thresholds: np.ndarray
    parities: np.ndarray  # 1 if below the threshold is yes, -1 if above
    votes: np.ndarray
    errors: np.ndarray  # weighted, in the round when it was chosen
    threshold: float

    def score(self, values: np.ndarray) -> np.ndarray:
        """Values of its features, in their order (rounds, n) -> the votes for yes (n,)."""
        yes = self.parities[:, None] * values < (self.parities * self.thresholds)[:, None]
        return self.votes @ yes


def adaboost(values: np.ndarray, labels: np.ndarray, rounds: int) -> Strong:
    """Learn from the values of features (features, n) and labels (n,), 1 for yes and 0 for no."""
    order = values.argsort(axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    ties = ordered[:, :-1] == ordered[:, 1:]
    chosen = []
    # 1. Yes and no weigh the same, all in all.
    weights = np.where(labels == 1, 0.5 / (labels == 1).sum(), 0.5 / (labels == 0).sum())
    for _ in range(rounds):
        # 2. The weights sum to 1.
        weights = weights / weights.sum()
        # 3. The stump with the smallest weighted error.
        feature, threshold, parity, error = best_stump(values, order, ties, labels, weights)
        # 4. What it got right weighs less from now on.
        right = (parity * values[feature] < parity * threshold) == (labels == 1)
        beta = max(error, SURE) / (1.0 - error)
        weights = weights * np.where(right, beta, 1.0)
        # 5. The smaller its error, the more its vote counts.
        chosen.append((feature, threshold, parity, np.log(1.0 / beta), error))
    features, thresholds, parities, votes, errors = (np.array(column) for column in zip(*chosen, strict=True))
    return Strong(features, thresholds, parities, votes, errors, 0.5 * votes.sum())


def best_stump(
    values: np.ndarray, order: np.ndarray, ties: np.ndarray, labels: np.ndarray, weights: np.ndarray
) -> tuple[int, float, int, float]:
    """Feature, threshold, parity and weighted error of the best stump, over all thresholds between two samples.

    In the order of a feature's values, all samples up to one are called yes and the others no. The error is then the
    weight of no up to it and of yes beyond it: a running sum of weights with signs. The other parity errs where this
    one is right. `order` sorts the values of each feature, and `ties` (features, n - 1) marks where two are equal.
    """
    signed = np.where(labels == 1, -weights, weights)
    errors = weights[labels == 1].sum() + signed.astype(np.float32)[order].cumsum(axis=1)
    errors = errors[:, :-1]
    errors[ties] = 0.5  # no threshold lies between equal values
    feature, last = np.unravel_index(np.abs(errors - 0.5).argmax(), errors.shape)
    threshold = float(values[feature, order[feature, last : last + 2]].mean(dtype=np.float64))
    parity = 1 if errors[feature, last] < 0.5 else -1
    wrong = (parity * values[feature] < parity * threshold) != (labels == 1)
    return int(feature), threshold, parity, float(weights[wrong].sum())
