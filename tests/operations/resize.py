"""functional/resize.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, op
from tests.operations.arguments import pair, tensors, whole

OPERATIONS = {
    "nearest": op(lambda lib, F, a: F.interpolate(a, scale_factor=3), IMAGE),
    "nearest pairs": op(lambda lib, F, a: F.interpolate(a, scale_factor=(1.4, 0.7)), IMAGE),
    "nearest to a size": op(lambda lib, F, a: F.interpolate(a, size=(3, 7), mode="nearest"), IMAGE),
    "bilinear": op(lambda lib, F, a: F.interpolate(a, scale_factor=2, mode="bilinear"), IMAGE),
    "bilinear to a size": op(lambda lib, F, a: F.interpolate(a, (3, 9), mode="bilinear", align_corners=False), IMAGE),
    "bilinear, odd scale": op(lambda lib, F, a: F.interpolate(a, scale_factor=1.7, mode="bilinear"), IMAGE),
    "bilinear, corners": op(lambda lib, F, a: F.interpolate(a, 8, mode="bilinear", align_corners=True), IMAGE),
    "bilinear to a pixel": op(lambda lib, F, a: F.interpolate(a, 1, mode="bilinear", align_corners=True), IMAGE),
    "bicubic": op(lambda lib, F, a: F.interpolate(a, scale_factor=2.3, mode="bicubic"), IMAGE),
    "bicubic, corners": op(lambda lib, F, a: F.interpolate(a, (3, 9), mode="bicubic", align_corners=True), IMAGE),
    "bicubic, antialias": op(lambda lib, F, a: F.interpolate(a, (9, 2), mode="bicubic", antialias=True), IMAGE),
    "bilinear, antialias": op(lambda lib, F, a: F.interpolate(a, (2, 7), mode="bilinear", antialias=True), IMAGE),
    "pixel_shuffle": op(lambda lib, F, a: F.pixel_shuffle(a, 2), (2, 8, 3, 2)),
}

ARGUMENTS = {
    "interpolate": (
        tensors,
        pair,
        st.one_of(whole, st.just(1.5), st.none(), st.just(float("nan"))),
        st.sampled_from(["nearest", "bilinear", "bicubic", "x"]),
        st.sampled_from([None, True, False]),
    ),
    "pixel_shuffle": (tensors, pair),
}
