"""Weights that a user names: foreign, damaged or edited ones give one line that says what was found and expected."""

import json
import tracemalloc

import numpy as np
import pytest

import nnlite
from demos.cartoonize.weights import DRAWERS, OPTIONS, load_generator
from demos.shared.digits import LENET5, load_lenet5
from demos.shared.weights import build_and_load, shapes
from demos.super_resolution.enlarge import load_generator as load_enlarger
from models.srgan import SRResNet
from models.unet import StrokeUNet
from models.vgg import VGG19, VGGFeatures, load_vgg19
from models.weights import load_weights
from nnlite import CheckpointError

from .runner import PHOTOS, call_here, refused

METADATA = {
    "generator": "stroke-unet",
    "options": json.dumps({"width": 3, "levels": 1}),
    "style": "toon",
    "short_side": "64",
    "strokes": "96",
    "recipe": json.dumps({"size": 32}),
    "test_photos": json.dumps(["00ff"]),
}
ENLARGER = {"width": 4, "blocks": 1, "steps": 3}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.safetensors"


@pytest.fixture
def weights():
    nnlite.manual_seed(0)
    return {name: weight.numpy() for name, weight in StrokeUNet(3, 1).state_dict().items()}


def test_what_the_file_says(path, weights):
    nnlite.save(weights, path, METADATA)
    network, about = load_generator(path)
    assert isinstance(network, StrokeUNet) and not network.training
    assert (about.kind, about.options, about.style) == ("stroke-unet", {"width": 3, "levels": 1}, "toon")
    assert (about.short_side, about.strokes, about.judged_size, about.test_photos) == (64, 96, 32, ["00ff"])
    nnlite.save(weights, path, METADATA | {"judged_size": "48"})
    assert load_generator(path)[1].judged_size == 48


def test_what_the_file_of_a_translation_says(path, weights):
    """It has no strokes and no style, but may say which colour is to be replaced."""
    text = {name: METADATA[name] for name in ("generator", "options")} | {"translation": "inpaint"}
    nnlite.save(weights, path, text)
    _, about = load_generator(path)
    assert (about.translation, about.style, about.hole) == ("inpaint", "", None)
    nnlite.save(weights, path, text | {"hole": '{"red": 255, "green": 0, "blue": 7}'})
    assert load_generator(path)[1].hole == (255, 0, 7)
    for hole in ("", "x", "[]", "{}", '{"red": 255, "green": 0}', '{"red": 256, "green": 0, "blue": 0}'):
        nnlite.save(weights, path, text | {"hole": hole})
        with pytest.raises(CheckpointError, match=r"weights\.safetensors: .*expected"):
            load_generator(path)


def test_weights_that_are_whole_numbers_are_refused(path, weights):
    name = next(name for name in weights if name.endswith("weight"))
    nnlite.save(weights | {name: weights[name].astype(np.int64)}, path, METADATA)
    with pytest.raises(CheckpointError, match=f"{name} holds int64, not floating-point numbers"):
        load_generator(path)


def test_weights_that_overflow_draw_nothing(path, weights, tmp_path):
    """All of them finite, so that only what they draw gives them away."""
    nnlite.save({name: np.float32(1e30) * weight for name, weight in weights.items()}, path, METADATA)
    status, _, stderr = call_here("apply", PHOTOS / "cat.jpg", "--model", path, "--out", tmp_path / "out")
    assert status == 2 and "weights are too large" in stderr and "Warning" not in stderr
    assert not list((tmp_path / "out").glob("*.jpg"))


def test_loading_leaves_the_random_numbers_as_they_are(path, weights):
    nnlite.save(weights, path, METADATA)
    before = nnlite.get_rng_state()
    load_generator(path)
    assert nnlite.get_rng_state() == before


OPTION_EDITS = [
    *({"width": width, "levels": 1} for width in (0, -1, 10**9, 10**30, 3.0, None, True, [3], 1024, 4, 2)),
    *({"width": 3, "levels": levels} for levels in (0, -1, 10**9, 3.5, "x", None, 2, 9)),
    {"width": 3},
    {},
    {"width": 3, "levels": 1, "x": 1},
    {"width": 3, "levels": 1, "self": 1},
    {"width": 3, "size": 32},
]
EDITS = [
    *(("options", json.dumps(options)) for options in OPTION_EDITS),
    *(("options", text) for text in (None, "", "x", "[]", "3", "null", "{", "[" * 10**5, "NaN", '{"width": 1e999}')),
    *(
        ("strokes", text)
        for text in (None, "", "0", "-1", "x", "96.5", "1e9", "9" * 30, "9" * 5000, "nan", "٣", "32769")
    ),
    *(("short_side", text) for text in (None, "", "0", "-1", "x", "1e3", "1000000000", "inf")),
    *(("generator", text) for text in (None, "", "unet", "resnet", "StrokeUNet", "__class__")),
    *(("style", text) for text in (None, "", "x", "__init__")),
    *(("recipe", text) for text in (None, "", "x", "[]", "{}", '{"size": 0}', '{"size": "x"}', '{"size": 10000}')),
    *(("judged_size", text) for text in ("", "0", "x", "65", "10000000000")),
    *(("test_photos", text) for text in ("", "x", "{}", "[1]", "[null]", '[["a"]]', '"text"')),
]


def name_of(edit):
    return "=".join(map(str, edit))[:40]


@pytest.mark.parametrize("edit", EDITS, ids=map(name_of, EDITS))
def test_a_generator_with_other_text(path, weights, edit):
    name, text = edit
    metadata = METADATA | {name: text} if text is not None else {n: t for n, t in METADATA.items() if n != name}
    nnlite.save(weights, path, metadata)
    tracemalloc.start()
    with pytest.raises(CheckpointError, match=r"weights\.safetensors.*(expected|does not (hold|say|fit))"):
        load_generator(path)
    assert tracemalloc.get_traced_memory()[1] < 50e6  # bytes; a network of width 1024 and 9 levels has gigabytes
    tracemalloc.stop()


def replaced(weights, name, change):
    return weights | {name: change(weights[name])}


def with_one(value):
    def change(weight):
        changed = weight.astype(np.float64)
        changed.flat[-1] = value
        return changed

    return change


NAME = "first.0.0.weight"
WEIGHT_EDITS = {
    "not a number": lambda w: replaced(w, NAME, with_one(np.nan)),
    "infinite": lambda w: replaced(w, NAME, with_one(-np.inf)),
    "beyond float32": lambda w: replaced(w, NAME, with_one(1e300)),
    "left out": lambda w: {name: weight for name, weight in w.items() if name != NAME},
    "too many": lambda w: w | {"other": np.zeros(3)},
    "none": lambda w: {},
    "wider": lambda w: replaced(w, NAME, lambda weight: np.zeros((4, *weight.shape[1:]), np.float32)),
    "flat": lambda w: replaced(w, NAME, np.ravel),
    "a number": lambda w: w | {NAME: 3},
    "text": lambda w: w | {NAME: "x"},
    "a dictionary": lambda w: w | {NAME: {"weight": np.zeros(3)}},
    "inside another": lambda w: {"model": w},
}


@pytest.mark.parametrize("edit", WEIGHT_EDITS)
def test_a_generator_with_other_weights(path, weights, edit):
    nnlite.save(WEIGHT_EDITS[edit](weights), path, METADATA)
    with pytest.raises(CheckpointError, match=r"weights\.safetensors"):
        load_generator(path)


@pytest.mark.parametrize("edit", WEIGHT_EDITS)
def test_a_lenet5_with_other_weights(path, edit):
    state = {name.replace("layers.0.weight", NAME): w.numpy() for name, w in nnlite.load(LENET5).items()}
    changed = WEIGHT_EDITS[edit](state)
    nnlite.save({name.replace(NAME, "layers.0.weight"): weight for name, weight in changed.items()}, path)
    with pytest.raises(CheckpointError, match=r"weights\.safetensors"):
        load_lenet5(path)


def test_weights_of_other_dtypes(path, weights):
    for dtype in (np.float16, np.float64):
        nnlite.save({name: weight.astype(dtype) for name, weight in weights.items()}, path, METADATA)
        network, _ = load_generator(path)
        for name, weight in network.state_dict().items():
            assert weight.dtype == np.float32 and np.array_equal(weight.numpy(), weights[name].astype(dtype))


ENLARGER_EDITS = [
    *(ENLARGER | {"width": width} for width in (None, 0, 1, 5, 1024, 10**9, 4.0)),
    *(ENLARGER | {"blocks": blocks} for blocks in (None, 0, 2, 64, 10**9, "x", [])),
    {},
    {"width": 4},
    [4, 1],
    "x",
]


@pytest.mark.parametrize("said", ENLARGER_EDITS, ids=str)
def test_an_enlarger_with_other_text(path, said):
    nnlite.save(SRResNet(4, 1).state_dict(), path, {"super_resolution": json.dumps(said)})
    with pytest.raises(CheckpointError, match=r"weights\.safetensors"):
        load_enlarger(path)
    nnlite.save(SRResNet(4, 1).state_dict(), path, {"super_resolution": json.dumps(ENLARGER)})
    assert load_enlarger(path).reach == 6


@pytest.mark.parametrize("name", ["features.0.weight", "features.28.bias"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_vgg_with_weights_that_are_not_numbers(path, name, value):
    state = {name: weight.numpy().copy() for name, weight in VGGFeatures((*VGG19[:-1], 1)).state_dict().items()}
    state[name].flat[0] = value
    nnlite.save(state, path)
    with pytest.raises(CheckpointError, match=rf"weights\.safetensors: {name} has values that are infinite or not"):
        load_vgg19(path)


BUILDERS = {**DRAWERS, "enlarger": SRResNet}
SMALL = {"width": 0, "levels": 2, "size": 32, "blocks": 2}


@pytest.mark.parametrize("kind", BUILDERS)
@pytest.mark.parametrize("width", [2, 3, 6, 9])
def test_shapes_are_known_without_the_network(kind, width):
    names = OPTIONS.get(kind, ENLARGER)
    options = {name: width if name == "width" else SMALL[name] for name in names if name in SMALL}
    real = {name: weight.shape for name, weight in BUILDERS[kind](**options).state_dict().items()}
    assert shapes(BUILDERS[kind], options) == real


def test_a_message_names_what_does_not_fit(path, weights):
    nnlite.save(weights, path)
    with pytest.raises(CheckpointError, match=r"first\.0\.0\.weight \(file \(3, 6, 3, 3\), model \(8, 6, 3, 3\)\)"):
        build_and_load(StrokeUNet, {"width": 8, "levels": 1}, path)
    with pytest.raises(CheckpointError, match=r"a network with width 900, levels 1 has \d+ weights, the file \d+;"):
        build_and_load(StrokeUNet, {"width": 900, "levels": 1}, path)
    with pytest.raises(CheckpointError, match=r"weights\.safetensors: .*missing: layers"):
        load_weights(load_lenet5(), weights, path)


# From the command line

COMMANDS = {
    "apply": ("cartoonize", ["apply", PHOTOS / "cat.jpg", "--model"]),
    "judge": ("cartoonize", ["judge", "--model"]),
    "look": ("look_inside", ["--network", "cartoon", "--model"]),
    "digits": ("look_inside", ["--network", "lenet5", "--model"]),
    "enlarge": ("super_resolution", ["apply", PHOTOS / "cat.jpg", "--model"]),
    "paint": ("style_transfer", ["--size", 16, "--steps", 1, "--device", "cpu", "--vgg"]),
}
FILES = {
    "of nothing": lambda path: path.write_bytes(b""),
    "of something else": lambda path: nnlite.save({"a": np.ones(3)}, path, {"generator": "x", "super_resolution": "x"}),
    "cut short": lambda path: path.write_bytes(LENET5.read_bytes()[:-1]),
    "that is a folder": lambda path: path.mkdir(),
    "that is not there": lambda path: None,
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("what", FILES)
def test_every_command_says_it_in_one_line(path, command, what):
    FILES[what](path)
    demo, arguments = COMMANDS[command]
    out = path.parent / ("out.png" if command == "enlarge" else "out")
    line = refused(*arguments, path, "--out", out, demo=demo)
    assert "weights.safetensors" in line
