"""What the tests of the optimisers share: rules with their settings, parameters, gradients, PyTorch beside ours."""

import numpy as np

import nnlite
from nnlite import optim
from tests.helpers import in_order, leaf

SHAPES = [(4, 3, 3, 3), (5, 2), (7,), ()]
RULES = {
    "SGD": ("SGD", {"lr": 0.1}),
    "SGD momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}),
    "SGD weight decay": ("SGD", {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.3}),
    "SGD dampening": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.4}),
    "SGD nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "SGD nesterov, weight decay": ("SGD", {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.3, "nesterov": True}),
    "SGD weight decay alone": ("SGD", {"lr": 0.1, "weight_decay": 0.3}),
    "SGD defaults": ("SGD", {}),
    "RMSprop": ("RMSprop", {"lr": 0.05}),
    "RMSprop momentum": ("RMSprop", {"lr": 0.05, "momentum": 0.9}),
    "RMSprop centered": ("RMSprop", {"lr": 0.05, "centered": True}),
    "RMSprop all": (
        "RMSprop",
        {"lr": 0.05, "alpha": 0.8, "eps": 0.1, "weight_decay": 0.3, "momentum": 0.5, "centered": True},
    ),
    "RMSprop defaults": ("RMSprop", {}),
    "Adagrad": ("Adagrad", {"lr": 0.05}),
    "Adagrad all": (
        "Adagrad",
        {"lr": 0.1, "lr_decay": 0.2, "weight_decay": 0.3, "initial_accumulator_value": 0.5, "eps": 0.1},
    ),
    "Adagrad defaults": ("Adagrad", {}),
    "Adadelta": ("Adadelta", {"lr": 0.5, "rho": 0.7}),
    "Adadelta all": ("Adadelta", {"lr": 2.0, "rho": 0.95, "eps": 0.01, "weight_decay": 0.3}),
    "Adadelta defaults": ("Adadelta", {}),
    "AdamW": ("AdamW", {"lr": 0.05}),
    "AdamW amsgrad": ("AdamW", {"lr": 0.05, "betas": (0.5, 0.6), "weight_decay": 0.3, "amsgrad": True}),
    "AdamW weight decay": ("AdamW", {"lr": 0.05, "betas": (0.5, 0.9), "weight_decay": 0.3}),
    "AdamW defaults": ("AdamW", {}),
    "Adam defaults": ("Adam", {}),
    "Adam": ("Adam", {"lr": 0.05}),
    "Adam for images": ("Adam", {"lr": 2e-4, "betas": (0.5, 0.999)}),
    "Adam eps": ("Adam", {"lr": 0.05, "eps": 0.1}),
    "Adam amsgrad": ("Adam", {"lr": 0.05, "betas": (0.5, 0.6), "amsgrad": True}),
    "Adam weight decay": ("Adam", {"lr": 0.05, "weight_decay": 0.3}),
}


def gradients(steps, seed=0):
    """The same gradients for both libraries: large, small and zero ones."""
    rng = np.random.default_rng(seed)
    for step in range(steps):
        yield [rng.standard_normal(s) * 10.0 ** rng.uniform(-4, 1) * (step != 3) for s in SHAPES]


def parameters(dtype=np.float64, order="C"):
    rng = np.random.default_rng(5)
    return [leaf(rng.standard_normal(s), dtype, order) for s in SHAPES]


def twins(torch, rule, settings, dtype=np.float64, order="C"):
    """The same parameters and optimiser here and in PyTorch."""
    ours = parameters(dtype, order)
    theirs = [torch.tensor(p.detach().numpy().copy(), requires_grad=True) for p in ours]
    return ours, theirs, getattr(optim, rule)(ours, **settings), getattr(torch.optim, rule)(theirs, **settings)


def train(library, params, optimiser, steps, skip=None):
    """One step for each item of `steps`; every third parameter from `skip` on has no gradient."""
    for step, grads in enumerate(steps):
        optimiser.zero_grad()
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if skip is None or (i + step) % 3 != skip:
                dtype = str(p.dtype).removeprefix("torch.")
                g = in_order(np.asarray(g, dtype), "channels last" if step % 2 else "C")
                p.grad = nnlite.Tensor(g) if library is nnlite else library.tensor(g)
        optimiser.step()


def assert_equal(ours, theirs, tolerance=1e-12):
    for p, q in zip(ours, theirs, strict=True):
        assert p.shape == tuple(q.shape) and str(q.dtype) == f"torch.{p.dtype}"
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=tolerance, atol=tolerance)
