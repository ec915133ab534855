"""Losses of pairs and triplets against loops over all of them; which negatives count; that they learn."""

import itertools

import numpy as np
import pytest

import nnlite
from models.siamese import Siamese, Triplet, contrastive_loss, squared_distances, triplet_loss
from nnlite import nn

LABELS = np.array([0, 1, 0, 2, 1, 0, 2, 3])  # the last has no other of its class


def codes(rng, dtype=np.float64):
    return nnlite.tensor(rng.standard_normal((len(LABELS), 3)).astype(dtype), requires_grad=True)


def test_distances_are_those_of_numpy(rng):
    x = codes(rng)
    a = x.detach().numpy()
    np.testing.assert_allclose(squared_distances(x).detach().numpy(), ((a[:, None] - a) ** 2).sum(2), atol=1e-12)
    equal = squared_distances(nnlite.tensor(np.full((3, 5), 1e3, np.float32) + rng.random(5).astype(np.float32)))
    assert (equal.numpy() >= 0.0).all()


def contrastive_by_loop(x, margin):
    alike, different = [], []
    for (a, i), (b, j) in itertools.combinations(zip(x, LABELS, strict=True), 2):
        d = np.linalg.norm(a - b)
        (alike if i == j else different).append(d**2 if i == j else max(0.0, margin - d) ** 2)
    return np.mean(alike) + np.mean(different)


def triplet_by_loop(x, margin):
    losses = []
    for a, p in itertools.permutations(range(len(x)), 2):
        if LABELS[a] == LABELS[p]:
            near = ((x[a] - x[p]) ** 2).sum()
            far = [((x[a] - x[n]) ** 2).sum() for n in range(len(x)) if LABELS[n] != LABELS[a]]
            losses += [max(0.0, margin + near - min(d for d in far if d > near))] if max(far) > near else []
    return np.mean(losses)


@pytest.mark.parametrize(
    ("loss", "by_loop"), [(contrastive_loss, contrastive_by_loop), (triplet_loss, triplet_by_loop)]
)
@pytest.mark.parametrize("margin", [0.5, 2.0])
def test_losses_are_those_of_a_loop_over_all_pairs_and_triplets(loss, by_loop, margin, rng):
    x, labels = codes(rng), nnlite.tensor(LABELS)
    assert float(loss(x, labels, margin)) == pytest.approx(by_loop(x.detach().numpy(), margin), rel=1e-9)
    nnlite.gradcheck(lambda x: loss(x, labels, margin), [x])


@pytest.mark.parametrize("loss", [contrastive_loss, triplet_loss])
def test_equal_codes_and_a_single_class_give_finite_gradients(loss):
    for labels in (LABELS, np.zeros_like(LABELS), np.arange(len(LABELS))):
        x = nnlite.ones(len(LABELS), 3, requires_grad=True)
        loss(x, nnlite.tensor(labels), 1.0).backward()
        assert np.isfinite(x.grad.numpy()).all()


def test_the_negative_is_the_nearest_beyond_the_positive():
    """Codes on a line: 0 and 1 are alike. To 0, of 1.2 and -3, 1.2 is; to 1 it is nearer than 0, so -3 counts."""
    x = nnlite.tensor([[0.0], [1.0], [1.2], [-3.0]])
    loss = triplet_loss(x, nnlite.tensor(np.array([0, 0, 1, 2])), 0.7)
    assert float(loss) == pytest.approx((0.7 + 1.0 - 1.2**2 + 0.0) / 2, abs=1e-6)


@pytest.mark.parametrize("kind", [Siamese, Triplet])
def test_they_learn_what_is_alike(kind, rng):
    """Only the first of five numbers says the class; after training the codes say little else. The state is whole."""
    nnlite.manual_seed(0)
    labels = rng.integers(0, 3, 60)
    x = rng.standard_normal((60, 5)).astype(np.float32)
    x[:, 0] = labels - 1.0
    model = kind(nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 2)), 0.02)
    inputs, classes = nnlite.tensor(x), nnlite.tensor(labels)

    def agreement():
        d = squared_distances(model.encode(inputs)).numpy() + 1e9 * np.eye(60, dtype=np.float32)
        return (labels[d.argmin(1)] == labels).mean()

    before = agreement()
    for _ in range(60):
        loss = model.train_step(inputs, classes)["loss"]
    assert before < 0.8 and agreement() > 0.95 and loss.shape == () and not loss.requires_grad
    other = kind(nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 2)), 0.02)
    other.load_state_dict(model.state_dict())
    again = [float(m.train_step(inputs, classes)["loss"]) for m in (model, other)]
    assert again[0] == again[1]


def test_codes_of_triplets_have_length_1(rng):
    network = nn.Linear(5, 2)
    lengths = np.linalg.norm(
        Triplet(network).encode(nnlite.tensor(rng.random((4, 5)).astype(np.float32))).numpy(), axis=1
    )
    np.testing.assert_allclose(lengths, 1.0, rtol=1e-6)
