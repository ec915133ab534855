"""The inception module against PyTorch's layers, and the multiplications that it saves."""

import pytest

from models import googlenet
from models.classifiers import multiply_adds
from models.googlenet import GoogLeNet, Inception
from nnlite import nn

from .classifier_twins import check_twin


def test_a_module_is_pytorchs(torch, rng):
    t = torch.nn

    def convolution(before, after, size):
        return t.Sequential(t.Conv2d(before, after, size, padding=size // 2), t.ReLU())

    class Twin(t.Module):
        def __init__(self):
            super().__init__()
            self.branches = t.ModuleList([
                convolution(6, 3, 1),
                t.Sequential(convolution(6, 4, 1), convolution(4, 5, 3)),
                t.Sequential(convolution(6, 2, 1), convolution(2, 4, 5)),
                t.Sequential(t.MaxPool2d(3, 1, padding=1), convolution(6, 7, 1)),
            ])  # fmt: skip

        def forward(self, x):
            return torch.cat([branch(x) for branch in self.branches], 1)

    module = Inception(6, 3, 4, 5, 2, 4, 7)
    check_twin(torch, module, Twin(), rng.standard_normal((2, 6, 9, 8)))
    assert module.channels == 3 + 5 + 4 + 7


def test_the_multiplications_saved_are_those_of_the_docstring():
    """Module 3a of the paper, counted layer by layer with and without its reductions."""
    reduced = multiply_adds(Inception(192, 64, 96, 128, 16, 32, 32), (192, 28, 28))
    branches = [nn.Conv2d(192, after, size, padding="same") for after, size in ((64, 1), (128, 3), (32, 5), (32, 1))]
    direct = sum(multiply_adds(branch, (192, 28, 28)) for branch in branches)
    assert direct == 393_216 * 784 and reduced == 163_328 * 784
    for number in (393_216, 163_328):
        assert f"{number:,}" in googlenet.__doc__
    assert f"{direct / 1e6:.0f} million become {reduced / 1e6:.0f} million" in googlenet.__doc__
    assert f"{1 - reduced / direct:.0%}".replace("%", " %") + " are saved" in googlenet.__doc__


def test_modules_fit_one_another():
    """Each takes as many maps as the one before gives, and the output as many as the last."""
    network = GoogLeNet()
    modules = [layer for layer in network.layers if isinstance(layer, Inception)]
    channels = [module.channels for module in modules]
    assert channels == [40, 56, 80, 112] and network.output.in_features == 112


@pytest.mark.parametrize("shape", [(192, 28, 28), (192, 7, 5)])
def test_savings_do_not_depend_on_the_resolution(shape):
    places = shape[1] * shape[2]
    assert multiply_adds(Inception(192, 64, 96, 128, 16, 32, 32), shape) == 163_328 * places
