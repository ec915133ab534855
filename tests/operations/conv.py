"""functional/conv.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, op
from tests.operations.arguments import maybe, pair, tensors, whole

FOUR = (2, 4, 5, 4)  # an image whose channels split into groups

OPERATIONS = {
    "conv2d": op(lambda lib, F, x, w, b: F.conv2d(x, w, b, 2, 1), IMAGE, (4, 3, 3, 2), (4,)),
    "conv2d pairs": op(lambda lib, F, x, w: F.conv2d(x, w, None, (1, 2), (0, 2)), IMAGE, (2, 3, 2, 3)),
    "conv2d 1x1": op(lambda lib, F, x, w, b: F.conv2d(x, w, b), IMAGE, (4, 3, 1, 1), (4,)),
    "conv2d same": op(  # PyTorch warns of kernels that make the two sides differ: see test_functional_conv.py
        lambda lib, F, x, w, b: F.conv2d(x, w, b, padding="same", dilation=(2, 1)), IMAGE, (2, 3, 4, 3), (2,)
    ),
    "conv2d valid": op(lambda lib, F, x, w: F.conv2d(x, w, None, 2, "valid"), IMAGE, (2, 3, 2, 3)),
    "conv2d dilation": op(lambda lib, F, x, w, b: F.conv2d(x, w, b, 1, 1, 2), IMAGE, (2, 3, 3, 2), (2,)),
    "conv2d dilation pairs": op(lambda lib, F, x, w: F.conv2d(x, w, None, (2, 3), (3, 2), (2, 3)), IMAGE, (2, 3, 4, 2)),
    "conv2d stride and dilation of one factor": op(
        lambda lib, F, x, w, b: F.conv2d(x, w, b, (4, 2), 3, (2, 4)), IMAGE, (2, 3, 3, 2), (2,)
    ),
    "conv2d groups": op(lambda lib, F, x, w, b: F.conv2d(x, w, b, groups=2), FOUR, (6, 2, 3, 2), (6,)),
    "conv2d groups stride padding dilation": op(
        lambda lib, F, x, w: F.conv2d(x, w, None, 2, (1, 2), (2, 1), 2), FOUR, (2, 2, 2, 3)
    ),
    "conv2d depthwise": op(lambda lib, F, x, w, b: F.conv2d(x, w, b, 1, 1, groups=3), IMAGE, (3, 1, 3, 3), (3,)),
    "conv2d depthwise twofold": op(lambda lib, F, x, w: F.conv2d(x, w, None, 2, groups=3), IMAGE, (6, 1, 2, 2)),
    "conv_transpose2d": op(lambda lib, F, x, w, b: F.conv_transpose2d(x, w, b, 2, 1), IMAGE, (3, 2, 4, 4), (2,)),
    "conv_transpose2d pairs": op(
        lambda lib, F, x, w: F.conv_transpose2d(x, w, None, (3, 2), (0, 1), (2, 0)), IMAGE, (3, 2, 2, 3)
    ),
    "conv_transpose2d dilation": op(
        lambda lib, F, x, w, b: F.conv_transpose2d(x, w, b, 2, 1, dilation=2), IMAGE, (3, 2, 3, 2), (2,)
    ),
    "conv_transpose2d output_padding beyond the stride": op(
        lambda lib, F, x, w, b: F.conv_transpose2d(x, w, b, (1, 2), 0, (2, 3), 1, (3, 4)), IMAGE, (3, 2, 2, 3), (2,)
    ),
    "conv_transpose2d groups": op(
        lambda lib, F, x, w, b: F.conv_transpose2d(x, w, b, groups=2), FOUR, (4, 3, 3, 2), (6,)
    ),
    "conv_transpose2d groups stride padding dilation": op(
        lambda lib, F, x, w, b: F.conv_transpose2d(x, w, b, (3, 2), 1, (1, 0), 2, (2, 3)), FOUR, (4, 1, 3, 2), (2,)
    ),
    "conv_transpose2d depthwise": op(
        lambda lib, F, x, w: F.conv_transpose2d(x, w, None, 2, 1, 1, groups=3), IMAGE, (3, 1, 3, 3)
    ),
}

MODULES = {
    "Conv2d": (lambda nn: nn.Conv2d(3, 4, (3, 2), stride=2, padding=1), IMAGE),
    "Conv2d without bias": (lambda nn: nn.Conv2d(3, 4, 3, 1, 0, bias=False), IMAGE),
    "Conv2d dilation and groups": (lambda nn: nn.Conv2d(4, 6, 3, (1, 2), 2, (2, 1), 2), FOUR),
    "Conv2d same": (lambda nn: nn.Conv2d(3, 2, (5, 3), padding="same"), IMAGE),
    "Conv2d valid": (lambda nn: nn.Conv2d(3, 2, 3, padding="valid"), IMAGE),
    "Conv2d reflect": (lambda nn: nn.Conv2d(3, 2, 3, 2, (2, 1), padding_mode="reflect"), IMAGE),
    "Conv2d replicate": (lambda nn: nn.Conv2d(3, 2, (2, 4), padding="same", padding_mode="replicate"), IMAGE),
    "ConvTranspose2d": (lambda nn: nn.ConvTranspose2d(3, 4, 4, 2, 1, 1), IMAGE),
    "ConvTranspose2d without bias": (lambda nn: nn.ConvTranspose2d(3, 4, (2, 3), bias=False), IMAGE),
    "ConvTranspose2d dilation and groups": (lambda nn: nn.ConvTranspose2d(4, 6, 3, 2, 1, (0, 1), 2, True, 2), FOUR),
}

paddings = st.one_of(pair, st.sampled_from(["same", "valid", "circular"]))

ARGUMENTS = {
    "conv2d": (tensors, tensors, maybe, pair, paddings, pair, st.one_of(whole, st.none())),
    "conv_transpose2d": (tensors, tensors, maybe, pair, pair, pair, st.one_of(whole, st.just("2")), pair),
}
