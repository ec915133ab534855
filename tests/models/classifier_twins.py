"""A block here against its twin in PyTorch: same weights, same outputs, gradients and running statistics."""

import numpy as np

from tests.helpers import assert_close, backward, leaf


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
        u = backward(y)
        z.backward(torch.tensor(u))
        assert_close(y, z, 1e-10)
        gradients = (a.grad, *(p.grad for p in ours.parameters())), (b.grad, *(q.grad for q in theirs.parameters()))
        for mine, other in zip(*gradients, strict=True):
            assert_close(mine, other, 1e-10, terms=np.linalg.norm(u))
        for p, q in zip(ours.buffers(), theirs.buffers(), strict=True):
            assert_close(p, q, 1e-10)
