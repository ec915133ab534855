"""Looking inside networks whose answers are known, and a deconvnet against one written step by step in PyTorch."""

import numpy as np
import pytest

import nnlite
from models.visualise import activations, maximise, occlusion, reconstruction
from nnlite import Tensor, nn


def image(rng, channels=2, height=12, width=10):
    return rng.standard_normal((channels, height, width)).astype(np.float32)


def small(pool, act):
    return nn.Sequential(nn.Conv2d(2, 5, 3), act, pool, nn.Conv2d(5, 4, 3, padding=1), act.__class__())


def test_activations_are_what_layers_put_out(rng):
    network, x = small(nn.MaxPool2d(2), nn.ReLU()), Tensor(image(rng)[None])
    last, first = activations(network, x, [network[4], network[0]])
    np.testing.assert_array_equal(first.detach().numpy(), network[0](x).detach().numpy())
    np.testing.assert_array_equal(last.detach().numpy(), network(x).detach().numpy())
    assert not network[0]._forward_hooks and not network[4]._forward_hooks


@pytest.mark.parametrize("kind", ["max", "average"])
@pytest.mark.parametrize("act", ["ReLU", "Tanh"])
def test_a_deconvnet_is_zeilers(torch, rng, kind, act):
    """Unpooling with switches, transposed convolutions and the activation function again, one after the other."""
    F = torch.nn.functional
    network = small(nn.MaxPool2d(2) if kind == "max" else nn.AvgPool2d(2), getattr(nn, act)())
    x, unit = image(rng), 3
    w1, b1, w2, b2 = (torch.tensor(p.detach().numpy().copy()) for p in network.parameters())
    again = torch.relu if act == "ReLU" else torch.tanh
    a = again(F.conv2d(torch.tensor(x[None]), w1, b1))
    p, switches = F.max_pool2d(a, 2, return_indices=True)
    if kind == "average":
        p = F.avg_pool2d(a, 2)
    b = again(F.conv2d(p, w2, b2, padding=1))
    kept = torch.zeros_like(b)
    strongest = b[0, unit].max()
    kept[0, unit][b[0, unit] == strongest] = strongest
    y = F.conv_transpose2d(again(kept), w2, padding=1)
    if kind == "max":
        y = F.max_unpool2d(y, switches, 2, output_size=a.shape)
    else:
        y = F.interpolate(y, scale_factor=2) / 4
    expected = F.conv_transpose2d(again(y), w1)[0].numpy()
    np.testing.assert_allclose(reconstruction(network, network[4], x, unit), expected, rtol=1e-4, atol=1e-6)
    assert np.abs(expected).max() > 1e-3


def test_guided_backpropagation_masks_by_both_passes(torch, rng):
    network, x, unit = small(nn.MaxPool2d(2), nn.ReLU()), image(rng), 1

    class Guided(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.relu(x)

        @staticmethod
        def backward(ctx, dy):
            return dy * (ctx.saved_tensors[0] > 0) * (dy > 0)

    F = torch.nn.functional
    w1, b1, w2, b2 = (torch.tensor(p.detach().numpy().copy()) for p in network.parameters())
    t = torch.tensor(x[None], requires_grad=True)
    y = Guided.apply(F.conv2d(F.max_pool2d(Guided.apply(F.conv2d(t, w1, b1)), 2), w2, b2, padding=1))
    (y[0, unit].max() ** 2 / 2).backward()
    found = reconstruction(network, network[4], x, unit, guided=True)
    np.testing.assert_allclose(found, t.grad[0].numpy(), rtol=1e-4, atol=1e-6)
    assert not np.allclose(found, reconstruction(network, network[4], x, unit))


def test_the_network_is_as_before(rng):
    network, x = small(nn.MaxPool2d(2), nn.Tanh()), image(rng)
    before = network(Tensor(x[None])).detach().numpy()
    reconstruction(network, network[3], x, 0)
    assert not any(m._forward_hooks for m in network.modules())
    np.testing.assert_array_equal(network(Tensor(x[None])).detach().numpy(), before)


def test_occlusion_of_a_sum_is_the_sum_of_what_is_covered(rng):
    x = image(rng, 2, 7, 9)
    fall = occlusion(lambda images: images.sum((1, 2, 3)), x, 3, 2, 0.5)
    assert fall.shape == (4, 5)
    for i in range(4):
        for j in range(5):
            part = x[:, max(0, 2 * i - 1) : 2 * i + 2, max(0, 2 * j - 1) : 2 * j + 2]
            assert fall[i, j] == pytest.approx((part - 0.5).sum(), abs=1e-4)


def test_occlusion_leaves_the_image(rng):
    x = image(rng)
    before = x.copy()
    occlusion(lambda images: images.sum((1, 2, 3)), x, 3, 3, x.mean((1, 2), keepdims=True))
    np.testing.assert_array_equal(x, before)


def test_the_image_that_maximises_a_linear_unit_is_its_weight():
    """Of w.x - decay |x|^2 the maximum is at w / (2 decay); limits cut it off."""
    w = np.linspace(-1, 1, 12, dtype=np.float32).reshape(1, 1, 3, 4)

    def score(x):
        return (x * nnlite.tensor(w)).sum((1, 2, 3))

    found = maximise(score, np.zeros_like(w), (-5, 5), steps=600, lr=0.02, decay=0.5, shift=0)
    np.testing.assert_allclose(found, w, atol=0.02)
    cut = maximise(score, np.zeros_like(w), (0, 0.5), steps=200, lr=0.02, decay=0.5, shift=0)
    np.testing.assert_allclose(cut, w.clip(0, 0.5), atol=0.02)


def test_smoothing_draws_neighbours_together(rng):
    w = rng.standard_normal((1, 1, 6, 6)).astype(np.float32)

    def rough(smooth):
        x = maximise(
            lambda x: (x * nnlite.tensor(w)).sum((1, 2, 3)), np.zeros_like(w), (-9, 9), 300, 0.02, 0.5, smooth, 0
        )
        return np.square(np.diff(x, axis=2)).sum() + np.square(np.diff(x, axis=3)).sum()

    assert rough(1.0) < 0.2 * rough(0.0)


def test_shifts_are_drawn_from_the_seed(rng):
    w = rng.standard_normal((1, 1, 6, 6)).astype(np.float32)
    runs = [
        maximise(lambda x: (x * nnlite.tensor(w)).sum((1, 2, 3)), np.zeros_like(w), (-1, 1), 10, shift=2, seed=seed)
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])
