"""functional/loss.py, cross_entropy.py: what gradients and PyTorch are compared on, and what bad input they are fed."""

import numpy as np
from hypothesis import strategies as st

import nnlite
from tests.helpers import IMAGE, far, op, probability
from tests.operations.arguments import maybe, numbers, reductions, tensors


def near_and_far(rng, shape):
    """From 0 to 0.5 or from 3 to 3.5: no two of them are about 1 apart."""
    return rng.choice([0.0, 3.0], shape) + rng.uniform(0.0, 0.5, shape)


# a class for each pixel of IMAGE, two of them ignored
MAP = [[[0, 2, 1, 2], [-100, 0, 0, 1], [1, 1, -100, 2], [2, 2, 2, 0], [0, 1, 2, 0]]] * 2


def weights(lib, like):
    """One weight for each of three classes."""
    return lib.tensor([0.5, 2.0, 3.0], dtype=like.dtype)


def gaussian_kl(F, mu, log_var, reduction):
    """PyTorch has no such function."""
    if hasattr(F, "gaussian_kl"):
        return F.gaussian_kl(mu, log_var, reduction=reduction)
    each = -0.5 * (1 + log_var - mu**2 - log_var.exp())
    return {"mean": each.mean(), "sum": each.sum(), "none": each, "batchmean": each.sum() / len(each)}[reduction]


def hinge_loss(F, input, target, reduction):
    """PyTorch has no such function."""
    if hasattr(F, "hinge_loss"):
        return F.hinge_loss(input, target, reduction=reduction)
    each = F.relu(1 - target * input)
    return {"mean": each.mean(), "sum": each.sum(), "none": each}[reduction]


REGRESSION = {
    "l1_loss": op(lambda lib, F, a, b: F.l1_loss(a, b), (2, 3), (far, (2, 3))),
    "mse_loss": op(lambda lib, F, a, b: F.mse_loss(a, b, reduction="sum"), IMAGE, IMAGE),
    "mse_loss none": op(lambda lib, F, a, b: F.mse_loss(a, b, reduction="none"), (2, 3), (2, 3)),
    "huber_loss inside": op(lambda lib, F, a, b: F.huber_loss(a, b, delta=4.5), IMAGE, IMAGE),
    "huber_loss outside": op(lambda lib, F, a, b: F.huber_loss(a, b, delta=0.3), (2, 3), (far, (2, 3))),
    "huber_loss sum": op(lambda lib, F, a, b: F.huber_loss(a, b, reduction="sum"), (2, 3), (2, 3), values=near_and_far),
    "smooth_l1_loss inside": op(lambda lib, F, a, b: F.smooth_l1_loss(a, b, beta=4.5), IMAGE, IMAGE),
    "smooth_l1_loss outside": op(lambda lib, F, a, b: F.smooth_l1_loss(a, b, beta=0.3), (2, 3), (far, (2, 3))),
    "smooth_l1_loss none": op(lambda lib, F, a, b: F.smooth_l1_loss(a, b, reduction="none"), (2, 3), (far, (2, 3))),
    "smooth_l1_loss 0": op(lambda lib, F, a, b: F.smooth_l1_loss(a, b, beta=0), (2, 3), (far, (2, 3))),
    "hinge_loss": op(lambda lib, F, a, b: hinge_loss(F, a, b, "mean"), IMAGE, IMAGE, values=far),
    "hinge_loss sum": op(lambda lib, F, a, b: hinge_loss(F, a, b, "sum"), (2, 3), (2, 3), values=far),
    "hinge_loss none": op(lambda lib, F, a, b: hinge_loss(F, a, b, "none"), (2, 3), (2, 3), values=far),
}

PROBABILITIES = {
    "binary_cross_entropy": op(lambda lib, F, p, t: F.binary_cross_entropy(p, t), (2, 3), (2, 3), values=probability),
    "binary_cross_entropy weight": op(
        lambda lib, F, p, t: F.binary_cross_entropy(p, t, weights(lib, p), reduction="none"),
        (2, 3),
        (2, 3),
        values=probability,
    ),
    "binary_cross_entropy_with_logits": op(
        lambda lib, F, z, t: F.binary_cross_entropy_with_logits(z, t), IMAGE, (probability, IMAGE)
    ),
    "binary_cross_entropy_with_logits weight": op(
        lambda lib, F, z, t: F.binary_cross_entropy_with_logits(z, t, weights(lib, z), reduction="sum"),
        (2, 3),
        (probability, (2, 3)),
    ),
    "binary_cross_entropy_with_logits pos_weight": op(
        lambda lib, F, z, t: F.binary_cross_entropy_with_logits(z, t, pos_weight=weights(lib, z)),
        (2, 3),
        (probability, (2, 3)),
    ),
    "kl_div": op(lambda lib, F, x, t: F.kl_div(x, t, reduction="sum"), IMAGE, (probability, IMAGE)),
    "kl_div batchmean": op(lambda lib, F, x, t: F.kl_div(x, t, reduction="batchmean"), (2, 3), (probability, (2, 3))),
    "kl_div log_target": op(lambda lib, F, x, t: F.kl_div(x, t, reduction="none", log_target=True), (2, 3), (2, 3)),
    "gaussian_kl": op(lambda lib, F, m, v: gaussian_kl(F, m, v, "mean"), IMAGE, IMAGE),
    "gaussian_kl sum": op(lambda lib, F, m, v: gaussian_kl(F, m, v, "sum"), (2, 3), (2, 3)),
    "gaussian_kl none": op(lambda lib, F, m, v: gaussian_kl(F, m, v, "none"), (2, 3), (2, 3)),
    "gaussian_kl batchmean": op(lambda lib, F, m, v: gaussian_kl(F, m, v, "batchmean"), (2, 3), (2, 3)),
}

CLASSES = {
    "nll_loss": op(lambda lib, F, x: F.nll_loss(x, lib.tensor([0, 2, 1, 2])), (4, 3)),
    "nll_loss one": op(lambda lib, F, x: F.nll_loss(x, lib.tensor(2)), (3,)),
    "nll_loss weight": op(lambda lib, F, x: F.nll_loss(x, lib.tensor([0, 2, 1, 2]), weights(lib, x)), (4, 3)),
    "nll_loss sum": op(lambda lib, F, x: F.nll_loss(x, lib.tensor([0, 2, 1, 2]), reduction="sum"), (4, 3)),
    "nll_loss image": op(lambda lib, F, x: F.nll_loss(x, lib.tensor(MAP), weights(lib, x), ignore_index=-100), IMAGE),
    "nll_loss ignored": op(
        lambda lib, F, x: F.nll_loss(x, lib.tensor([0, 2, 1, 2]), ignore_index=2, reduction="none"), (4, 3)
    ),
    "cross_entropy": op(lambda lib, F, x: F.cross_entropy(x, lib.tensor([0, 2, 1, 2])), (4, 3)),
    "cross_entropy one": op(lambda lib, F, x: F.cross_entropy(x, lib.tensor(2)), (3,)),
    "cross_entropy weight": op(lambda lib, F, x: F.cross_entropy(x, lib.tensor([0, 2, 1, 2]), weights(lib, x)), (4, 3)),
    "cross_entropy none": op(lambda lib, F, x: F.cross_entropy(x, lib.tensor(MAP), reduction="none"), IMAGE),
    "cross_entropy ignored": op(
        lambda lib, F, x: F.cross_entropy(x, lib.tensor([1, 2, 1, 2]), weights(lib, x), ignore_index=1), (4, 3)
    ),
    "cross_entropy smoothed": op(lambda lib, F, x: F.cross_entropy(x, lib.tensor(MAP), label_smoothing=0.3), IMAGE),
    "cross_entropy smoothed weight": op(
        lambda lib, F, x: F.cross_entropy(x, lib.tensor(MAP), weights(lib, x), label_smoothing=0.3), IMAGE
    ),
    "cross_entropy smoothed sum": op(
        lambda lib, F, x: F.cross_entropy(
            x, lib.tensor([1, 2, 1, 2]), weights(lib, x), ignore_index=1, reduction="sum", label_smoothing=1.0
        ),
        (4, 3),
    ),
    "cross_entropy probabilities": op(lambda lib, F, x, q: F.cross_entropy(x, q), IMAGE, (probability, IMAGE)),
    "cross_entropy probabilities one": op(lambda lib, F, x, q: F.cross_entropy(x, q), (3,), (probability, (3,))),
    "cross_entropy probabilities none": op(
        lambda lib, F, x, q: F.cross_entropy(x, q, weights(lib, x), reduction="none"), (2, 3), (probability, (2, 3))
    ),
    "cross_entropy probabilities smoothed": op(
        lambda lib, F, x, q: F.cross_entropy(x, q, weights(lib, x), label_smoothing=0.3), IMAGE, (probability, IMAGE)
    ),
}

OPERATIONS = {**REGRESSION, **PROBABILITIES, **CLASSES}

MODULES = {
    "BCELoss": (lambda nn: nn.BCELoss(), (2, 3), (2, 3)),
    "L1Loss": (lambda nn: nn.L1Loss(), (2, 3), (2, 3)),
    "MSELoss": (lambda nn: nn.MSELoss(reduction="sum"), IMAGE, IMAGE),
    "HuberLoss": (lambda nn: nn.HuberLoss("none", 0.7), (2, 3), (2, 3)),
    "SmoothL1Loss": (lambda nn: nn.SmoothL1Loss(beta=0.5), (2, 3), (2, 3)),
    "BCEWithLogitsLoss": (lambda nn: nn.BCEWithLogitsLoss(reduction="none"), (2, 3), (2, 3)),
    "KLDivLoss": (lambda nn: nn.KLDivLoss(reduction="batchmean", log_target=True), (2, 3), (2, 3)),
    "CrossEntropyLoss": (lambda nn: nn.CrossEntropyLoss(label_smoothing=0.2), (4, 3), (4, 3)),
}

scores = st.one_of(tensors, st.sampled_from([(3,), (2, 3), (2, 3, 2)]).map(lambda shape: nnlite.tensor(np.ones(shape))))
labels = st.lists(st.sampled_from([-100, -1, 0, 1, 2, 3]), min_size=2, max_size=2).map(nnlite.tensor)
class_weights = st.one_of(maybe, st.builds(lambda: nnlite.tensor([1.0, 2.0, 0.0])))
ignored = {"ignore_index": st.sampled_from([-100, 0, 1, 1.5, None])}
batch_reductions = {"reduction": st.sampled_from(["mean", "sum", "none", "batchmean", "average", None])}

ARGUMENTS = {
    "l1_loss": (tensors, tensors, reductions),
    "mse_loss": (tensors, tensors, reductions),
    "huber_loss": (tensors, tensors, {**reductions, "delta": numbers}),
    "smooth_l1_loss": (tensors, tensors, {**reductions, "beta": numbers}),
    "hinge_loss": (tensors, tensors, reductions),
    "binary_cross_entropy": (tensors, tensors, maybe, reductions),
    "binary_cross_entropy_with_logits": (tensors, tensors, maybe, {**reductions, "pos_weight": maybe}),
    "kl_div": (tensors, tensors, {**batch_reductions, "log_target": st.booleans()}),
    "gaussian_kl": (tensors, tensors, batch_reductions),
    "nll_loss": (scores, st.one_of(tensors, labels), class_weights, {**reductions, **ignored}),
    "cross_entropy": (
        scores,
        st.one_of(tensors, labels, scores),
        class_weights,
        {**reductions, **ignored, "label_smoothing": numbers},
    ),
}
