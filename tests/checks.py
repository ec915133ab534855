"""The two questions that every operation must answer: is its gradient right, and is it what PyTorch computes?"""

import numpy as np

import nnlite
from tests.helpers import assert_close, backward, leaf


def check_gradient(operation, seed, orders):
    """Gradcheck the operation on float64 inputs in these memory orders."""
    tensors = [leaf(a, order=order) for a, order in zip(operation.arrays(seed), orders, strict=True)]
    nnlite.gradcheck(operation.nnlite, tensors, seed=seed)


def check_against_pytorch(torch, operation, dtype, tolerance, seed, order):
    """Compare result and gradients with PyTorch's, to this share of what is summed."""
    arrays = operation.arrays(seed, dtype)
    ours = [leaf(a, dtype, order) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    y = operation.nnlite(*ours)
    z = operation.call(torch, torch.nn.functional, *theirs)
    u = backward(y, seed)
    z.backward(torch.tensor(u))
    assert_close(y, z, tolerance)
    for a, b in zip(ours, theirs, strict=True):
        assert_close(a.grad, b.grad, tolerance, terms=np.linalg.norm(u))
