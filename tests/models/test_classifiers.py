"""LeNet-5 as the table has it, and that it learns what PyTorch's learns."""

import math

import numpy as np
import pytest

import nnlite
from models.classifiers import Classifier, LeNet5
from nnlite import nn


def digits(rng, n=6, size=28):
    return nnlite.Tensor(rng.uniform(0, 1, (n, 1, size, size)).astype(np.float32))


def labels(rng, n=6):
    return nnlite.Tensor(rng.integers(0, 10, n))


def test_the_sizes_and_weights_of_the_table(rng):
    """Map by map: (weights + bias) of C1, C3, C5, F6, output are 156, 2416, 48120, 10164 and 850."""
    network = LeNet5()
    seen = []
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.AvgPool2d, nn.Linear)):
            layer.register_forward_hook(lambda module, inputs, output: seen.append(output.shape[1:]))
    network(digits(rng, 1))
    assert seen == [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1), (84,), (10,)]
    sizes = [math.prod(p.shape) for p in network.parameters()]
    assert [w + b for w, b in zip(sizes[::2], sizes[1::2], strict=True)] == [156, 2416, 48120, 10164, 850]


def test_28_pixels_are_padded_by_two_of_paper(rng):
    network, small = LeNet5(), digits(rng)
    large = nnlite.Tensor(np.pad(small.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2))))
    np.testing.assert_array_equal(network(small).detach().numpy(), network(large).detach().numpy())


def test_paper_and_ink_have_the_values_of_the_paper():
    network, first = LeNet5(), []
    network.layers[0].register_forward_hook(lambda module, inputs, output: first.append(inputs[0].numpy()))
    for value, inside in ((0.0, -0.1), (1.0, 1.175)):
        network(nnlite.full((1, 1, 32, 32), value))
        np.testing.assert_allclose(first.pop(), inside, rtol=1e-6)


def test_features_are_what_the_last_layer_sees(rng):
    network, x = LeNet5(), digits(rng)
    features = network.features(x)
    assert features.shape == (6, 84) and np.abs(features.detach().numpy()).max() < 1
    np.testing.assert_allclose(network.output(features).detach().numpy(), network(x).detach().numpy(), rtol=1e-6)


@pytest.mark.parametrize("shape", [(2, 1, 30, 30), (2, 3, 28, 28), (2, 28, 28), (2, 1, 28, 32)])
def test_other_images_are_refused(shape):
    with pytest.raises(nnlite.ShapeError, match=rf"28, 28\) or .*32, 32\), got \({shape[0]}, {shape[1]}, "):
        LeNet5()(nnlite.zeros(shape))


def test_it_learns_pytorchs_weights(torch, rng):
    """From the same weights, in float64, losses and then weights stay together over several steps."""
    ours = Classifier(LeNet5(), 1e-2)
    for parameter in ours.network.parameters():
        parameter.array = parameter.array.astype(np.float64)
    t = torch.nn
    theirs = t.Sequential(
        t.Conv2d(1, 6, 5), t.Tanh(), t.AvgPool2d(2), t.Conv2d(6, 16, 5), t.Tanh(), t.AvgPool2d(2),
        t.Conv2d(16, 120, 5), t.Tanh(), t.Flatten(), t.Linear(120, 84), t.Tanh(), t.Linear(84, 10),
    ).double()  # fmt: skip
    for mine, other in zip(ours.network.parameters(), theirs.parameters(), strict=True):
        other.data = torch.tensor(mine.detach().numpy().copy())
    adam = torch.optim.Adam(theirs.parameters(), 1e-2)
    for step in range(5):
        x, y = rng.uniform(0, 1, (8, 1, 28, 28)), rng.integers(0, 10, 8)
        losses = ours.train_step(nnlite.Tensor(x), nnlite.Tensor(y))
        adam.zero_grad()
        logits = theirs(torch.nn.functional.pad(torch.tensor(x), (2, 2, 2, 2)) * 1.275 - 0.1)
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(y))
        loss.backward()
        adam.step()
        assert float(losses["loss"]) == pytest.approx(loss.item(), rel=1e-9), f"step {step}"
        assert float(losses["accuracy"]) == pytest.approx((logits.argmax(1) == torch.tensor(y)).double().mean().item())
    for mine, other in zip(ours.network.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(mine.detach().numpy(), other.detach().numpy(), rtol=1e-6, atol=1e-8)


def test_a_step_returns_detached_numbers_and_learns(rng):
    model, y = Classifier(LeNet5(), 3e-3), nnlite.Tensor(np.arange(10))
    stripes = np.zeros((10, 1, 28, 28), np.float32)
    for k in range(10):
        stripes[k, :, 4 + 2 * k : 6 + 2 * k] = 1.0  # each class at another height
    x = nnlite.Tensor(stripes)
    first = model.train_step(x, y)
    assert list(first) == ["loss", "accuracy"]
    for value in first.values():
        assert value.shape == () and value.dtype == np.float32 and not value.requires_grad and value.grad_fn is None
    for _ in range(60):
        last = model.train_step(x, y)
    assert float(last["loss"]) < 0.1 * float(first["loss"]) and float(last["accuracy"]) == 1.0
    assert np.array_equal(model.predict(x).numpy().argmax(1), y.numpy())


def test_predictions_are_probabilities_without_a_graph(rng):
    model, x = Classifier(LeNet5()), digits(rng)
    p = model.predict(x)
    assert p.shape == (6, 10) and p.grad_fn is None and (p.numpy() > 0).all()
    np.testing.assert_allclose(p.numpy().sum(1), 1.0, rtol=1e-6)
    logits = model.network(x).detach().numpy().astype(np.float64)
    np.testing.assert_allclose(p.numpy(), np.exp(logits) / np.exp(logits).sum(1, keepdims=True), rtol=1e-5)


def test_a_saved_state_goes_on_bit_for_bit(rng, tmp_path):
    batches = [(digits(rng), labels(rng)) for _ in range(4)]
    straight = Classifier(LeNet5())
    for batch in batches[:2]:
        straight.train_step(*batch)
    nnlite.save(straight.state_dict(), tmp_path / "c.safetensors")
    resumed = Classifier(LeNet5())
    resumed.load_state_dict(nnlite.load(tmp_path / "c.safetensors"))
    for batch in batches[2:]:
        assert float(straight.train_step(*batch)["loss"]) == float(resumed.train_step(*batch)["loss"])


def test_another_networks_state_is_refused():
    model = Classifier(LeNet5())
    with pytest.raises(nnlite.CheckpointError, match="has no network, optimizer"):
        model.load_state_dict(LeNet5().state_dict())
    with pytest.raises(nnlite.CheckpointError, match=r"LeNet5.*missing"):
        model.load_state_dict(Classifier(nn.Linear(3, 10)).state_dict())
