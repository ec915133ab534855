"""The table of layers: name -> strategies for the settings, then for the input that the layer is called with.

A line is enough for a new layer:

    "ReLU6": layer(fl, inplace=maybe(flags)),

Both libraries build it with the same settings, get the same weights, and run it twice; compared are the outputs, the
buffers afterwards, and the gradients of weights and inputs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from tests.differential.arguments import (
    batch_settings,
    classes_for,
    classified,
    dilation_without_padding,
    pairs,
    probabilities,
    targets_like,
)  # fmt: skip
from tests.differential.compare import Call, array_of, draw_arguments, is_tensor, parts
from tests.differential.draws import MISSING, flags, full_shapes, maybe, numbers_of, tensors


class LayerEntry(NamedTuple):
    settings: dict[str, Any]
    inputs: tuple
    random: bool


def layer(*inputs: Any, random: bool = False, **settings: Any) -> LayerEntry:
    return LayerEntry(settings, inputs, random)


fl = tensors(shape=full_shapes, dtype=st.just("float32"))
picture = tensors(
    shape=st.tuples(st.sampled_from((1, 2)), st.sampled_from((2, 4)), st.integers(1, 5), st.integers(1, 5)),
    dtype=st.just("float32"),
)
some_pictures = st.one_of(
    picture,
    picture,
    picture,
    tensors(shape=st.tuples(st.sampled_from((2, 4)), st.integers(1, 5), st.integers(1, 5)), dtype=st.just("float32")),
)
slope = maybe(st.sampled_from((0.5, 0.1, 1.0)))
inplace = maybe(flags)
channels = st.sampled_from((1, 2, 4))
reduction = maybe(st.sampled_from(("mean", "sum", "none")))
kernel = pairs(1, 3).filter(lambda k: k is not MISSING)


def with_channels(name, *ranks):
    """An input whose axis 1 has as many channels as the setting of that name says, most often."""

    def strategy(drawn):
        c = st.sampled_from((drawn[name],) * 5 + (3,))
        sizes = st.sampled_from((2, 3, 1, 4))
        shapes = [
            st.tuples(sizes, c, *[sizes] * (rank - 2)) if rank > 0 else st.tuples(c, *[sizes] * (-rank - 1))
            for rank in ranks
        ]
        return tensors(shape=st.one_of(shapes), dtype=st.just("float32"))

    return strategy


def last_axis(name):
    return lambda drawn: tensors(
        shape=st.lists(st.sampled_from((2, 1, 3)), max_size=2).map(lambda s: (*s, drawn[name])),
        dtype=st.sampled_from(("float32",) * 5 + ("float64",)),
    )


def like_input(drawn):
    return targets_like("input 0")(drawn)


def steps(drawn):
    """A batch of sequences or a single one, most often with as many inputs a step as the layer takes."""
    inputs = st.sampled_from((drawn["input_size"],) * 5 + (3,))
    length = st.sampled_from((3, 1, 2))
    shapes = st.one_of(*[st.tuples(length, length, inputs)] * 3, st.tuples(length, inputs))
    return tensors(shape=shapes, dtype=st.just("float32"))


def states(pair, cell=False):
    """No initial state, or one (for an LSTM two) that fits most often."""

    def strategy(drawn):
        batch = drawn["input 0"].shape[:-1]
        if not cell:
            batch = batch[:1] if drawn["batch_first"] is True else batch[1:]
            batch = batch if drawn["input 0"].values.ndim == 3 else ()
            layers = drawn["num_layers"] if drawn["num_layers"] is not MISSING else 1
            batch = (layers * (2 if drawn["bidirectional"] is True else 1), *batch)
        shape = st.sampled_from(((*batch, drawn["hidden_size"]),) * 5 + ((1, drawn["hidden_size"]),))
        state = tensors(shape=shape, dtype=st.just("float32"), orders=("C",))
        return st.one_of(st.none(), st.tuples(state, state) if pair else state)

    return strategy


sizes = {"input_size": st.integers(1, 3), "hidden_size": st.integers(1, 3)}
recurrent = {
    **sizes,
    "num_layers": maybe(st.sampled_from((1, 2))),
    "bias": maybe(flags),
    "batch_first": maybe(flags),
    "dropout": maybe(st.sampled_from((0.0, 1.0))),  # what lies between draws random numbers
    "bidirectional": maybe(flags),
}
nonlinearity = maybe(st.sampled_from(("tanh", "relu", "gelu")))

MODULES: dict[str, LayerEntry] = {
    "Linear": layer(
        last_axis("in_features"), in_features=st.integers(1, 3), out_features=st.integers(1, 3), bias=maybe(flags)
    ),
    "Conv2d": layer(
        with_channels("in_channels", 4, 4, -3),
        in_channels=channels,
        out_channels=channels,
        kernel_size=kernel,
        stride=pairs(1, 2),
        padding=st.one_of(pairs(0, 2), st.sampled_from(("same", "valid"))),
        dilation=pairs(1, 2),
        groups=maybe(st.sampled_from((1, 2))),
        bias=maybe(flags),
        padding_mode=maybe(st.sampled_from(("zeros", "zeros", "reflect", "replicate", "circular"))),
    ),
    "ConvTranspose2d": layer(
        with_channels("in_channels", 4, 4, -3),
        in_channels=channels,
        out_channels=channels,
        kernel_size=kernel,
        stride=pairs(1, 2),
        padding=pairs(0, 1),
        output_padding=pairs(0, 1),
        groups=maybe(st.sampled_from((1, 2))),
        bias=maybe(flags),
        dilation=pairs(1, 2),
    ),
    "BatchNorm1d": layer(
        with_channels("num_features", 2, 3),
        num_features=channels,
        affine=maybe(flags),
        track_running_stats=maybe(flags),
        **batch_settings,
    ),
    "BatchNorm2d": layer(
        with_channels("num_features", 4, 4, 3),
        num_features=channels,
        momentum=maybe(st.sampled_from((0.1, 0.5, None))),
        affine=maybe(flags),
        track_running_stats=maybe(flags),
    ),
    "InstanceNorm1d": layer(
        with_channels("num_features", 3, 3, -2),
        num_features=channels,
        affine=maybe(flags),
        track_running_stats=maybe(flags),
        **batch_settings,
    ),
    "InstanceNorm2d": layer(
        with_channels("num_features", 4, 4, -3),
        num_features=channels,
        affine=maybe(flags),
        track_running_stats=maybe(flags),
        **batch_settings,
    ),
    "LayerNorm": layer(
        last_axis("normalized_shape"),
        normalized_shape=st.integers(1, 3),
        eps=maybe(st.just(0.1)),
        elementwise_affine=maybe(flags),
        bias=maybe(flags),
    ),
    "GroupNorm": layer(
        with_channels("num_channels", 4, 3, 2),
        num_groups=st.sampled_from((1, 2, 3)),
        num_channels=channels,
        eps=maybe(st.just(0.1)),
        affine=maybe(flags),
    ),
    "Embedding": layer(
        tensors(shape=full_shapes, dtype=st.sampled_from(("int64", "int64", "int32")), low=0, high=2),
        num_embeddings=st.integers(2, 3),
        embedding_dim=st.integers(1, 3),
        padding_idx=maybe(st.sampled_from((None, 0, -1, 5))),
    ),
    "RNN": layer(steps, states(pair=False), **recurrent, nonlinearity=nonlinearity),
    "LSTM": layer(steps, states(pair=True), **recurrent),
    "GRU": layer(steps, states(pair=False), **recurrent),
    "RNNCell": layer(last_axis("input_size"), states(False, cell=True), **sizes, nonlinearity=nonlinearity),
    "LSTMCell": layer(last_axis("input_size"), states(True, cell=True), **sizes, bias=maybe(flags)),
    "GRUCell": layer(last_axis("input_size"), states(False, cell=True), **sizes, bias=maybe(flags)),
    "Sequential": layer(last_axis("n"), n=st.integers(1, 3)),
    "Identity": layer(fl),
    "ReLU": layer(fl, inplace=inplace),
    "LeakyReLU": layer(fl, negative_slope=slope, inplace=inplace),
    "PReLU": layer(
        with_channels("num_parameters", 4, 2, 3), num_parameters=st.sampled_from((1, 2)), init=maybe(st.just(0.5))
    ),
    "ELU": layer(fl, alpha=slope, inplace=inplace),
    "GELU": layer(fl, approximate=maybe(st.sampled_from(("none", "tanh")))),
    "SiLU": layer(fl, inplace=inplace),
    "Softplus": layer(fl, beta=slope, threshold=maybe(st.just(1.0))),
    "Tanh": layer(fl),
    "SELU": layer(fl, inplace=inplace),
    "ReLU6": layer(fl, inplace=inplace),
    "Hardtanh": layer(fl, min_val=maybe(st.just(-0.5)), max_val=maybe(st.just(0.5))),
    "Softsign": layer(fl),
    "LogSigmoid": layer(fl),
    "Sigmoid": layer(fl),
    "Softmax": layer(fl, dim=maybe(st.one_of(st.none(), st.integers(-2, 2)))),
    "LogSoftmax": layer(fl, dim=maybe(st.one_of(st.none(), st.integers(-2, 2)))),
    "MaxPool2d": layer(
        some_pictures,
        kernel_size=kernel,
        stride=pairs(1, 3),
        padding=pairs(0, 1),
        dilation=dilation_without_padding,
        ceil_mode=maybe(flags),
    ),
    "AvgPool2d": layer(
        some_pictures,
        kernel_size=kernel,
        stride=pairs(1, 3),
        padding=pairs(0, 1),
        ceil_mode=maybe(flags),
        count_include_pad=maybe(flags),
    ),
    "AdaptiveAvgPool2d": layer(
        some_pictures,
        output_size=st.one_of(st.integers(1, 3), st.tuples(st.one_of(st.none(), st.integers(1, 3)), st.integers(1, 3))),
    ),
    **{
        name: layer(
            some_pictures,
            padding=st.one_of(st.integers(0, 2), st.lists(st.integers(-1, 2), min_size=4, max_size=4).map(tuple)),
        )
        for name in ("ZeroPad2d", "ReflectionPad2d", "ReplicationPad2d")
    },
    "Upsample": layer(
        picture,
        size=maybe(st.integers(1, 6)),
        scale_factor=maybe(st.sampled_from((2, 0.5, (2, 1)))),
        mode=maybe(st.sampled_from(("nearest", "bilinear", "bicubic"))),
        align_corners=maybe(st.sampled_from((None, False, True))),
    ),
    "PixelShuffle": layer(some_pictures, upscale_factor=st.integers(1, 2)),
    "Flatten": layer(fl, start_dim=maybe(st.integers(-2, 2)), end_dim=maybe(st.integers(-2, 2))),
    "Unflatten": layer(fl, dim=st.integers(-2, 2), unflattened_size=st.sampled_from(((2, 1), (1, -1), (3,), [2, 2]))),
    "Dropout": layer(fl, p=maybe(st.sampled_from((0.5, 0.0, 1.0))), inplace=inplace, random=True),
    "Dropout2d": layer(some_pictures, p=maybe(st.sampled_from((0.5, 0.0, 1.0))), inplace=inplace, random=True),
    **{name: layer(fl, like_input, reduction=reduction) for name in ("L1Loss", "MSELoss")},
    "HuberLoss": layer(fl, like_input, reduction=reduction, delta=maybe(st.sampled_from((0.5, 1.0)))),
    "SmoothL1Loss": layer(fl, like_input, reduction=reduction, beta=maybe(st.sampled_from((0.5, 1.0)))),
    "BCELoss": layer(probabilities(), lambda drawn: probabilities(drawn, "input 0"), reduction=reduction),
    "BCEWithLogitsLoss": layer(
        fl,
        lambda drawn: probabilities(drawn, "input 0"),
        reduction=reduction,
        pos_weight=maybe(tensors(shape=(1,), dtype=st.just("float32"), low=0.5, grads=("none",))),
    ),
    "KLDivLoss": layer(
        fl,
        lambda drawn: probabilities(drawn, "input 0"),
        reduction=st.sampled_from(("mean", "sum", "none", "batchmean")),
        log_target=maybe(flags),
    ),
    "CrossEntropyLoss": layer(
        classified(),
        lambda drawn: classes_for({"input": drawn["input 0"]}),
        weight=maybe(tensors(shape=(3,), dtype=st.just("float32"), low=0.5, grads=("none",))),
        ignore_index=maybe(st.sampled_from((-100, 1))),
        reduction=reduction,
        label_smoothing=maybe(st.just(0.1)),
    ),
    "NLLLoss": layer(
        classified(),
        lambda drawn: classes_for({"input": drawn["input 0"]}),
        weight=maybe(tensors(shape=(3,), dtype=st.just("float32"), low=0.5, grads=("none",))),
        ignore_index=maybe(st.sampled_from((-100, 1))),
        reduction=reduction,
    ),
}

BUILD = {"Sequential": lambda nn, n: nn.Sequential(nn.Linear(n, 2), nn.ReLU(), nn.Linear(2, 3))}


@st.composite
def module_calls(draw, name: str) -> Call:
    entry = MODULES[name]
    drawn: dict[str, Any] = {}
    draw_arguments(draw, entry.settings, drawn)
    settings = {key: value for key, value in drawn.items() if value is not MISSING}
    inputs = {f"input {i}": strategy for i, strategy in enumerate(entry.inputs)}
    draw_arguments(draw, inputs, drawn)
    training = draw(flags)

    def function(lib, *given, **settings):
        return run_module(lib, name, given, settings, training)

    return Call(f"nn.{name} {'train' if training else 'eval'}", function, [drawn[key] for key in inputs], settings)


def run_module(lib: Any, name: str, given: tuple, settings: dict, training: bool) -> dict:
    """Build it, give it weights, call it twice, run backward; everything there is to compare."""
    module = BUILD.get(name, lambda nn, **settings: getattr(nn, name)(**settings))(lib.nn, **settings)
    module.train(training)
    before = {key: form(value) for key, value in module.state_dict().items()}
    with lib.no_grad():
        for i, parameter in enumerate(module.parameters()):
            parameter.copy_(lib.tensor(numbers_of(tuple(parameter.shape), "float32", i)))
    module(*given)
    output = module(*given)
    for part in parts(output):
        if is_tensor(part) and part.requires_grad:
            u = np.random.default_rng(7).integers(-4, 5, tuple(part.shape)) * 0.5
            part.backward(lib.tensor(u.astype(array_of(part).dtype)), retain_graph=True)
    gradients = {
        f"gradient of {key}": None if p.grad is None else p.grad.clone() for key, p in module.named_parameters()
    }
    after = {key: value.clone() for key, value in module.state_dict().items()}
    return {"output": output, "state before": before, **after, **gradients}


def form(value: Any) -> str:
    return f"{array_of(value).dtype} {tuple(value.shape)} {value.requires_grad}"
