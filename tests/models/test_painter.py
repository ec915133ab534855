"""The painter: where it starts, that every weight learns, and that what it paints does not depend on the size."""

import numpy as np
import pytest

import nnlite
from benchmarks.painter import painter
from models.painter import LAYERS, Painter, split
from nnlite.errors import ShapeError
from nnlite.nn import functional as F


def photo(rng, height=32, width=40, n=1):
    """Two even colours and a little noise, (n, 3, height, width)."""
    image = np.full((n, 3, height, width), -0.4, np.float32)
    image[..., width // 2 :] = np.array([0.6, 0.2, -0.1], np.float32)[:, None, None]
    return nnlite.tensor(image + 0.02 * rng.standard_normal(image.shape).astype(np.float32))


def test_it_starts_near_the_photo(rng):
    image = photo(rng)
    with nnlite.no_grad():
        painted = Painter(8)(image).numpy()
    assert np.abs((painted - image.numpy()).mean(axis=(2, 3))).max() < 0.2


def test_every_weight_gets_a_gradient(rng):
    net = Painter(8)
    for name, weight in net.named_parameters():  # residual blocks start as the identity: move them off it
        if name.endswith("second.weight"):
            nnlite.nn.init.normal_(weight, 0.0, 0.1)
    F.l1_loss(net(photo(rng)), photo(rng)).backward()
    assert [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()] == []


def test_no_ink_no_retouch_nothing_joined_and_soft_tones_are_the_photo(rng):
    net, image = Painter(8), photo(rng)
    off = {"left": -10.0, "above": -10.0, "hardness": -10.0, "ink": -10.0}
    layers = nnlite.tensor([off.get(name, 0.0) for name, n in LAYERS.items() for _ in range(n)])
    painted = net.paint(image, layers.reshape(1, -1, 1, 1) * nnlite.ones(1, 1, 32, 40))
    np.testing.assert_allclose(painted.detach().numpy(), image.numpy(), atol=5e-3)


def test_ink_darkens_and_keeps_the_hue(rng):
    net, image = Painter(8), photo(rng)
    with nnlite.no_grad():
        layers = net.layers(image)
        split(layers)["ink"][...] = -10.0
        without = net.paint(image, layers).numpy()
        split(layers)["ink"][..., 10:14, :] = 10.0
        inked = net.paint(image, layers).numpy()
    np.testing.assert_array_equal(inked[..., :10, :], without[..., :10, :])
    assert (inked[..., 10:14, :] < without[..., 10:14, :]).mean() > 0.95
    red, _, blue = inked[0, :, 12, 30]
    assert red > blue


def test_painted_twice_as_large_it_is_the_same_picture(rng):
    net, image = Painter(8), photo(rng)
    with nnlite.no_grad():
        layers = net.layers(image)
        small = net.paint(image, layers)
        large = net.paint(*(F.interpolate(x, scale_factor=2, mode="bilinear") for x in (image, layers)), scale=2.0)
    assert np.abs(F.interpolate(large, scale_factor=0.5, mode="bilinear").numpy() - small.numpy()).mean() < 0.05


@pytest.mark.parametrize(("shape", "nearest"), [((1, 3, 30, 40), "32x40"), ((1, 1, 32, 32), "")])
def test_what_does_not_fit_is_named(shape, nearest):
    with pytest.raises(ShapeError, match=f"Painter.*{nearest}"):
        Painter(8)(nnlite.zeros(*shape))


def test_it_computes_what_pytorch_does(torch, rng):
    """Outputs and all gradients in float64, from the same weights."""
    ours, theirs = Painter(8), painter(torch, 8).double()
    for tensor in (*ours.parameters(), *ours.buffers()):
        tensor.array = tensor.array.astype(np.float64)
    for weight in ours.parameters():  # residual blocks start as the identity: move everything off its start
        weight.array = weight.array + 0.03 * rng.standard_normal(weight.shape)
    theirs.load_state_dict({name: torch.tensor(value.numpy().copy()) for name, value in ours.state_dict().items()})
    image, cotangent = rng.uniform(-0.9, 0.9, (2, 2, 3, 16, 24))
    results = []
    for network, tensor in ((ours, nnlite.tensor), (theirs, torch.tensor)):
        seen = tensor(image).requires_grad_()
        painted = network(seen)
        (painted * tensor(cotangent)).sum().backward()
        gradients = {name: weight.grad.numpy() for name, weight in network.named_parameters()}
        results.append({"painted": painted.detach().numpy(), "photo": seen.grad.numpy(), **gradients})
    assert results[0].keys() == results[1].keys()
    for name, value in results[0].items():
        np.testing.assert_allclose(value, results[1][name], rtol=1e-7, atol=1e-9 * np.abs(value).max(), err_msg=name)
