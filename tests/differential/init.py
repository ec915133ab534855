"""The table of nn.init: name -> entry; all but a few are random."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.differential.arguments import args
from tests.differential.compare import Entry
from tests.differential.draws import MISSING, floats, maybe, tensors

matrix = tensors(
    shape=st.sampled_from(((2, 3), (3, 2), (2, 2), (1, 4), (2, 3, 2, 2))),
    dtype=floats,
    grads=("none", "leaf"),
    orders=("C", "C", "every second"),
)
gain = maybe(st.sampled_from((1.0, 2.0)))
fan = {
    "mode": maybe(st.sampled_from(("fan_in", "fan_out", "fan"))),
    "nonlinearity": maybe(st.sampled_from(("relu", "leaky_relu", "tanh"))),
}

INIT: dict[str, Entry] = {
    "zeros_": args(tensor=matrix),
    "ones_": args(tensor=matrix),
    "constant_": args(tensor=matrix, val=st.sampled_from((0.5, 2, -1.0))),
    "eye_": args(tensor=matrix),
    "uniform_": args(tensor=matrix, a=maybe(st.just(0.5)), b=maybe(st.just(2.0)), random=True),
    "normal_": args(tensor=matrix, mean=maybe(st.just(0.5)), std=maybe(st.just(2.0)), random=True),
    "trunc_normal_": args(
        tensor=matrix,
        mean=maybe(st.just(0.5)),
        std=maybe(st.just(2.0)),
        a=maybe(st.just(-1.0)),
        b=maybe(st.just(1.0)),
        random=True,
    ),
    **{
        name: args(tensor=matrix, gain=gain, random=True)
        for name in ("xavier_uniform_", "xavier_normal_", "orthogonal_")
    },
    **{
        name: args(tensor=matrix, a=maybe(st.sampled_from((0, 0.5))), **fan, random=True)
        for name in ("kaiming_uniform_", "kaiming_normal_")
    },
    "calculate_gain": args(
        lambda lib, *a: float(lib.nn.init.calculate_gain(*[x for x in a if x is not MISSING])),
        nonlinearity=st.sampled_from(("relu", "tanh", "leaky_relu", "sigmoid", "linear", "conv2d", "selu", "no")),
        param=maybe(st.sampled_from((0.5, None, 1))),
    ),
}
