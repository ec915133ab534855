"""Damaged, edited and foreign checkpoints raise CheckpointError and nothing else."""

import copy
import json
import os
import struct
import warnings

import numpy as np
import pytest
import safetensors.numpy

import nnlite
from models.cyclegan import CycleGAN, ImagePool, ResNetGenerator
from models.dcgan import DCGAN
from models.gan import GAN, DenseDiscriminator, DenseGenerator
from nnlite import CheckpointError, nn, optim
from nnlite.torch.optim import lr_scheduler
from tests.helpers import ORDERS, in_order


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def write(path, tensors, metadata=None):
    """A safetensors file built by hand from {name: (dtype, shape, bytes)}."""
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


# Damage


def same(a, b):
    """Whether two loaded states are equal to the bit."""
    if isinstance(a, nnlite.Tensor) and isinstance(b, nnlite.Tensor):
        a, b = a.numpy(), b.numpy()
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    return type(a) is type(b) and a == b


def test_no_flipped_bit_goes_unnoticed(path):
    state = {"w": np.arange(2, dtype=np.float32), "step": 12, "é": 0.1}
    nnlite.save(state, path, {"style": "toon"})
    whole, good = nnlite.load(path, checksum_required=True), path.read_bytes()
    for bit in range(8 * len(good)):  # a file of some 300 bytes
        damaged = bytearray(good)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            loaded = nnlite.load(path, checksum_required=True)
        except CheckpointError as error:
            assert str(path) in str(error)
        else:  # a letter in a number, which JSON allows in either case
            assert same(loaded, whole) and nnlite.load_metadata(path) == {"style": "toon"}, f"bit {bit}"


def test_what_the_message_says(path):
    nnlite.save({"a": np.ones(4)}, path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    for read in (nnlite.load, nnlite.load_metadata):
        with pytest.raises(CheckpointError, match=r"model\.safetensors is damaged: .*; take another copy, or start"):
            read(path)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [np.float32, ">f4", np.float16, np.uint8, np.bool_, ">i8"])
def test_a_checksum_does_not_depend_on_the_order_in_memory(path, dtype, order):
    arrays = {"a": np.arange(120).reshape(2, 3, 4, 5), "b": np.asarray(3), "c": np.zeros((0, 2))}
    nnlite.save({name: in_order(a.astype(dtype), order) for name, a in arrays.items()}, path)
    for name, a in nnlite.load(path, checksum_required=True).items():
        assert np.array_equal(a.numpy(), arrays[name].astype(dtype))


def test_files_of_other_programs_have_no_checksum_and_are_read(path):
    safetensors.numpy.save_file({"a": np.ones(3, np.float32)}, path, metadata={"format": "pt"})
    assert nnlite.load(path)["a"].shape == (3,) and nnlite.load_metadata(path) == {"format": "pt"}
    with pytest.raises(CheckpointError, match="has no checksum: it is damaged, or was written by another program"):
        nnlite.load(path, checksum_required=True)


def test_other_programs_read_files_with_a_checksum(path):
    nnlite.save({"a": np.ones(3, np.float32)}, path, {"of": "mine"})
    assert safetensors.numpy.load_file(path)["a"].tolist() == [1.0] * 3


def test_metadata_of_a_file_goes_into_another(path):
    """Copied with our own entries in it, as another reader returns it."""
    nnlite.save({"a": np.ones(3), "step": 1}, path, {"of": "mine"})
    with safetensors.safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    nnlite.save({"a": np.zeros(2)}, path, metadata)
    assert list(nnlite.load(path, checksum_required=True)) == ["a"] and nnlite.load_metadata(path) == {"of": "mine"}


@pytest.mark.parametrize("metadata", ["text", ["a"], {"a": 1}, {1: "a"}, {"a": None}, 3])
def test_metadata_is_text(path, metadata):
    with pytest.raises(TypeError, match=r"metadata must be a dictionary of strings"):
        nnlite.save({"a": np.ones(3)}, path, metadata)
    assert not path.exists()


@pytest.mark.parametrize("where", ["name", "metadata"])
def test_text_that_is_not_unicode(path, where):
    state, metadata = ({"\udcff": np.ones(1)}, None) if where == "name" else ({"a": np.ones(1)}, {"file": "\udcff"})
    with pytest.raises(CheckpointError, match="cannot write"):
        nnlite.save(state, path, metadata)
    assert os.listdir(path.parent) == []


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "[]", "3", '{"a/b": 1, "a": 2}', '{"w": 1}'])
def test_values_that_are_none(path, text):
    write(path, {"w": ("F32", [1], bytes(4))}, {"nnlite.values": text})
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        nnlite.load(path)


# Dtypes


def test_bfloat16_becomes_float32_exactly(path):
    """All 65,536 of them: each is the upper half of a float32."""
    halves = np.arange(2**16, dtype=np.uint16)
    write(path, {"w": ("BF16", [256, 256], halves.tobytes())})
    w = nnlite.load(path)["w"].numpy()
    assert w.dtype == np.float32 and w.shape == (256, 256)
    assert np.array_equal(w.view(np.uint32).ravel(), halves.astype(np.uint32) * 65536)
    known = {0x3F80: 1.0, 0xC000: -2.0, 0x4049: 3.140625, 0x0001: 2.0**-133, 0x7F80: np.inf}
    assert all(w.ravel()[bits] == value for bits, value in known.items())


def test_bfloat16_as_pytorch_writes_it(path, torch):
    from safetensors.torch import save_file

    weight = torch.randn(3, 5, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    save_file({"weight": weight, "none": torch.zeros(0, 2, dtype=torch.bfloat16)}, path)
    loaded = nnlite.load(path)
    assert np.array_equal(loaded["weight"].numpy(), weight.float().numpy()) and loaded["none"].shape == (0, 2)
    layer = nn.Linear(5, 3, bias=False)
    layer.load_state_dict({"weight": loaded["weight"]})


@pytest.mark.parametrize(("dtype", "size"), [("F8_E4M3", 1), ("F8_E5M2", 1), ("F8_E8M0", 1), ("C64", 8)])
def test_dtypes_that_numpy_lacks_or_nobody_has(path, dtype, size):
    write(path, {"layer.weight": (dtype, [4], bytes(4 * size))})
    named = rf"model\.safetensors: layer\.weight has the dtype {dtype}, .*float\(\)"
    unknown = r"model\.safetensors is not a safetensors file"  # to older versions of the library
    with pytest.raises(CheckpointError, match=named if dtype in ("F8_E4M3", "F8_E5M2") else f"{named}|{unknown}"):
        nnlite.load(path)


# Not a file


def test_pipes_devices_and_folders_are_refused_at_once(tmp_path):
    places = [tmp_path, "/dev/zero", "/dev/stdin"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        os.symlink(tmp_path / "pipe", tmp_path / "link")
        places += [tmp_path / "pipe", tmp_path / "link"]
    for place in places:
        for read in (nnlite.load, nnlite.load_metadata):
            with pytest.raises(CheckpointError, match=r"a folder, a pipe or a device|there is no file|cannot read"):
                read(place)


def test_mutated_files(path):
    """With bytes changed, inserted and removed: a state, or CheckpointError."""
    seed = int(os.environ.get("SEED", "0"))
    rng = np.random.default_rng(seed)
    nnlite.save({"m": {"w": np.ones((2, 3))}, "step": 3, "list": [1, "x"]}, path, {"style": "toon"})
    good = path.read_bytes()
    for number in range(600):
        data = bytearray(good)
        for _ in range(rng.integers(1, 4)):
            at, piece = int(rng.integers(len(data))), rng.bytes(int(rng.integers(0, 4)))
            data[at : at + int(rng.integers(0, 4))] = piece if rng.random() < 0.5 else b'{}[]",:019-e'[at % 11 :][:2]
        path.write_bytes(data)
        for read in (nnlite.load, nnlite.load_metadata):
            try:
                read(path)
            except CheckpointError:
                pass
            except Exception as error:
                raise AssertionError(f"mutation {number}, SEED={seed}") from error


# States with something else in them

REPLACEMENTS = {
    "nothing": None,
    "-1": -1,
    "text": "x",
    "list": [],
    "dictionary": {},
    "huge": 10**400,
    "not a number": nnlite.full((2, 3), np.nan),
    "scalar": nnlite.tensor(-1.0),
}


def small_gan():
    return GAN(DenseGenerator(2, 4, (1, 4, 4)), DenseDiscriminator(4, (1, 4, 4)))


def small_dcgan():
    return DCGAN(latent=2, width=2)


def small_cyclegan():
    return CycleGAN(ResNetGenerator(2, 1, 1), ResNetGenerator(2, 1, 1), 2)


MODELS = {
    "gan": (small_gan, [(4, 1, 4, 4)]),
    "dcgan": (small_dcgan, [(4, 1, 28, 28)]),
    "cyclegan": (small_cyclegan, [(2, 3, 16, 16)] * 2),
}


def leaves(state, *at):
    """The paths to everything in a nested state, dictionaries included."""
    for name, value in state.items() if isinstance(state, dict) else enumerate(state):
        yield (*at, name)
        if isinstance(value, (dict, list)):
            yield from leaves(value, *at, name)


@pytest.mark.parametrize("kind", MODELS)
def test_states_with_something_else_in_them(kind, tmp_path):
    build, shapes = MODELS[kind]
    nnlite.manual_seed(0)
    model = build()
    model.train_step(*(nnlite.rand(*shape) for shape in shapes))
    nnlite.save({"model": model.state_dict()}, tmp_path / "state.safetensors")
    state = nnlite.load(tmp_path / "state.safetensors")["model"]
    other = build()
    refused = 0
    for place in leaves(state):
        for what, replacement in [*REPLACEMENTS.items(), ("left out", None)]:
            changed = shallow(state)
            inside = changed
            for name in place[:-1]:
                inside = inside[name]
            if what == "left out":
                del inside[place[-1]]
            else:
                inside[place[-1]] = replacement
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    other.load_state_dict(changed)
            except CheckpointError as error:
                refused += 1
                assert len(str(error)) > 20, (place, what)
            except Exception as error:
                raise AssertionError(f"{'/'.join(map(str, place))} = {what}") from error
    assert refused > 500
    other.load_state_dict(state)  # and the right one still fits


def shallow(state):
    """A copy in which any entry can be replaced; arrays are shared."""
    if isinstance(state, dict):
        return {name: shallow(value) for name, value in state.items()}
    return [shallow(value) for value in state] if isinstance(state, list) else state


@pytest.mark.parametrize("rule", ["SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW"])
def test_settings_of_optimisers(rule):
    def build():
        settings = {"momentum": 0.9} if rule in ("SGD", "RMSprop") else {}
        return getattr(optim, rule)([nnlite.ones(2, 3, requires_grad=True)], lr=0.1, **settings)

    optimizer = build()
    optimizer.param_groups[0]["params"][0].grad = nnlite.ones(2, 3)
    optimizer.step()
    state = optimizer.state_dict()
    for place in leaves(state):
        for what, replacement in REPLACEMENTS.items():
            changed = copy.copy(shallow(state))
            inside = changed
            for name in place[:-1]:
                inside = inside[name]
            inside[place[-1]] = replacement
            fresh = build()
            try:
                fresh.load_state_dict(changed)
            except CheckpointError:
                continue
            except Exception as error:
                raise AssertionError(f"{place} = {what}") from error
            fresh.param_groups[0]["params"][0].grad = nnlite.ones(2, 3)
            with np.errstate(all="ignore"):
                fresh.step()  # training goes on from any state that was accepted


def test_a_refused_optimiser_state_says_which_part_of_which_model():
    model = small_gan()
    state = model.state_dict()
    state["generator_optimizer"]["param_groups"] = []
    with pytest.raises(CheckpointError, match=r"generator_optimizer of GAN: Adam: the state has groups of \[\]"):
        model.load_state_dict(state)
    with pytest.raises(CheckpointError, match="the state of GAN must be a dictionary, got 'x'"):
        model.load_state_dict("x")


@pytest.mark.parametrize("what", REPLACEMENTS)
def test_values_in_place_of_weights(what):
    layer = nn.BatchNorm2d(3)
    for name in layer.state_dict():
        if name == "num_batches_tracked" and what == "-1":  # a plain number will do for this one
            continue
        with pytest.raises(CheckpointError, match=rf"of another shape: {name} \(file"):
            layer.load_state_dict(layer.state_dict() | {name: REPLACEMENTS[what]})
        if what == "scalar":
            break


def test_schedules():
    optimizer = optim.SGD([nnlite.ones(1, requires_grad=True)], lr=0.1)
    for schedule in (
        optim.lr_scheduler.StepLR(optimizer, 3),
        optim.lr_scheduler.CosineAnnealingLR(optimizer, 9),
        optim.lr_scheduler.LinearLR(optimizer),
        optim.lr_scheduler.MultiStepLR(optimizer, [3, 5]),
        lr_scheduler.ExponentialLR(optimizer, 0.9),
        optim.lr_scheduler.ReduceLROnPlateau(optimizer),
    ):
        state = schedule.state_dict()
        for name in state:
            for what, value in {"nothing": None, "text": "x", "list": [], "huge": 10**400, "texts": ["x"]}.items():
                try:
                    schedule.load_state_dict(state | {name: value})
                except CheckpointError:
                    continue
                except Exception as error:
                    raise AssertionError(f"{type(schedule).__name__}: {name} = {what}") from error


def test_random_states():
    state = nnlite.get_rng_state()
    before = copy.deepcopy(state)
    edits = [None, "x", [], 1, {}, state | {"bit_generator": "MT19937"}]
    edits += [state | {name: value} for name in state for value in (None, "x", [], {}, 1.5, 2**200) if name != "gpu"]
    edits += [state | {"uinteger": -1}]
    edits += [state | {"gpu": value} for value in (None, "x", [1], 1)]
    edits += [state | {"gpu": {"seed": value, "place": 0}} for value in (None, "1", -1, 2**64, 1.5)]
    for edit in edits:
        with pytest.raises(CheckpointError, match="not a state of nnlite's random numbers"):
            nnlite.set_rng_state(edit)
        assert nnlite.get_rng_state() == before


def test_an_image_pool():
    pool = ImagePool(2)
    images = nnlite.zeros(2, 3, 4, 4)
    pool.load_state_dict({"images": images})
    for state in ({"images": None}, {"images": "xx"}, {"images": [1]}, {"images": nnlite.zeros(3, 3, 4, 4)}, None, []):
        with pytest.raises(CheckpointError):
            pool.load_state_dict(state)
    assert len(pool.images) == 2
