"""The small VGG that classifies, against PyTorch's layers."""

from models.classifiers import multiply_adds
from models.vgg import VGG
from nnlite import nn

from .classifier_twins import check_twin


def test_it_is_pytorchs(torch, rng):
    t = torch.nn

    def stage(before, after):
        return t.Conv2d(before, after, 3, padding=1), t.ReLU()

    theirs = t.Sequential(
        *stage(1, 4), t.MaxPool2d(2), *stage(4, 6), *stage(6, 6), t.MaxPool2d(2), t.AdaptiveAvgPool2d(3), t.Flatten(),
        t.Linear(54, 128), t.ReLU(), t.Dropout(0.0), t.Linear(128, 10),
    )  # fmt: skip
    ours = VGG((1, 2), (4, 6))
    for layer in ours.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    check_twin(torch, ours, theirs, rng.random((3, 1, 28, 28)))


def test_its_multiplications_block_by_block():
    """Two convolutions a block, at 28, 14 and 7 pixels a side, then the linear layers."""
    blocks = [9 * 784 * (8 + 64), 9 * 196 * (8 * 16 + 16 * 16), 9 * 49 * (16 * 32 + 32 * 32)]
    assert multiply_adds(VGG(), (1, 28, 28)) == sum(blocks) + 288 * 128 + 128 * 10
