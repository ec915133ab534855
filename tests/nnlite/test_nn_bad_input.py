"""Whatever settings, inputs and states layers, optimisers and files get: a result, or an error of a known kind."""

import inspect
import math
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
from nnlite import DeviceError, GraphError, NonFiniteError, nn, optim
from nnlite.optim import lr_scheduler
from tests.operations.arguments import tensors

KNOWN = (DeviceError, GraphError, NonFiniteError, TypeError, IndexError, ValueError)  # the rest are ValueErrors
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:.*{what}")
    for what in ("flattens everything", "they broadcast", "this does not matter")
]

things = st.sampled_from(
    [None, "text", -1, 0, 3, 2.5, True, math.nan, math.inf, np.int64(3), (), (1, 2), (1, 2, 3), [2, 3], {"a": 1}, abs]
)
bad = things | st.builds(np.ones, st.sampled_from([2, (2, 3)])) | tensors
images = st.sampled_from([(2, 3), (2, 4), (2, 3, 4), (1, 3, 4, 4), (2, 3, 5, 6)]).map(nnlite.ones)

# What makes a good call, for the arguments without a default
LAYER = {
    **{"in_channels": 3, "out_channels": 4, "kernel_size": 2, "output_size": 2, "padding": 1, "scale_factor": 2},
    **{"in_features": 4, "out_features": 2, "num_embeddings": 4, "embedding_dim": 3, "num_features": 3, "dim": 1},
    **{"num_groups": 3, "num_channels": 3, "normalized_shape": (4,), "unflattened_size": (3, 1), "upscale_factor": 1},
    **{"input_size": 4, "hidden_size": 2},
}
SCHEDULE = {"step_size": 2, "T_max": 3, "lr_lambda": lambda epoch: 0.5**epoch, "milestones": [2, 5], "gamma": 0.5}


def classes(module, base):
    found = {name for name, c in vars(module).items() if inspect.isclass(c) and issubclass(c, base) and c is not base}
    return sorted(found)


@contextmanager
def only_known_errors():
    with np.errstate(all="ignore"):
        try:
            yield
        except KNOWN as error:
            assert str(error)


def called(data, function, good):
    """The function called with good arguments but for two at most."""
    parameters = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
    arguments = {p.name: good.get(p.name, p.default) for p in parameters if p.kind is not p.VAR_POSITIONAL}
    for name in sorted(data.draw(st.sets(st.sampled_from(sorted(arguments) or [""]), max_size=2)) - {""}):
        arguments[name] = data.draw(bad, label=name)
    return function(**arguments)


def spoilt(data, state):
    """A copy of nested dictionaries and lists in which one thing is another."""
    if not isinstance(state, (dict, list)) or not state or data.draw(st.integers(0, 3)) == 0:
        return data.draw(bad)
    copy = state.copy()
    key = data.draw(st.sampled_from(list(copy) if isinstance(copy, dict) else range(len(copy))))
    if isinstance(copy, dict) and data.draw(st.integers(0, 3)) == 0:
        value = copy.pop(key)
        copy[data.draw(st.sampled_from([-1, 7, "1", "text"]))] = value
    else:
        copy[key] = spoilt(data, copy[key])
    return copy


def parameter():
    p = nn.Parameter(nnlite.ones(2, 3))
    p.grad = nnlite.ones(2, 3)
    return p


@pytest.mark.parametrize("name", sorted(set(classes(nn, nn.Module)) - {"Sequential", "ModuleList", "ModuleDict"}))
@given(data=st.data())
def test_layers(name, data):
    with only_known_errors():
        layer = called(data, getattr(nn, name), LAYER)
        assert name in repr(layer)
        layer.train(data.draw(st.booleans()))
        y = layer(*(data.draw(images | bad) for _ in inspect.signature(layer.forward).parameters))
        if isinstance(y, nnlite.Tensor) and y.requires_grad:
            y.sum().backward()


@given(data=st.data())
def test_containers(data):
    anything = bad | st.builds(nn.ReLU)
    several = st.lists(anything, max_size=2) | st.dictionaries(st.sampled_from(["a", "b.c", 3]), anything) | anything
    for make in (nn.Sequential, nn.ModuleList, nn.ModuleDict):
        with only_known_errors():
            make(data.draw(several))
    with only_known_errors():
        nn.ModuleList([nn.ReLU()])[data.draw(bad)] = data.draw(anything)
    with only_known_errors():
        nn.ModuleDict().update(data.draw(several))


@given(data=st.data())
def test_state_dicts(data):
    layer = nn.BatchNorm2d(2)
    with only_known_errors():
        layer.load_state_dict(spoilt(data, layer.state_dict()), strict=data.draw(st.booleans()))


@pytest.mark.parametrize("name", classes(optim, optim.Optimizer))
@given(data=st.data())
def test_optimisers(name, data):
    make = getattr(optim, name)
    with only_known_errors():
        own = called(data, make, {"params": [parameter()]})
        own.step()
    own = make([parameter(), parameter()])
    own.step()
    with only_known_errors():
        own.load_state_dict(spoilt(data, own.state_dict()))
        own.step()


@pytest.mark.parametrize("name", [n for n in classes(lr_scheduler, lr_scheduler.LRScheduler) if n[0] != "_"])
@given(data=st.data())
def test_schedules(name, data):
    make = getattr(lr_scheduler, name)
    figures = [0.5] if name == "ReduceLROnPlateau" else []
    with only_known_errors():
        schedule = called(data, make, SCHEDULE | {"optimizer": optim.SGD([parameter()])})
        schedule.step(*figures)
    schedule = called_well(make)
    with only_known_errors():
        schedule.load_state_dict(spoilt(data, schedule.state_dict()))
        schedule.step(*figures)


def called_well(make):
    names = inspect.signature(make).parameters.keys() & SCHEDULE.keys()
    return make(optim.SGD([parameter()]), **{name: SCHEDULE[name] for name in names})


@pytest.mark.parametrize("name", [n for n, f in vars(nn.init).items() if inspect.isfunction(f) and n.endswith("_")])
@given(data=st.data())
def test_initialisers(name, data):
    with only_known_errors():
        called(data, getattr(nn.init, name), {"tensor": nnlite.ones(3, 4), "val": 0.5})


@given(data=st.data())
def test_tools_for_gradients_and_weights(data):
    with only_known_errors():
        called(data, nn.utils.clip_grad_norm_, {"parameters": [parameter()], "max_norm": 1.0})
    with only_known_errors():
        called(data, nn.utils.clip_grad_value_, {"parameters": [parameter()], "clip_value": 1.0})
    with only_known_errors():
        layer = called(data, nn.utils.parametrizations.spectral_norm, {"module": nn.Linear(3, 2)})
        layer(nnlite.ones(2, 3))


@given(data=st.data())
def test_files(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "state"
    state = {"model": {"weight": nnlite.ones(2), "bias": np.ones(3)}, "step": 3, "rates": [0.1, 0.2]}
    with only_known_errors():
        nnlite.save(spoilt(data, state), path, data.draw(st.none() | bad))
        nnlite.load(path)
    with only_known_errors():
        nnlite.load(data.draw(bad.filter(lambda b: not isinstance(b, int))))


# What the messages say

REFUSED = {
    "dropout": (lambda: nn.Dropout(2), ValueError, "Dropout: p must lie between 0 and 1, got 2"),
    "dropout of text": (lambda: nn.Dropout2d("a"), TypeError, "Dropout2d: p must be a number, got 'a'"),
    "eps": (lambda: nn.BatchNorm2d(3, eps=-1), ValueError, "BatchNorm2d: eps must be a number above 0, got -1"),
    "momentum": (lambda: nn.BatchNorm2d(3, momentum="a"), TypeError, "BatchNorm2d: momentum must be a number"),
    "much momentum": (lambda: nn.InstanceNorm1d(3, momentum=5), ValueError, "InstanceNorm1d: momentum .* got 5"),
    "features": (lambda: nn.BatchNorm1d(0), ValueError, "num_features must be a whole number of at least 1, got 0"),
    "layer norm of nothing": (lambda: nn.LayerNorm(()), ValueError, "at least one axis"),
    "half groups": (lambda: nn.GroupNorm(1.5, 3), ValueError, "GroupNorm: num_groups must be .* got 1.5"),
    "kernel": (lambda: nn.MaxPool2d(-1), ValueError, "MaxPool2d: kernel_size must be .* at least 1, got -1"),
    "wide padding": (lambda: nn.AvgPool2d(2, padding=5), ValueError, "padding 5 must be at most half of kernel_size 2"),
    "divisor": (lambda: nn.AvgPool2d(2, divisor_override=0), ValueError, "divisor_override must be .* got 0"),
    "output size": (lambda: nn.AdaptiveAvgPool2d((None, -1)), ValueError, "AdaptiveAvgPool2d: output_size must be"),
    "reduction": (lambda: nn.L1Loss(reduction="foo"), ValueError, "L1Loss: reduction must be 'mean', .* got 'foo'"),
    "batchmean": (lambda: nn.MSELoss(reduction="batchmean"), ValueError, "got 'batchmean'"),
    "delta": (lambda: nn.HuberLoss(delta=-1), ValueError, "HuberLoss: delta must be a number above 0, got -1"),
    "beta": (lambda: nn.SmoothL1Loss(beta=-1), ValueError, "SmoothL1Loss: beta must not be negative, got -1"),
    "smoothing": (lambda: nn.CrossEntropyLoss(label_smoothing=2), ValueError, "label_smoothing .* got 2"),
    "ignored": (lambda: nn.NLLLoss(ignore_index="a"), ValueError, "NLLLoss: ignore_index must be a whole number"),
    "gelu": (lambda: nn.GELU("foo"), ValueError, "GELU: approximate must be 'none' or 'tanh', got 'foo'"),
    "slope": (lambda: nn.LeakyReLU("a"), TypeError, "LeakyReLU: negative_slope must be a number, got 'a'"),
    "softplus": (lambda: nn.Softplus(0), ValueError, "Softplus: beta must not be 0"),
    "prelu": (lambda: nn.PReLU(0), ValueError, "PReLU: num_parameters must be .* at least 1, got 0"),
    "axis": (lambda: nn.Softmax("a"), ValueError, "Softmax: dim must be a whole number, got 'a'"),
    "no axis": (lambda: nn.LogSoftmax()(nnlite.ones(2)), TypeError, "log_softmax: dim must be .* got None"),
    "upsample": (lambda: nn.Upsample(), ValueError, "Upsample: give either size or scale_factor, got None and None"),
    "mode": (lambda: nn.Upsample(scale_factor=2, mode="cubic"), ValueError, "Upsample: mode must be .* got 'cubic'"),
    "scale": (lambda: nn.Upsample(scale_factor=(2, 0)), ValueError, r"scale_factor must be .* got \(2, 0\)"),
    "corners": (lambda: nn.Upsample(2, align_corners=True), ValueError, "align_corners goes with modes 'bilinear' and"),
    "shuffle": (lambda: nn.PixelShuffle(-1), ValueError, "PixelShuffle: upscale_factor must be .* got -1"),
    "sizes": (lambda: nn.Unflatten(1, "ab"), TypeError, "Unflatten: unflattened_size must be a tuple .* got 'ab'"),
    "flatten": (lambda: nn.Flatten("a"), ValueError, "Flatten: start_dim must be a whole number, got 'a'"),
    "no tensor": (lambda: nn.Unflatten(1, (3, 1))([1.0]), TypeError, "Unflatten: expected a Tensor, got list"),
    "prelu's input": (lambda: nn.PReLU()(None), TypeError, "PReLU: expected a Tensor, got NoneType"),
    "linear": (lambda: nn.Linear(-1, 2), ValueError, "Linear: in_features must be .* at least 0, got -1"),
    "embedding": (lambda: nn.Embedding(0, -1), ValueError, "Embedding: embedding_dim must be .* got -1"),
    "channels": (lambda: nn.Conv2d("a", 2, 3), ValueError, "Conv2d: in_channels must be a whole number .* got 'a'"),
    "output padding": (
        lambda: nn.ConvTranspose2d(2, 2, 3, output_padding=5),
        ValueError,
        r"ConvTranspose2d: output_padding \(5, 5\) must be smaller than stride \(1, 1\) or dilation \(1, 1\)",
    ),
    "padding mode": (
        lambda: nn.ConvTranspose2d(2, 2, 3, padding_mode="reflect"),
        ValueError,
        "ConvTranspose2d: padding_mode must be 'zeros', got 'reflect'",
    ),
    "no list": (lambda: nn.ModuleList(3), TypeError, "ModuleList: expected several Modules, such as a list, got 3"),
    "no names": (lambda: nn.ModuleDict([nn.ReLU()]), TypeError, "ModuleDict: expected a dictionary of Modules"),
    "spectral norm": (lambda: nn.utils.parametrizations.spectral_norm(3), TypeError, "expected a Module, got int"),
    "maximize": (lambda: optim.AdamW([parameter()], maximize=True), ValueError, "AdamW: maximize=True is not covered"),
    "dampening": (lambda: optim.SGD([parameter()], dampening="a"), ValueError, "SGD: dampening must be .* got 'a'"),
    "gamma": (lambda: lr_scheduler.StepLR(optim.SGD([parameter()]), 2, "a"), TypeError, "StepLR: gamma must be"),
    "epoch": (
        lambda: lr_scheduler.StepLR(optim.SGD([parameter()]), 2, last_epoch=-2),
        ValueError,
        "StepLR: last_epoch must be a whole number from -1 on, got -2",
    ),
    "save": (lambda: nnlite.save(nn.ReLU(), "x"), TypeError, r"got ReLU; pass module\.state_dict\(\)"),
    "names that clash": (
        lambda: nnlite.save({"a": np.ones(1), "a/b": 3}, "x"),
        nnlite.CheckpointError,
        "'a/b' has its place inside 'a', which is a value itself",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_told_why(what):
    call, error, says = REFUSED[what]
    with pytest.raises(error, match=says):
        call()


@pytest.mark.parametrize(
    ("state", "error", "says"),
    [
        (None, TypeError, "SGD: expected an optimiser's state_dict, got NoneType"),
        ({"state": {}, "param_groups": [{}]}, ValueError, "list of dictionaries with a list of 'params'"),
        ({"state": {0: None}, "param_groups": []}, ValueError, "'state' must be a dictionary of dictionaries"),
        ({"state": {5: {}}}, ValueError, r"the state has parameters \[5\], this has 1"),
        ({"state": {0: {"momentum_buffer": 3}}}, ValueError, "momentum_buffer has shape int, the parameter"),
        ({"state": {0: {"step": -1}}}, ValueError, "step must be a number of steps, at least 0, got -1"),
    ],
)
def test_what_is_no_state_is_refused_and_changes_nothing(state, error, says):
    p = parameter()
    own = optim.SGD([p], momentum=0.9)
    own.step()
    before = own.state[p]["momentum_buffer"]
    with pytest.raises(error, match=says):
        own.load_state_dict(state if state is None else own.state_dict() | state)
    assert own.state[p]["momentum_buffer"] is before


def test_a_schedules_state_is_checked_and_copied():
    schedule, other = (lr_scheduler.StepLR(optim.SGD([parameter()], 0.5), 2) for _ in range(2))
    state = other.state_dict()
    schedule.load_state_dict(state)
    state["base_lrs"][0] = 9.0
    assert schedule.base_lrs == [0.5]
    for wrong, error, says in (
        ([], TypeError, "StepLR: expected a scheduler's state_dict, got list"),
        (state | {"base_lrs": 3}, ValueError, "base_lrs must be a list of rates, got 3"),
        (state | {"step_size": 0}, ValueError, "step_size must be .* at least 1, got 0"),
    ):
        with pytest.raises(error, match=says):
            schedule.load_state_dict(wrong)
        assert schedule.step_size == 2 and schedule.base_lrs == [0.5]


# Parameters


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4, 5)])
def test_a_parameter_over_a_tensors_memory_counts_changes_with_it(shape):
    t = nnlite.Tensor(np.moveaxis(np.ones((*shape[:1], *shape[2:], *shape[1:2]), np.float32), -1, 1 % len(shape)))
    p = nn.Parameter(t)
    assert p.shape == shape and np.shares_memory(p.array, t.array)
    for changed in (t, p):
        y = (p * p).sum()
        with nnlite.no_grad():
            changed += 1.0
        with pytest.raises(GraphError, match="changed in place"):
            y.backward()


def test_a_parameter_has_the_memory_of_its_tensor(fast):
    t = nnlite.ones(2, 3, 4, 5)  # rows first, though channels last would be faster
    p = nn.Parameter(t)
    y = (p * p).sum()
    t += 1.0
    assert float(p.detach().sum()) == 2.0 * p.numel()
    with pytest.raises(nnlite.GraphError, match="changed in place"):
        y.backward()


def test_a_parameter_is_not_replaced_by_what_is_no_parameter():
    layer = nn.Linear(2, 2)
    weight = layer.weight
    for value in (nnlite.ones(2, 2), np.ones((2, 2)), 3):
        with pytest.raises(TypeError, match=r"Linear\.weight is a Parameter, which .* cannot replace; assign nn\.Par"):
            layer.weight = value
        assert layer.weight is weight
    layer.weight, layer.bias = nn.Parameter(nnlite.zeros(2, 2)), None
    assert [name for name, _ in layer.named_parameters()] == ["weight"]


# PyTorch's signatures


@pytest.mark.parametrize("name", ["BatchNorm1d", "BatchNorm2d", "InstanceNorm1d", "InstanceNorm2d", "GroupNorm"])
def test_norms_do_without_their_bias_as_pytorchs(torch, name):
    sizes = (1, 3) if name == "GroupNorm" else (3,)
    ours, theirs = (getattr(lib, name)(*sizes, affine=True, bias=False) for lib in (nn, torch.nn))
    assert repr(ours) == repr(theirs) and list(ours.state_dict()) == list(theirs.state_dict())
    x = np.arange(24, dtype=np.float32).reshape((2, 3, 4, 1) if name.endswith("2d") else (2, 3, 4)) ** 2
    np.testing.assert_allclose(
        ours(nnlite.tensor(x)).detach().numpy(), theirs(torch.tensor(x)).detach().numpy(), rtol=1e-4, atol=1e-5
    )


def test_arguments_stand_where_pytorchs_do(torch):
    """Names, order and defaults, but for what is not covered: devices and dtypes, and what PyTorch has abandoned."""
    left_out = {"device", "dtype", "size_average", "reduce", "min_value", "max_value"}

    def listed(function):
        parameters = inspect.signature(function).parameters.values()
        named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        return {p.name: p.default for p in named if p.name not in left_out}

    covered_in_part = {"Embedding", "RNN", "LSTM", "GRU"}  # the last three take *args there: test_functional_recurrent
    for name in set(classes(nn, nn.Module)) - covered_in_part:
        assert list(listed(getattr(nn, name)).items()) == list(listed(getattr(torch.nn, name)).items()), name
    for name in classes(optim, optim.Optimizer):
        ours, theirs = listed(getattr(optim, name)), listed(getattr(torch.optim, name))
        assert list(ours.items()) == list(theirs.items())[: len(ours)], name


def test_the_warning_of_a_large_eps_points_at_the_line_that_made_the_layer():
    for make in (nn.BatchNorm2d, nn.InstanceNorm2d):
        with pytest.warns(UserWarning, match=rf"{make.__name__}\(eps=0\.8\) .* momentum=0\.8") as caught:
            make(3, 0.8)
        assert caught[0].filename == __file__
