"""A block here against its twin in PyTorch: same weights, same outputs, gradients and running statistics."""

import numpy as np

from tests.helpers import backward, leaf


def check_twin(torch, ours, theirs, x):
    """Copy the weights of `ours` to `theirs` in their order; compare both in float64 on x, in training and in eval."""
    ours.double()
    theirs.double()
    mine, others = list(ours.state_dict().values()), theirs.state_dict()
    assert [tuple(t.shape) for t in mine] == [tuple(t.shape) for t in others.values()]
    theirs.load_state_dict({name: torch.tensor(t.numpy()) for name, t in zip(others, mine, strict=True)})
    for training in (True, False):
        ours.train(training)
        theirs.train(training)
        a, b = leaf(x), torch.tensor(x, requires_grad=True)
        y, z = ours(a), theirs(b)
        z.backward(torch.tensor(backward(y)))
        same(y, z)
        same(a.grad, b.grad)
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            same(p.grad, q.grad)
        for p, q in zip(ours.buffers(), theirs.buffers(), strict=True):
            same(p, q)


def same(a, b):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-8, atol=1e-10)
