"""A classifier slid over a large image says of each window what it says of that window alone."""

import numpy as np
import pytest

import nnlite
from demos.shared.digits import load_lenet5
from models.classifiers import LeNet5
from models.fully_convolutional import SlidingLeNet5, fully_convolutional
from nnlite import nn


def window_by_window(classify, image, side, stride):
    """A loop: (classes, h, w)."""
    _, height, width = image.shape
    rows = []
    for top in range(0, height - side + 1, stride):
        cut = [image[:, top : top + side, left : left + side] for left in range(0, width - side + 1, stride)]
        rows.append([classify(nnlite.Tensor(window[None])).detach().numpy()[0] for window in cut])
    return np.array(rows).transpose(2, 0, 1)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (45, 60), (67, 40)])
def test_lenet_on_each_window(height, width, rng):
    image = rng.random((1, height, width)).astype(np.float32)
    lenet = load_lenet5()
    at_once = SlidingLeNet5(lenet)(nnlite.Tensor(image[None])).numpy()
    alone = window_by_window(lenet, image, 32, 4)
    assert at_once.shape == (1, *alone.shape) == (1, 10, (height - 32) // 4 + 1, (width - 32) // 4 + 1)
    np.testing.assert_allclose(at_once[0], alone, rtol=1e-5, atol=1e-5)
    assert np.ptp(alone, axis=(1, 2)).max() > 0.1 or alone[0].size == 1, "windows differ"


def test_in_float64_they_agree_to_rounding(rng):
    lenet = LeNet5()
    sliding = SlidingLeNet5(lenet).double()
    lenet.double()
    images = rng.random((2, 1, 44, 36))
    at_once = sliding(nnlite.Tensor(images)).detach().numpy()
    for one, image in zip(at_once, images, strict=True):
        np.testing.assert_allclose(one, window_by_window(lenet, image, 32, 4), rtol=1e-12, atol=1e-12)


def test_a_linear_layer_on_maps_becomes_a_kernel_as_large_as_they_are(rng):
    layers = [nn.Conv2d(3, 4, 3, 2), nn.ReLU(), nn.MaxPool2d((1, 2)), nn.Flatten(), nn.Linear(4 * 5 * 2, 7, bias=False)]
    layers += [nn.Tanh(), nn.Linear(7, 2)]
    convolutional = fully_convolutional(layers, (3, 11, 10))
    kernels = [layer.weight.shape for layer in convolutional if isinstance(layer, nn.Conv2d)]
    assert kernels == [(4, 3, 3, 3), (7, 4, 5, 2), (2, 7, 1, 1)]
    image = rng.standard_normal((1, 3, 15, 22)).astype(np.float32)
    y = convolutional(nnlite.Tensor(image)).detach().numpy()
    network = nn.Sequential(*layers)
    assert y.shape == (1, 2, 3, 4)  # windows lie 2 rows, and 2 x 2 columns, apart
    for i in range(3):
        for j in range(4):
            window = nnlite.Tensor(image[:, :, 2 * i : 2 * i + 11, 4 * j : 4 * j + 10])
            np.testing.assert_allclose(y[0, :, i, j], network(window).detach().numpy()[0], rtol=1e-5, atol=1e-6)


def test_the_classifier_is_left_as_it_was(rng):
    lenet, x = load_lenet5(), nnlite.Tensor(rng.random((2, 1, 32, 32)).astype(np.float32))
    before = lenet(x).numpy()
    sliding = SlidingLeNet5(lenet)
    assert not any(p.requires_grad for p in sliding.parameters()), "what was frozen stays so"
    for layer in sliding.layers[-3:]:
        for parameter in layer.parameters():
            parameter.array[...] = 0.0
    assert not np.any(sliding(x).numpy())
    np.testing.assert_array_equal(lenet(x).numpy(), before)


@pytest.mark.parametrize("layer", [nn.Conv2d(1, 1, 3, padding=1), nn.MaxPool2d(2, padding=1), nn.ZeroPad2d(1)])
def test_padding_is_refused(layer):
    with pytest.raises(ValueError, match=rf"{type(layer).__name__}.* pads"):
        fully_convolutional([layer, nn.Flatten(), nn.Linear(25, 2)], (1, 8, 8))
