"""functional/pool.py, and the layers of nn/{pool,pad,resize}.py: what they are compared with PyTorch on."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, distinct, op
from tests.operations.arguments import pair, tensors, whole

ODD = (2, 3, 7, 6)


OPERATIONS = {
    "max_pool2d": op(lambda lib, F, x: F.max_pool2d(x, 2), (distinct, ODD)),
    "max_pool2d overlapping": op(lambda lib, F, x: F.max_pool2d(x, 3, 1), (distinct, ODD)),
    "max_pool2d padding": op(lambda lib, F, x: F.max_pool2d(x, (3, 4), (2, 1), (1, 2)), (distinct, ODD)),
    "max_pool2d apart": op(lambda lib, F, x: F.max_pool2d(x, 2, (3, 4)), (distinct, ODD)),
    "max_pool2d dilation": op(lambda lib, F, x: F.max_pool2d(x, (3, 2), 1, (1, 0), (2, 3)), (distinct, ODD)),
    "max_pool2d ceil_mode": op(lambda lib, F, x: F.max_pool2d(x, 2, ceil_mode=True), (distinct, ODD)),
    "max_pool2d all at once": op(lambda lib, F, x: F.max_pool2d(x, (2, 3), (3, 2), 1, (3, 1), True), (distinct, ODD)),
    "max_pool2d of negative numbers": op(lambda lib, F, x: F.max_pool2d(x - 20.0, 2, 2, 1), (distinct, ODD)),
    "avg_pool2d": op(lambda lib, F, x: F.avg_pool2d(x, 2), ODD),
    "avg_pool2d overlapping": op(lambda lib, F, x: F.avg_pool2d(x, (3, 2), 1), ODD),
    "avg_pool2d padding": op(lambda lib, F, x: F.avg_pool2d(x, (3, 4), (2, 1), (1, 2)), ODD),
    "avg_pool2d ceil_mode": op(lambda lib, F, x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True), (2, 3, 6, 4)),
    "avg_pool2d without its padding": op(
        lambda lib, F, x: F.avg_pool2d(x, 3, 2, (1, 0), count_include_pad=False), IMAGE
    ),
    "avg_pool2d ceil_mode without its padding": op(
        lambda lib, F, x: F.avg_pool2d(x, (2, 3), (2, 3), (1, 1), True, False), (2, 3, 5, 6)
    ),
    "avg_pool2d divisor_override": op(
        lambda lib, F, x: F.avg_pool2d(x, 2, 1, 1, False, False, divisor_override=-3), IMAGE
    ),
    "adaptive_avg_pool2d": op(lambda lib, F, x: F.adaptive_avg_pool2d(x, (3, 4)), ODD),
    "adaptive_avg_pool2d to one": op(lambda lib, F, x: F.adaptive_avg_pool2d(x, 1), ODD),
    "adaptive_avg_pool2d larger": op(lambda lib, F, x: F.adaptive_avg_pool2d(x, (9, 5)), ODD),
    "adaptive_avg_pool2d one axis": op(lambda lib, F, x: F.adaptive_avg_pool2d(x, (None, 4)), ODD),
}

MODULES = {
    "MaxPool2d": (lambda nn: nn.MaxPool2d(3, 2, 1), ODD),
    "MaxPool2d kernel only": (lambda nn: nn.MaxPool2d((2, 3)), ODD),
    "MaxPool2d ceil_mode": (lambda nn: nn.MaxPool2d(2, (2, 1), (0, 1), (2, 1), ceil_mode=True), ODD),
    "AvgPool2d": (lambda nn: nn.AvgPool2d(2), ODD),
    "AvgPool2d all at once": (lambda nn: nn.AvgPool2d(3, 2, (1, 0), True, False, 5), ODD),
    "AdaptiveAvgPool2d": (lambda nn: nn.AdaptiveAvgPool2d((3, None)), ODD),
    "Upsample": (lambda nn: nn.Upsample(scale_factor=2), IMAGE),
    "Upsample bilinear": (lambda nn: nn.Upsample((7, 3), mode="bilinear", align_corners=True), IMAGE),
    "PixelShuffle": (lambda nn: nn.PixelShuffle(2), (2, 8, 3, 4)),
    "ZeroPad2d": (lambda nn: nn.ZeroPad2d(2), IMAGE),
    "ReflectionPad2d": (lambda nn: nn.ReflectionPad2d((1, 2, 0, 3)), IMAGE),
    "ReplicationPad2d": (lambda nn: nn.ReplicationPad2d((3, 0, 1, 2)), IMAGE),
}

ARGUMENTS = {
    "max_pool2d": (tensors, pair, pair, pair, pair, st.booleans()),
    "avg_pool2d": (tensors, pair, pair, pair, st.booleans(), st.booleans(), st.one_of(whole, st.just(0.5), st.none())),
    "adaptive_avg_pool2d": (tensors, st.one_of(pair, st.tuples(st.none(), whole))),
}
