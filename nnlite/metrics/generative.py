"""How good a generator is, judged by a classifier or by another generator's discriminator."""

import math
from typing import NamedTuple

import numpy as np

from ..errors import ShapeError


def inception_score(probabilities: np.ndarray) -> float:
    """exp(mean over samples of KL(p(y | x) || p(y))), with p(y) the mean of p(y | x) (Salimans et al. 2016).

    probabilities (N, K): a classifier's p(y | x) for each sample. From 1 (it learns nothing about the class of any
    sample, or all are of one class) to K (it is sure of each, and all classes are as frequent). It cannot see whether
    the samples of a class differ. Raises ShapeError for another shape, ValueError for rows that are not distributions.
    """
    p = _matrix("inception_score", "probabilities", probabilities, least=1)
    if (p < 0).any() or not np.allclose(p.sum(1), 1.0, atol=1e-3):
        raise ValueError("inception_score: each row must be probabilities that sum to 1; apply softmax to logits")
    log_ratio = np.log(np.where(p > 0, p, 1.0)) - np.log(np.maximum(p.mean(0), 1e-300))  # 0 log 0 counts as 0
    return math.exp((p * log_ratio).sum(1).mean())


def frechet_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """|ma - mb|^2 + tr(Ca + Cb - 2 (Ca Cb)^1/2), with means m and covariances C of the features (Heusel et al. 2017).

    features_a (N, D), features_b (M, D): what a classifier computes before its last layer, for real and generated
    images. This is the squared Wasserstein-2 distance of the two normal distributions; 0 when means and covariances
    agree. Few samples make it too large: compare figures of equal N and M only. Raises ShapeError for other shapes
    or fewer than two samples, ValueError for features that are not finite.

    The trace of (Ca Cb)^1/2 is the sum of the singular values of Ca^1/2 Cb^1/2. These roots exist for covariances
    without full rank too, of constant features or of fewer samples than features.
    """
    a = _matrix("frechet_distance", "features_a", features_a, least=2)
    b = _matrix("frechet_distance", "features_b", features_b, least=2)
    if a.shape[1] != b.shape[1]:
        raise ShapeError(f"frechet_distance: {a.shape[1]} features against {b.shape[1]}; both sets need the same")
    cov_a, cov_b = _covariance(a), _covariance(b)
    common = np.linalg.svd(_root(cov_a) @ _root(cov_b), compute_uv=False).sum()
    apart = ((a.mean(0) - b.mean(0)) ** 2).sum()
    return max(0.0, float(apart + np.trace(cov_a) + np.trace(cov_b) - 2.0 * common))


class AdversarialMetric(NamedTuple):
    """What `adversarial_metric` found; winner is "a", "b" or "tie"."""

    test_ratio: float
    sample_ratio: float
    winner: str


def adversarial_metric(
    a_on_test: np.ndarray, b_on_test: np.ndarray, a_on_b: np.ndarray, b_on_a: np.ndarray, tolerance: float = 0.3
) -> AdversarialMetric:
    """The Generative Adversarial Metric: two trained GANs a and b swap their discriminators (Im et al. 2016).

        test_ratio   = error(Da on real test images) / error(Db on the same)
        sample_ratio = error(Da on b's samples)      / error(Db on a's samples)

    The arguments are logits of the discriminators Da and Db, above 0 for "real", of any shape. The errors are rates:
    real images called generated, samples called real. a wins if sample_ratio < 1: its samples fool Db more often than
    b's fool Da. That says something only if neither discriminator is the better one on real images, so unless
    |test_ratio - 1| <= tolerance it is a tie (the paper asks for a ratio of about 1; the number is ours).
    Two rates of 0 have the ratio 1. Raises ShapeError for an empty argument.
    """
    outputs = {"a_on_test": a_on_test, "b_on_test": b_on_test, "a_on_b": a_on_b, "b_on_a": b_on_a}
    for name, logits in outputs.items():
        if np.size(logits) == 0:
            raise ShapeError(f"adversarial_metric: {name} is empty; give the discriminator's logits of some images")
    real = {name: float((np.asarray(logits) > 0).mean()) for name, logits in outputs.items()}
    test_ratio = _ratio(1.0 - real["a_on_test"], 1.0 - real["b_on_test"])
    sample_ratio = _ratio(real["a_on_b"], real["b_on_a"])
    if abs(test_ratio - 1.0) > tolerance or sample_ratio == 1.0:
        winner = "tie"
    else:
        winner = "a" if sample_ratio < 1.0 else "b"
    return AdversarialMetric(test_ratio, sample_ratio, winner)


def _ratio(a, b):
    return 1.0 if a == b else math.inf if b == 0 else a / b


def _covariance(x):
    centred = x - x.mean(0)
    return centred.T @ centred / (len(x) - 1)


def _root(covariance):
    """The symmetric R with R R = covariance; eigenvalues below 0 are rounding."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T


def _matrix(name, argument, x, least):
    """x as float64, after checking that it is (N, D) with enough rows and finite."""
    x = np.asarray(x, np.float64)
    if x.ndim != 2 or len(x) < least or x.shape[1] < 1:
        raise ShapeError(f"{name}: {argument} must be (N, D) with at least {least} samples, got {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError(f"{name}: {argument} holds values that are not finite")
    return x
