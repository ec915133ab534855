"""Saving and loading: what comes back, and what is left when writing fails."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import nnlite
from nnlite import CheckpointError
from nnlite.files import atomic_path
from tests.helpers import ORDERS, in_order


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int64, np.uint8, np.bool_])
def test_arrays_come_back_whatever_their_memory_order(path, rng, order, dtype):
    arrays = {"image": rng.uniform(0, 9, (2, 3, 4, 5)), "matrix": rng.uniform(0, 9, (3, 4)), "scalar": np.asarray(3.0)}
    arrays = {name: in_order(a.astype(dtype), order) for name, a in arrays.items()}
    nnlite.save({name: nnlite.Tensor(a) for name, a in arrays.items()}, path)
    for back in (nnlite.load(path), safetensors.numpy.load_file(path)):  # another reader sees the same
        assert set(back) == set(arrays)
        for name, a in arrays.items():
            b = back[name] if isinstance(back[name], np.ndarray) else back[name].numpy()
            assert b.dtype == dtype and b.shape == a.shape and np.array_equal(a, b)


def test_nested_states_with_numbers_text_and_nothing(path):
    state = {
        "model": {"weight": nnlite.tensor([1.0, 2.0]), "deep": {"bias": np.arange(3)}},
        "optimizer": {"state": {}, "param_groups": [{"lr": 2e-4, "betas": [0.5, 0.999], "params": [0, 1]}]},
        "step": 700,
        "seconds": 1.5,
        "name": "strokes é",
        "flag": True,
        "none": None,
        "rng": nnlite.get_rng_state(),
        "numpy": np.float32(2.5),
    }
    nnlite.save(state, path)
    back = nnlite.load(path)
    assert back["model"]["weight"].numpy().tolist() == [1.0, 2.0]
    assert back["model"]["deep"]["bias"].numpy().tolist() == [0, 1, 2]
    assert float(back.pop("numpy")) == 2.5
    plain = {name: value for name, value in state.items() if name not in ("model", "numpy")}
    assert {name: value for name, value in back.items() if name != "model"} == plain
    nnlite.set_rng_state(back["rng"])


def test_numbers_are_exact(path):
    values = {"a": 0.1 + 0.2, "b": 2**100, "c": 1e-320}
    nnlite.save(values, path)
    assert nnlite.load(path) == values


def test_loaded_tensors_may_be_changed(path):
    nnlite.save({"a": np.zeros(3)}, path)
    a = nnlite.load(path)["a"]
    a += 1.0
    assert a.numpy().tolist() == [1.0] * 3 and nnlite.load(path)["a"].numpy().tolist() == [0.0] * 3


def test_metadata_is_the_callers_own(path):
    nnlite.save({"a": np.zeros(1), "step": 3}, path, metadata={"style": "toon", "scale": "384"})
    assert nnlite.load_metadata(path) == {"style": "toon", "scale": "384"}
    assert nnlite.load(path)["step"] == 3
    nnlite.save({"a": np.zeros(1)}, path)
    assert nnlite.load_metadata(path) == {}


def test_a_state_is_what_the_module_holds_not_a_snapshot_of_its_memory_order(path):
    conv = nnlite.nn.Conv2d(2, 3, (2, 4))
    nnlite.save(conv.state_dict(), path)
    stored = safetensors.numpy.load_file(path)["weight"]
    assert stored.shape == (3, 2, 2, 4)
    for place in np.ndindex(stored.shape):
        assert stored[place] == conv.weight.detach().numpy()[place]


# When something goes wrong


def files(folder):
    return sorted(os.listdir(folder))


def test_writing_that_fails_halfway_leaves_the_old_file_whole(path, monkeypatch):
    nnlite.save({"a": np.ones(4)}, path)

    def full_disk(temporary, data):
        with open(temporary, "wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(CheckpointError, match=r"cannot write .*model\.safetensors: .*No space left"):
        nnlite.save({"a": np.zeros(4)}, path)
    assert files(path.parent) == [path.name]
    assert nnlite.load(path)["a"].numpy().tolist() == [1.0] * 4


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interrupt_while_writing_leaves_the_old_file_whole(path, error):
    path.write_text("old")
    with pytest.raises(error), atomic_path(path) as temporary:
        assert temporary.parent == path.parent and temporary.suffix == path.suffix
        temporary.write_text("new, but not yet whole")
        assert path.read_text() == "old"
        raise error
    assert files(path.parent) == [path.name] and path.read_text() == "old"


def test_a_new_file_replaces_the_old_one(path):
    for value in (1.0, 2.0):
        nnlite.save({"a": np.full(2, value)}, path)
    assert files(path.parent) == [path.name] and nnlite.load(path)["a"].numpy().tolist() == [2.0, 2.0]


def test_a_reader_of_the_old_file_never_sees_half_of_the_new_one(path):
    nnlite.save({"a": np.ones(4)}, path)
    before = path.read_bytes()
    with path.open("rb") as reader:
        nnlite.save({"a": np.zeros(400)}, path)
        assert reader.read() == before


def test_folders_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("no folder")
    for path in (tmp_path / "missing" / "m.safetensors", tmp_path / "file" / "m.safetensors", tmp_path):
        with pytest.raises(CheckpointError, match="cannot write"):
            nnlite.save({"a": np.ones(1)}, path)
    assert files(tmp_path) == ["file"]


@pytest.mark.parametrize("keep", [0, 4, 30, 200, -1])
def test_a_file_cut_short(path, keep):
    nnlite.save({"a": np.ones(100), "b": np.ones((3, 3))}, path)
    path.write_bytes(path.read_bytes()[:keep])
    for read in (nnlite.load, nnlite.load_metadata):
        with pytest.raises(CheckpointError, match=r"model\.safetensors is not a safetensors file, or .*cut short"):
            read(path)


@pytest.mark.parametrize("content", [b"hello, this is text and no checkpoint at all", bytes(64), b"\xff" * 64])
def test_a_file_of_another_kind(path, content):
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        nnlite.load(path)


def test_a_file_that_is_not_there(path):
    with pytest.raises(CheckpointError, match=r"there is no file .*model\.safetensors"):
        nnlite.load(path)
    with pytest.raises(CheckpointError):
        nnlite.load(path.parent)


@pytest.mark.parametrize("value", [{1, 2}, object(), np.array(["text"]), np.array([object()]), 1j])
def test_values_that_cannot_be_saved(path, value):
    with pytest.raises((TypeError, CheckpointError)):
        nnlite.save({"a": np.ones(1), "bad": value}, path)
    assert files(path.parent) == []


def test_equal_contents_are_equal_bytes_with_the_usual_permissions(tmp_path):
    """Whatever order a hash table gives to the names in the header."""
    state = {f"layer{i}": {"weight": np.arange(i + 1.0), "step": i} for i in range(9)}
    for name in ("a", "b", "c"):
        nnlite.save(state, tmp_path / name, {f"note {i}": str(i) for i in range(9)})
    (tmp_path / "touched").touch()
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "touched").stat().st_mode
    with safetensors.safe_open(tmp_path / "a", framework="numpy") as file:
        np.testing.assert_array_equal(file.get_tensor("layer8/weight"), np.arange(9.0))


def test_an_open_file():
    file = io.BytesIO()
    nnlite.save({"a": {"b": np.ones(2)}, "step": 3}, file, {"about": "text"})
    file.seek(0)
    loaded = nnlite.load(file)
    assert loaded["a"]["b"].tolist() == [1, 1] and loaded["step"] == 3
    file.seek(0)
    assert nnlite.load_metadata(file)["about"] == "text"
