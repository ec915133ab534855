"""torch.distributions: densities, entropies and divergences are PyTorch's, and the draws have those densities."""

import numpy as np
import pytest

import nnlite.torch as ours

SHARES = np.array([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]])
NUMBERS = np.array([[0.3, -1.2, 2.0], [0.0, 1.5, -0.5]])
POSITIVE = np.array([0.5, 1.0, 2.0])
BITS = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
MASKED = np.array([[1.0, -np.inf, 2.0], [0.0, 1.0, 2.0]])


def both(torch, program, dtype):
    """The value and the gradient of the first tensor, with PyTorch and here."""
    results = []
    for t in (torch, ours):
        arrays = (SHARES, NUMBERS, POSITIVE, BITS, MASKED)
        tensors = [t.tensor(a, dtype=getattr(t, dtype), requires_grad=True) for a in arrays]
        value = program(t, t.distributions, *tensors)
        if value.requires_grad:
            value.sum().backward()
        results.append((value.detach().numpy(), [None if x.grad is None else x.grad.numpy() for x in tensors]))
    return results


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "program",
    [
        lambda t, d, p, x, s, b, m: d.Normal(x, s).log_prob(p),
        lambda t, d, p, x, s, b, m: d.Normal(x[0], 2.0).log_prob(p),
        lambda t, d, p, x, s, b, m: d.Normal(0, 1).log_prob(p),
        lambda t, d, p, x, s, b, m: d.Normal(x, s).entropy(),
        lambda t, d, p, x, s, b, m: d.Normal(x, s).variance + d.Normal(x, s).mean * d.Normal(x, s).stddev,
        lambda t, d, p, x, s, b, m: d.kl_divergence(d.Normal(x, s), d.Normal(0, 1)),
        lambda t, d, p, x, s, b, m: d.kl_divergence(d.Normal(x, s), d.Normal(p, 2 * s)),
        lambda t, d, p, x, s, b, m: d.kl.kl_divergence(d.normal.Normal(x, s), d.normal.Normal(x * 0, s)),
        lambda t, d, p, x, s, b, m: d.Bernoulli(p).log_prob(b.detach()),
        lambda t, d, p, x, s, b, m: d.Bernoulli(logits=x).log_prob(b.detach()),
        lambda t, d, p, x, s, b, m: d.Bernoulli(logits=x).probs,
        lambda t, d, p, x, s, b, m: d.Bernoulli(p).entropy() + d.Bernoulli(p).variance * d.Bernoulli(p).mean,
        lambda t, d, p, x, s, b, m: d.kl_divergence(d.Bernoulli(p), d.Bernoulli(logits=x)),
        lambda t, d, p, x, s, b, m: d.Categorical(p).log_prob(t.tensor([2, 0])),
        lambda t, d, p, x, s, b, m: d.Categorical(2 * p).log_prob(t.tensor([[2, 0], [0, 1], [1, 1]])),
        lambda t, d, p, x, s, b, m: d.Categorical(logits=x).log_prob(t.tensor([2, 0])),
        lambda t, d, p, x, s, b, m: d.Categorical(logits=m).log_prob(t.tensor([2, 0])),
        lambda t, d, p, x, s, b, m: d.Categorical(logits=m.detach()).entropy(),
        lambda t, d, p, x, s, b, m: d.Categorical(p).entropy() + d.Categorical(logits=x).entropy(),
        lambda t, d, p, x, s, b, m: d.Categorical(logits=x).probs + d.Categorical(p).logits,
        lambda t, d, p, x, s, b, m: d.kl_divergence(d.Categorical(p), d.Categorical(logits=x)),
        lambda t, d, p, x, s, b, m: d.kl_divergence(d.Categorical(p.detach()), d.Categorical(logits=m.detach())),
        lambda t, d, p, x, s, b, m: d.kl_divergence(d.Categorical(logits=m.detach()), d.Categorical(p.detach())),
    ],
)
def test_values_and_gradients(torch, program, dtype):
    (theirs, their_grads), (mine, grads) = both(torch, program, dtype)
    assert mine.dtype == theirs.dtype and mine.shape == theirs.shape
    rtol = 2e-5 if dtype == "float32" else 1e-10
    np.testing.assert_allclose(mine, theirs, rtol=rtol, atol=rtol)
    for a, b in zip(grads, their_grads, strict=True):
        assert (a is None) == (b is None)
        if b is not None:
            np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)


def test_draws_have_their_distribution():
    d, n = ours.distributions, 20_000
    normal = d.Normal(ours.tensor([1.0, -2.0]), ours.tensor([0.5, 2.0])).sample((n,)).numpy()
    np.testing.assert_allclose(normal.mean(0), [1.0, -2.0], atol=0.06)
    np.testing.assert_allclose(normal.std(0), [0.5, 2.0], rtol=0.03)
    bits = d.Bernoulli(ours.tensor([0.1, 0.7])).sample((n,)).numpy()
    assert set(bits.ravel()) == {0.0, 1.0}
    np.testing.assert_allclose(bits.mean(0), [0.1, 0.7], atol=0.015)
    classes = d.Categorical(ours.tensor([0.0, 0.3, 0.7])).sample((n,))
    assert classes.dtype == ours.int64
    np.testing.assert_allclose(np.bincount(classes.numpy(), minlength=3) / n, [0.0, 0.3, 0.7], atol=0.015)
    masked = d.Categorical(logits=ours.tensor(MASKED[0])).sample((200,)).numpy()
    assert set(masked) == {0, 2}


@pytest.mark.parametrize("kind", ["Normal", "Bernoulli", "Categorical"])
def test_shapes_of_draws(torch, kind):
    shapes = []
    for t in (torch, ours):
        arguments = (t.zeros(2, 3), t.ones(3)) if kind == "Normal" else (t.full((2, 3), 0.5),)
        distribution = getattr(t.distributions, kind)(*arguments)
        draws = [distribution.sample(), distribution.sample((4,)), distribution.sample(t.ones(4, 5).size())]
        shapes.append([*(tuple(x.shape) for x in draws), tuple(distribution.batch_shape), distribution.has_rsample])
    assert shapes[0] == shapes[1]


def test_the_gradient_of_rsample_goes_to_the_parameters():
    mean, scale = (ours.tensor([value], requires_grad=True) for value in (1.0, 2.0))
    x = ours.distributions.Normal(mean, scale).rsample((4,))
    assert not ours.distributions.Normal(mean, scale).sample().requires_grad
    x.sum().backward()
    assert mean.grad.item() == 4
    assert scale.grad.item() == pytest.approx(((x.detach() - 1) / 2).sum().item(), rel=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda d, t: d.Normal(0.0, -1.0),
        lambda d, t: d.Normal(t.tensor([0.0, float("nan")]), 1.0),
        lambda d, t: d.Bernoulli(t.tensor([1.5])),
        lambda d, t: d.Bernoulli(),
        lambda d, t: d.Bernoulli(0.5, 0.5),
        lambda d, t: d.Categorical(t.tensor([-1.0, 2.0])),
        lambda d, t: d.Categorical(),
        lambda d, t: d.Categorical(t.tensor(1.0)),
        lambda d, t: d.Categorical(t.ones(3)).log_prob(t.tensor(3)),
        lambda d, t: d.Categorical(t.ones(3)).rsample(),
        lambda d, t: d.kl_divergence(d.Normal(0.0, 1.0), d.Bernoulli(0.5)),
        lambda d, t: d.Nothing,
    ],
)
def test_what_pytorch_refuses_is_refused(torch, call):
    for t in (torch, ours):
        with pytest.raises((ValueError, NotImplementedError, AttributeError)):
            call(t.distributions, t)
