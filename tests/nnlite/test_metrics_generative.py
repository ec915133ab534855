"""Figures for generators against closed forms, and against NumPy and PyTorch where they compute the same."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
from nnlite import metrics
from tests.helpers import seeds


def random_covariance(rng, d, rank=None):
    factor = rng.standard_normal((d, rank or d))
    return factor @ factor.T / (rank or d)


def samples(rng, mean, covariance, n=40):
    """n samples whose mean and covariance (over n - 1) are exactly these."""
    d = len(mean)
    white = rng.standard_normal((n, d))
    white -= white.mean(0)
    white = np.linalg.qr(white)[0] * math.sqrt(n - 1)
    values, vectors = np.linalg.eigh(covariance)
    return white @ (vectors * np.sqrt(np.maximum(values, 0))).T + mean


# Fréchet distance


@given(seed=seeds, d=st.integers(1, 6))
def test_diagonal_covariances(seed, d):
    """|ma - mb|^2 + sum of (sa - sb)^2, with standard deviations s."""
    rng = np.random.default_rng(seed)
    ma, mb, sa, sb = rng.standard_normal((4, d))
    a, b = samples(rng, ma, np.diag(sa**2)), samples(rng, mb, np.diag(sb**2), 25)
    expected = ((ma - mb) ** 2).sum() + ((abs(sa) - abs(sb)) ** 2).sum()
    assert metrics.frechet_distance(a, b) == pytest.approx(expected, rel=1e-7, abs=1e-9)


@given(seed=seeds, d=st.integers(1, 6), rank=st.integers(1, 6))
def test_covariances_of_any_rank(torch, seed, d, rank):
    """The trace of (Ca Cb)^1/2 is the sum of the roots of the eigenvalues of the unsymmetric Ca Cb."""
    rng = np.random.default_rng(seed)
    ma, mb = rng.standard_normal((2, d))
    ca, cb = random_covariance(rng, d), random_covariance(rng, d, min(rank, d))
    a, b = samples(rng, ma, ca), samples(rng, mb, cb)
    root = np.sqrt(np.maximum(torch.linalg.eigvals(torch.tensor(ca @ cb)).real.numpy(), 0)).sum()
    expected = ((ma - mb) ** 2).sum() + np.trace(ca) + np.trace(cb) - 2 * root
    # An eigenvalue 0 of the product comes out as 1e-16 or so, and its root as 1e-8: the reference is no better.
    assert metrics.frechet_distance(a, b) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_without_overlap_nothing_is_in_common(rng):
    """Rank-one covariances along different axes: the traces add up."""
    a, b = np.zeros((2, 30, 3))
    a[:, 0], b[:, 1] = rng.standard_normal((2, 30))
    expected = a[:, 0].mean() ** 2 + b[:, 1].mean() ** 2 + a[:, 0].var(ddof=1) + b[:, 1].var(ddof=1)
    assert metrics.frechet_distance(a, b) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("shape", [(50, 8), (5, 84), (2, 3)])  # also fewer samples than features
def test_equal_sets_and_their_shift(rng, shape):
    a = rng.standard_normal(shape) * 10
    a[:, 0] = 3.0  # a constant feature
    scale = a.var(0).sum()
    assert 0 <= metrics.frechet_distance(a, rng.permutation(a)) < 1e-12 * scale
    shift = rng.standard_normal(shape[1])
    assert metrics.frechet_distance(a, a + shift) == pytest.approx((shift**2).sum(), abs=1e-11 * scale)


@given(seed=seeds, d=st.integers(1, 6))
def test_rotations_and_order_change_nothing(seed, d):
    rng = np.random.default_rng(seed)
    a, b = (rng.standard_normal((12, d)) @ rng.standard_normal((d, d)) for _ in "ab")
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0]
    distance = metrics.frechet_distance(a, b)
    assert metrics.frechet_distance(b, a) == pytest.approx(distance, rel=1e-9, abs=1e-9)
    assert metrics.frechet_distance(a @ rotation, b @ rotation) == pytest.approx(distance, rel=1e-9, abs=1e-9)
    assert metrics.frechet_distance(3 * a, 3 * b) == pytest.approx(9 * distance, rel=1e-9, abs=1e-8)


def test_float32_features_are_computed_in_float64(rng):
    a, b = (1000 + rng.standard_normal((60, 5)).astype(np.float32) for _ in "ab")
    expected = metrics.frechet_distance(a.astype(np.float64), b.astype(np.float64))
    assert metrics.frechet_distance(a, b) == expected


def test_features_that_do_not_fit(rng):
    a = rng.standard_normal((9, 4))
    for bad in (a[:1], a[0], a[None], a[:, :0]):
        with pytest.raises(nnlite.ShapeError, match=r"features_b must be \(N, D\) with at least 2 samples, got \("):
            metrics.frechet_distance(a, bad)
    with pytest.raises(nnlite.ShapeError, match="4 features against 3"):
        metrics.frechet_distance(a, a[:, :3])
    a[2, 1] = np.nan
    with pytest.raises(ValueError, match="features_a holds values that are not finite"):
        metrics.frechet_distance(a, a)


# Inception score


@given(counts=st.lists(st.integers(1, 5), min_size=1, max_size=8))
def test_sure_classes_score_the_exponential_of_their_entropy(counts):
    """All probability on one class: KL = -log p(class), so the score is exp(entropy); K for K equally frequent."""
    p = np.eye(len(counts))[np.repeat(np.arange(len(counts)), counts)]
    share = np.array(counts) / sum(counts)
    assert metrics.inception_score(p) == pytest.approx(math.exp(-(share * np.log(share)).sum()), rel=1e-12)


def test_a_classifier_that_sees_nothing_scores_one():
    assert metrics.inception_score(np.tile([0.2, 0.5, 0.3, 0.0], (7, 1))) == pytest.approx(1.0, rel=1e-12)


def test_inception_score_by_pytorchs_divergence(torch, rng):
    p = rng.dirichlet(np.ones(6), 50)
    t = torch.tensor(p)
    divergence = torch.nn.functional.kl_div(t.mean(0).log().expand(50, 6), t, reduction="batchmean")
    assert metrics.inception_score(p) == pytest.approx(math.exp(divergence.item()), rel=1e-10)
    assert 1 < metrics.inception_score(p.astype(np.float32)) < 6


def test_what_is_no_probability():
    for bad in (np.array([[2.0, -1.0]]), np.array([[0.5, 0.6]]), np.array([[3.0, -3.0, 1.0]])):
        with pytest.raises(ValueError, match="apply softmax"):
            metrics.inception_score(bad)
    for bad in (np.zeros((0, 10)), np.ones(10) / 10):
        with pytest.raises(nnlite.ShapeError, match=r"probabilities must be \(N, D\) with at least 1 "):
            metrics.inception_score(bad)
    with pytest.raises(ValueError, match="not finite"):
        metrics.inception_score(np.array([[np.nan, 1.0]]))


# Generative Adversarial Metric


def logits(real, n=20):
    """Of n images this many are called real."""
    return np.where(np.arange(n) < real, 0.5, -0.5)


def test_the_ratios_are_those_of_the_errors():
    """Of 20 test images Da takes 4 for generated and Db 5; Da takes 3 of b's for real, Db 6 of a's."""
    found = metrics.adversarial_metric(logits(16), logits(15), logits(3), logits(6))
    assert found.test_ratio == pytest.approx(4 / 5) and found.sample_ratio == pytest.approx(3 / 6)
    assert found.winner == "a"


def test_exchanging_the_two_exchanges_the_winner():
    found = metrics.adversarial_metric(logits(15), logits(16), logits(6), logits(3))
    assert found.test_ratio == pytest.approx(5 / 4) and found.sample_ratio == pytest.approx(2)
    assert found.winner == "b"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((logits(10), logits(16), logits(3), logits(6)), (10 / 4, 0.5, "tie")),  # the discriminators are no match
        ((logits(15), logits(16), logits(4), logits(4)), (5 / 4, 1.0, "tie")),
        ((logits(20), logits(20), logits(0), logits(0)), (1.0, 1.0, "tie")),
        ((logits(20), logits(20), logits(1), logits(0)), (1.0, math.inf, "b")),
        ((logits(19), logits(20), logits(1), logits(0)), (math.inf, math.inf, "tie")),
    ],
)
def test_ties_and_discriminators_without_errors(arguments, expected):
    found = metrics.adversarial_metric(*arguments)
    assert found[:2] == pytest.approx(expected[:2]) and found.winner == expected[2]


def test_the_tolerance_decides_which_discriminators_are_a_match():
    arguments = logits(10), logits(16), logits(3), logits(6)
    assert metrics.adversarial_metric(*arguments, tolerance=1.6).winner == "a"


def test_patches_and_sets_of_other_sizes_are_rates(rng):
    patches = np.repeat(logits(16), 9).reshape(20, 1, 3, 3)
    found = metrics.adversarial_metric(patches, logits(8, 10), logits(1, 10), logits(8, 40))
    assert found[:2] == pytest.approx((1.0, 0.5))


def test_nothing_to_judge():
    with pytest.raises(nnlite.ShapeError, match="a_on_b is empty"):
        metrics.adversarial_metric(logits(1), logits(1), np.zeros(0), logits(1))
