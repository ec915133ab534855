"""AlexNet as the table has it, and as PyTorch computes it."""

from models.alexnet import AlexNet
from models.classifiers import multiply_adds
from nnlite import nn

from .classifier_twins import check_twin


def test_it_is_pytorchs(torch, rng):
    t = torch.nn

    def stage(before, after, size):
        return t.Conv2d(before, after, size, padding=size // 2), t.ReLU()

    theirs = t.Sequential(
        *stage(1, 8, 5), t.MaxPool2d(3, 2), *stage(8, 24, 5), t.MaxPool2d(3, 2), *stage(24, 32, 3), *stage(32, 32, 3),
        *stage(32, 24, 3), t.MaxPool2d(3, 2), t.AdaptiveAvgPool2d(2), t.Flatten(), t.Dropout(0.0), t.Linear(96, 128),
        t.ReLU(), t.Dropout(0.0), t.Linear(128, 128), t.ReLU(), t.Linear(128, 10),
    )  # fmt: skip
    ours = AlexNet()
    for layer in ours.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    check_twin(torch, ours, theirs, rng.random((3, 1, 28, 28)))


def test_the_sizes_of_the_table(rng):
    """Weights of the eight layers times their places at 28x28."""
    convolutions = 25 * 8 * 784 + 8 * 25 * 24 * 169 + 9 * 36 * (24 * 32 + 32 * 32 + 32 * 24)
    assert multiply_adds(AlexNet(), (1, 28, 28)) == convolutions + 96 * 128 + 128 * 128 + 128 * 10
    assert sum(isinstance(layer, (nn.Conv2d, nn.Linear)) for layer in AlexNet().modules()) == 8
