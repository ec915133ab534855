"""Principal components: against the eigenvectors of the covariance, and against other planes."""

import numpy as np
import pytest

import nnlite
from models.pca import PCA


@pytest.fixture
def data(rng):
    return rng.standard_normal((60, 3, 4)) @ rng.standard_normal((4, 4)) + 5.0


def test_the_error_is_the_variance_left_out(data):
    """Sum of the smallest eigenvalues of the covariance matrix."""
    eigenvalues = np.linalg.eigvalsh(np.cov(data.reshape(60, 12).T, bias=True))
    for k in (1, 5, 12):
        error = ((PCA(k).fit(data).reconstruct(data) - data) ** 2).sum((1, 2)).mean()
        assert error == pytest.approx(eigenvalues[: 12 - k].sum(), abs=1e-9)


def test_no_other_plane_is_nearer(data, rng):
    pca = PCA(3).fit(data)
    best = ((pca.reconstruct(data) - data) ** 2).sum()
    centred = data.reshape(60, 12) - data.reshape(60, 12).mean(0)
    for _ in range(20):
        turned = np.linalg.qr(pca.components.T + 0.1 * rng.standard_normal((12, 3)))[0]
        assert ((centred @ turned @ turned.T - centred) ** 2).sum() > best


def test_codes_are_uncorrelated_and_ordered(data):
    pca = PCA(4).fit(data)
    covariance = np.cov(pca.encode(data).T)
    np.testing.assert_allclose(covariance - np.diag(np.diag(covariance)), 0.0, atol=1e-9)
    assert (np.diff(np.diag(covariance)) < 0).all()
    np.testing.assert_allclose(pca.encode(data).mean(0), 0.0, atol=1e-12)
    np.testing.assert_allclose(pca.encode(pca.decode(np.eye(4))), np.eye(4), atol=1e-12)


def test_float32_stays_float32(data):
    pca = PCA(2).fit(data.astype(np.float32))
    assert pca.reconstruct(data.astype(np.float32)).dtype == np.float32


def test_bad_numbers(data):
    with pytest.raises(ValueError, match="components = 0"):
        PCA(0)
    with pytest.raises(nnlite.ShapeError, match="60 samples of 12 numbers have at most 12 components, not 13"):
        PCA(13).fit(data)
