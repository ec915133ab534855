"""The table of what networks are made of: nonlinearities, norms, images, losses; see functions.py."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.differential.arguments import (
    args,
    batch_settings,
    bias_of,
    border,
    class_weights,
    classes_for,
    classified,
    dilation_without_padding,
    dim,
    ending_of,
    filters_for,
    fl,
    full_fl,
    given,
    images,
    kind,
    normed,
    number,
    of_normalized,
    pairs,
    per_channel,
    probabilities,
    reduced,
    running,
    some_images,
    targets_like,
    unary,
)  # fmt: skip
from tests.differential.compare import Entry
from tests.differential.draws import (
    MISSING,
    Recipe,
    alike,
    flags,
    floats,
    maybe,
    same,
    settings_floats,
    shapes,
    tensors,
)  # fmt: skip

NETWORKS: dict[str, Entry] = {
    # nonlinearities
    **{name: unary for name in ("relu", "sigmoid", "tanh", "silu", "logsigmoid", "softsign", "relu6", "selu")},
    "leaky_relu": args(input=number, negative_slope=maybe(settings_floats), inplace=maybe(flags)),
    "relu, inplace": args(lambda lib, x: lib.nn.functional.relu(x, inplace=True), input=number),
    "elu": args(input=number, alpha=maybe(settings_floats), inplace=maybe(flags)),
    "hardtanh": args(
        input=number, min_val=maybe(st.sampled_from((-1.0, -0.5))), max_val=maybe(st.sampled_from((1.0, 0.5)))
    ),
    "gelu": args(input=number, keywords={"approximate": maybe(st.sampled_from(("none", "tanh", "no")))}),
    "softplus": args(
        input=number, beta=maybe(settings_floats.filter(bool)), threshold=maybe(st.sampled_from((20, 1.0)))
    ),
    "prelu": args(
        input=full_fl,
        weight=lambda drawn: tensors(
            shape=st.sampled_from(((1,), (), drawn["input"].shape[1:2], (3,))), dtype=drawn["input"].values.dtype.name
        ),
    ),
    "softmax": args(input=number, dim=dim, keywords=kind),
    "log_softmax": args(input=number, dim=dim, keywords=kind),
    # norms
    "batch_norm": args(
        input=normed,
        running_mean=running,
        running_var=running,
        weight=per_channel(),
        bias=per_channel(),
        training=maybe(flags),
        keywords=batch_settings,
        rounding=50,
    ),
    "instance_norm": args(
        input=normed,
        running_mean=running,
        running_var=running,
        weight=per_channel(),
        bias=per_channel(),
        use_input_stats=maybe(flags),
        keywords=batch_settings,
        rounding=50,
    ),
    "instance_norm, bare": args(lambda lib, x: lib.nn.functional.instance_norm(x), input=normed, rounding=50),
    "batch_norm, bare": args(
        lambda lib, x: lib.nn.functional.batch_norm(x, None, None, training=True), input=normed, rounding=50
    ),
    "layer_norm": args(
        input=normed,
        normalized_shape=ending_of,
        weight=of_normalized,
        bias=of_normalized,
        eps=maybe(st.sampled_from((1e-5, 0.1))),
        rounding=50,
    ),
    "group_norm": args(
        input=normed,
        num_groups=st.integers(1, 4),
        weight=per_channel(),
        bias=per_channel(),
        eps=maybe(st.sampled_from((1e-5, 0.1))),
        rounding=50,
    ),
    # images
    "conv2d": args(
        lambda lib, groups, input, weight, bias, stride, padding, dilation: lib.nn.functional.conv2d(
            input,
            weight,
            *([] if bias is MISSING else [bias]),
            groups=1 if groups is MISSING else groups,
            **given(stride=stride, padding=padding, dilation=dilation),
        ),
        groups=maybe(st.sampled_from((1, 2))),
        input=some_images,
        weight=filters_for,
        bias=bias_of(0),
        stride=pairs(1, 2),
        padding=st.one_of(pairs(0, 2), st.sampled_from(("same", "valid"))),
        dilation=pairs(1, 2),
    ),
    "conv_transpose2d": args(
        lambda lib, groups, input, weight, bias, stride, padding, output_padding, dilation: (
            lib.nn.functional.conv_transpose2d(
                input,
                weight,
                *([] if bias is MISSING else [bias]),
                groups=1 if groups is MISSING else groups,
                **given(stride=stride, padding=padding, output_padding=output_padding, dilation=dilation),
            )
        ),
        groups=maybe(st.sampled_from((1, 2))),
        input=some_images,
        weight=lambda drawn: filters_for(drawn, True),
        bias=bias_of(1, True),
        stride=pairs(1, 2),
        padding=pairs(0, 1),
        output_padding=pairs(0, 1),
        dilation=pairs(1, 2),
    ),
    "max_pool2d": args(
        input=some_images,
        kernel_size=pairs(1, 3).filter(lambda k: k is not MISSING),
        stride=pairs(1, 3),
        padding=pairs(0, 1),
        dilation=dilation_without_padding,
        ceil_mode=maybe(flags),
    ),
    "avg_pool2d": args(
        input=some_images,
        kernel_size=pairs(1, 3).filter(lambda k: k is not MISSING),
        stride=pairs(1, 3),
        padding=pairs(0, 1),
        ceil_mode=maybe(flags),
        count_include_pad=maybe(flags),
        divisor_override=maybe(st.sampled_from((None, 2, 3))),
    ),
    "adaptive_avg_pool2d": args(
        input=some_images,
        output_size=st.one_of(st.integers(1, 4), st.tuples(st.one_of(st.none(), st.integers(1, 4)), st.integers(1, 4))),
    ),
    "pad": args(
        input=tensors(shape=shapes),
        pad=border,
        mode=maybe(st.sampled_from(("constant", "constant", "reflect", "replicate", "circular"))),
        value=maybe(st.sampled_from((None, 0.5, 1.0, 2, 0))),
    ),
    "interpolate": args(
        lambda lib, input, sized, mode, align: lib.nn.functional.interpolate(
            input, **sized, mode=mode, **given(align_corners=align)
        ),
        input=images,
        sized=st.one_of(
            st.one_of(st.integers(1, 7), st.tuples(st.integers(1, 7), st.integers(1, 7))).map(lambda s: {"size": s}),
            st.sampled_from((2, 0.5, 1.5, 3.0, (2, 1), (0.5, 2.0))).map(lambda s: {"scale_factor": s}),
        ),
        mode=st.sampled_from(("nearest", "bilinear", "bicubic")),
        align=maybe(st.sampled_from((None, False, True))),
    ),
    "pixel_shuffle": args(input=images, upscale_factor=st.integers(1, 2)),
    "embedding": args(
        input=lambda drawn: tensors(
            dtype=st.sampled_from(("int64", "int64", "int64", "int32", "float32")), low=0, high=4
        ),
        weight=tensors(shape=st.sampled_from(((5, 2), (3, 1), (5, 0), (5,))), dtype=floats),
        padding_idx=maybe(st.sampled_from((None, 0, 1, -1, 9))),
    ),
    # random numbers
    "dropout": args(
        input=fl,
        p=maybe(st.sampled_from((0.5, 0.0, 1.0, 2.0, 0.3))),
        training=maybe(flags),
        inplace=maybe(flags),
        random=True,
    ),
    "dropout, none": args(
        lambda lib, x, inplace: lib.nn.functional.dropout(x, 0.5, False, inplace), input=number, inplace=flags
    ),
    "dropout, all": args(
        lambda lib, x, inplace: lib.nn.functional.dropout(x, 1.0, True, inplace), input=fl, inplace=flags
    ),
    "dropout2d": args(
        input=some_images,
        p=maybe(st.sampled_from((0.5, 0.0, 1.0))),
        training=maybe(flags),
        inplace=maybe(flags),
        random=True,
    ),
    # losses
    **{name: args(input=fl, target=targets_like("input"), keywords=reduced) for name in ("l1_loss", "mse_loss")},
    "huber_loss": args(
        input=fl, target=targets_like("input"), keywords={**reduced, "delta": maybe(st.sampled_from((1.0, 0.5, 2)))}
    ),
    "smooth_l1_loss": args(
        input=fl, target=targets_like("input"), keywords={**reduced, "beta": maybe(st.sampled_from((1.0, 0.5, 0)))}
    ),
    "binary_cross_entropy": args(
        input=probabilities(),
        target=lambda drawn: st.one_of(
            probabilities(drawn, "input"),
            probabilities(drawn, "input"),
            tensors(shape=drawn["input"].shape, dtype=st.sampled_from(("int64", "bool")), low=0, high=1),
        ),
        weight=maybe(alike("input", grads=("none",))({"input": Recipe(np.zeros((), "float32"))})),
        keywords=reduced,
    ),
    "binary_cross_entropy_with_logits": args(
        input=fl,
        target=lambda drawn: st.one_of(
            probabilities(drawn, "input"),
            probabilities(drawn, "input"),
            tensors(shape=drawn["input"].shape, dtype=st.sampled_from(("int64", "bool")), low=0, high=1),
        ),
        weight=lambda drawn: maybe(same("input", grads=("none",))(drawn)),
        keywords={**reduced, "pos_weight": lambda drawn: maybe(alike("input", grads=("none",), low=0.5)(drawn))},
    ),
    "kl_div": args(
        input=fl,
        target=lambda drawn: st.one_of(probabilities(drawn, "input"), same("input")(drawn)),
        keywords={"reduction": st.sampled_from(("mean", "sum", "none", "batchmean")), "log_target": maybe(flags)},
    ),
    "cross_entropy": args(
        input=classified(),
        target=classes_for,
        weight=class_weights,
        keywords={
            **reduced,
            "ignore_index": maybe(st.sampled_from((-100, 1))),
            "label_smoothing": maybe(st.sampled_from((0.0, 0.1, 1.0))),
        },
    ),
    "nll_loss": args(
        input=classified(),
        target=classes_for,
        weight=class_weights,
        keywords={**reduced, "ignore_index": maybe(st.sampled_from((-100, 1)))},
    ),
}
