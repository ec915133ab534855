"""What all networks that read digits have in common, whatever is inside."""

import numpy as np
import pytest

import nnlite
from models.alexnet import AlexNet
from models.classifiers import Classifier, LeNet5, eval_mode, multiply_adds
from models.densenet import DenseNet
from models.googlenet import GoogLeNet
from models.resnet import Plain, ResNet
from models.vgg import VGG
from nnlite import nn
from nnlite.nn import functional as F

NETWORKS = [AlexNet, VGG, GoogLeNet, ResNet, Plain, DenseNet]
SMALLEST = {AlexNet: 15, VGG: 8, GoogLeNet: 4, ResNet: 1, Plain: 1, DenseNet: 7}


def images(rng, shape=(4, 1, 28, 28)):
    return nnlite.Tensor(rng.random(shape).astype(np.float32))


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("side", [28, 33, 64])
def test_logits_for_images_of_many_sizes(make, side, rng):
    network = make().eval()
    x = images(rng, (2, 1, side, side))
    features = network.features(x)
    assert features.shape == (2, network.output.in_features) and network(x).shape == (2, 10)
    np.testing.assert_array_equal(network.output(features).detach().numpy(), network(x).detach().numpy())


@pytest.mark.parametrize("make", NETWORKS)
def test_colours_and_other_classes(make, rng):
    assert make(channels=3, classes=4)(images(rng, (2, 3, 28, 28))).shape == (2, 4)


@pytest.mark.parametrize("make, side", SMALLEST.items())
def test_the_smallest_image_and_what_is_refused(make, side, rng):
    network = make().eval()
    assert network(images(rng, (1, 1, side, side))).shape == (1, 10)
    if side > 1:
        with pytest.raises(nnlite.ShapeError):
            network(images(rng, (1, 1, side - 1, side - 1)))
    for shape in ((2, 3, 28, 28), (2, 28, 28)):
        with pytest.raises(nnlite.ShapeError, match="conv2d"):
            network(images(rng, shape))


@pytest.mark.parametrize("make", NETWORKS)
def test_gradients_reach_all_parameters(make, rng):
    network = make()
    F.cross_entropy(network(images(rng, (8, 1, 28, 28))), nnlite.Tensor(np.arange(8))).backward()
    assert not [name for name, p in network.named_parameters() if p.grad is None or not np.abs(p.grad.numpy()).any()]


@pytest.mark.parametrize("make", NETWORKS)
def test_equal_seeds_learn_equal_weights(make, rng):
    x, y = images(rng), nnlite.Tensor(np.arange(4))

    def learnt():
        nnlite.manual_seed(3)
        model = Classifier(make())
        for _ in range(2):
            model.train_step(x, y)
        return [p.detach().numpy().copy() for p in model.network.parameters()]

    for a, b in zip(learnt(), learnt(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("make", NETWORKS)
def test_it_learns_two_stripes(make):
    stripes = np.zeros((4, 1, 28, 28), np.float32)
    stripes[0:2, :, 8:12] = stripes[2:4, :, :, 8:12] = 1.0
    model, x, y = Classifier(make(), 1e-3), nnlite.Tensor(stripes), nnlite.Tensor(np.array([3, 3, 8, 8]))
    for _ in range(40):
        loss = float(model.train_step(x, y)["loss"])
    assert loss < 0.35, "half of what it costs to know that it is one of two"
    np.testing.assert_array_equal(model.predict(x).numpy().argmax(1), y.numpy())


@pytest.mark.parametrize("make", NETWORKS)
def test_predictions_do_not_depend_on_the_batch(make, rng):
    """Neither dropout nor the batch's own statistics are at work, and training goes on as before."""
    model = Classifier(make())
    model.train_step(images(rng), nnlite.Tensor(np.arange(4)))
    x = images(rng, (5, 1, 28, 28))
    p = model.predict(x).numpy()
    alone = np.concatenate([model.predict(x[i : i + 1]).numpy() for i in range(5)])
    np.testing.assert_allclose(p, alone, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(p.sum(1), 1.0, rtol=1e-5)
    assert all(m.training for m in model.network.modules())


def test_frozen_modules_stay_in_eval_mode_after_a_prediction(rng):
    model = Classifier(ResNet(8))
    model.network.layers.eval()
    model.predict(images(rng))
    assert model.network.training and not any(m.training for m in model.network.layers.modules())


def test_evaluating_ends_with_an_error_too():
    network = ResNet(8)
    with pytest.raises(RuntimeError, match="oh"), eval_mode(network):
        assert not network.training and nnlite.ones(1, requires_grad=True).exp().grad_fn is None
        raise RuntimeError("oh")
    assert network.training and nnlite.ones(1, requires_grad=True).exp().grad_fn is not None


@pytest.mark.parametrize("make", [LeNet5, *NETWORKS])
def test_summaries_cope_with_branches(make, capsys):
    """A row for each layer that ran; their parameters add up to the total."""
    network = make()
    network.summary((1, 28, 28))
    text = capsys.readouterr().out
    rows = [line.split() for line in text.split("=\n")[1].splitlines()[:-1]]
    leaves = [m for m in network.modules() if not list(m.children())]
    assert len(rows) == len(leaves)
    total = sum(p.numel() for p in network.parameters())
    assert sum(int(row[-1].replace(",", "")) for row in rows) == total and f"Total params: {total:,}" in text
    assert rows[-1][:2] == ["output", "(Linear)"]


def test_multiply_adds_by_hand():
    """LeNet-5, map by map: weights without biases times places."""
    by_hand = 25 * 6 * 784 + 150 * 16 * 100 + 400 * 120 + 120 * 84 + 84 * 10
    assert multiply_adds(LeNet5(), (1, 28, 28)) == by_hand
    grouped = nn.Conv2d(4, 6, 3, stride=2, groups=2)
    assert multiply_adds(grouped, (4, 9, 7)) == 6 * 2 * 9 * 4 * 3
    assert not grouped._forward_hooks
