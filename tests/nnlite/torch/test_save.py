"""torch.save and torch.load give back what was saved, or say why not."""

import argparse
import collections
import io
import math
import pathlib
import pickle

import numpy as np
import pytest

import nnlite
import nnlite.torch as ours
from nnlite import nn, optim
from nnlite.errors import CheckpointError, DeviceError


def round_trip(value, **how):
    file = io.BytesIO()
    ours.save(value, file)
    file.seek(0)
    return ours.load(file, **how)


def network():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -2.5, 2**80, "text", [], (), {}, [1, (2, [3.0])], (1,), {1: "a", "1": "b"}, {(1, 2): None},
        {"tensor": "a", "dict": {"list": [1]}}, {0: {"step": 1}}, {True: 1, None: 2, 0.5: 3}, {1, 2},
        collections.OrderedDict([("b", 1), ("a", 2)]), argparse.Namespace(lr=0.1, sizes=[1, 2]), math.inf,
        nnlite.float64, ours.Size((2, 3)), ours.device("cpu"), np.float32(0.5), {"a/b": 1, "a": {"b": 2}},
    ],
)  # fmt: skip
def test_values_come_back_as_they_were(value):
    loaded = round_trip(value)
    assert loaded == value and type(loaded) is type(value)
    if isinstance(value, dict):
        assert list(loaded) == list(value) and [type(k) for k in loaded] == [type(k) for k in value]


def test_a_nan_comes_back():
    assert math.isnan(round_trip([math.nan])[0])


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3), (1, 2, 2, 3)])
def test_tensors_come_back(dtype, shape, rng):
    x = nnlite.tensor(rng.uniform(0, 9, shape)).to(nnlite.tensor(0).to(np.dtype(dtype)).dtype)
    loaded = round_trip({"a": [x, (x.numpy(),)]})["a"]
    assert isinstance(loaded[0], nnlite.Tensor) and isinstance(loaded[1][0], np.ndarray)
    for y in (loaded[0].numpy(), loaded[1][0]):
        assert y.dtype == x.dtype and y.shape == shape and y.tolist() == x.tolist()


def test_tensors_keep_whether_they_require_a_gradient():
    parameter = nn.Parameter(nnlite.ones(2), requires_grad=False)
    a, b, c = round_trip([nnlite.ones(2, requires_grad=True), parameter, nnlite.ones(2)])
    assert a.requires_grad and type(a) is nnlite.Tensor
    assert not b.requires_grad and type(b) is nn.Parameter
    assert not c.requires_grad


def test_names_that_look_alike_are_told_apart():
    state = {1: nnlite.zeros(1), "1": nnlite.ones(1), "a/b": nnlite.full(1, 2.0), "a": {"b": nnlite.full(1, 3.0)}}
    loaded = round_trip(state)
    assert [loaded[1].item(), loaded["1"].item(), loaded["a/b"].item(), loaded["a"]["b"].item()] == [0, 1, 2, 3]


def test_a_checkpoint_resumes_training(tmp_path, rng):
    x, y = nnlite.tensor(rng.standard_normal((4, 1, 4, 4)), dtype="float32"), nnlite.tensor([0, 1, 2, 0])

    def step(model, optimiser):
        optimiser.zero_grad()
        nn.CrossEntropyLoss()(model(x), y).backward()
        optimiser.step()

    model = network()
    optimiser = optim.Adam([{"params": model[0].parameters(), "lr": 0.1}, {"params": model[3].parameters()}])
    step(model, optimiser)
    path = tmp_path / "checkpoint.pt"
    state = {"epoch": 3, "model": model.state_dict(), "optim": optimiser.state_dict(), "best": None}
    ours.save(state, path)
    loaded = ours.load(str(path), map_location="cpu")
    assert loaded["epoch"] == 3 and loaded["best"] is None
    assert list(loaded["model"]) == list(state["model"]) and list(loaded["optim"]["state"]) == [0, 1, 2, 3]
    assert loaded["optim"]["param_groups"] == state["optim"]["param_groups"]

    again = network()
    other = optim.Adam([{"params": again[0].parameters()}, {"params": again[3].parameters()}])
    again.load_state_dict(loaded["model"])
    other.load_state_dict(loaded["optim"])
    for m, o in ((model, optimiser), (again, other)):
        step(m, o)
    for a, b in zip(model.parameters(), again.parameters(), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


def test_a_state_dict_is_a_safetensors_file_like_any_other(tmp_path):
    from safetensors.numpy import load_file, save_file

    model = network()
    ours.save(model.state_dict(), tmp_path / "model.pt")
    assert sorted(load_file(tmp_path / "model.pt")) == sorted(model.state_dict())
    assert sorted(nnlite.load(tmp_path / "model.pt")) == sorted(model.state_dict())
    save_file({"a.weight": np.ones((2, 3))}, tmp_path / "other.safetensors")
    assert ours.load(tmp_path / "other.safetensors")["a.weight"].tolist() == [[1, 1, 1]] * 2
    assert ours.load(tmp_path / "other.safetensors", lambda tensor, place: tensor + 1)["a.weight"].max().item() == 2
    nnlite.save({"a": {"b": nnlite.ones(1)}, "step": 3}, tmp_path / "ours.safetensors")
    with pytest.raises(CheckpointError, match=r"read it with nnlite\.load"):
        ours.load(tmp_path / "ours.safetensors")


def test_a_whole_module_is_saved_as_its_state_dict(tmp_path):
    model = network()
    with pytest.warns(UserWarning, match="of the module Sequential its state_dict is saved") as caught:
        ours.save(model, tmp_path / "model.pt")
    assert caught[0].filename == __file__
    loaded = ours.load(tmp_path / "model.pt")
    other = network()
    other.load_state_dict(loaded)
    for name, value in model.state_dict().items():
        assert other.state_dict()[name].tolist() == value.tolist() == loaded[name].tolist()


@pytest.mark.parametrize("use", [lambda m: m.eval(), lambda m: m(nnlite.ones(1)), lambda m: m.parameters()])
def test_what_is_loaded_of_a_module_says_that_it_is_none(use):
    with pytest.warns(UserWarning, match="its state_dict is saved"):
        loaded = round_trip({"model": network(), "epoch": 1})
    assert loaded["epoch"] == 1
    with pytest.raises((TypeError, AttributeError), match=r"this is the state_dict of nnlite.*Sequential, not the mod"):
        use(loaded["model"])


class Thing:
    pass


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (Thing(), ""), ({"a": [1, Thing()]}, r" at \['a'\]\[1\]"), (lambda x: x, ""), (optim.SGD, ""), (b"bytes", ""),
        (collections.defaultdict(int), ""), (np.array(["text"]), None), (1j, ""), (pathlib.Path("a"), ""),
    ],
)  # fmt: skip
def test_what_would_need_a_pickle_is_refused(tmp_path, value, place):
    message = "cannot write" if place is None else f"{place} would need a"
    with pytest.raises((TypeError, CheckpointError), match=message):
        ours.save(value, tmp_path / "file.pt")
    assert list(tmp_path.iterdir()) == []


def test_pytorchs_files_are_refused_with_the_way_to_convert_them(torch, tmp_path):
    for name, options in (("zip.pt", {}), ("old.pt", {"_use_new_zipfile_serialization": False})):
        torch.save({"a": torch.ones(2)}, tmp_path / name, **options)
        with pytest.raises(CheckpointError, match=r"is a pickle .*safetensors\.torch\.save_file") as error:
            ours.load(tmp_path / name)
        assert "\n" not in str(error.value)


def test_what_pytorch_converts_as_the_message_says_is_read(torch, tmp_path):
    from safetensors.torch import save_file

    model = torch.nn.Linear(2, 3)
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    mine = nn.Linear(2, 3)
    mine.load_state_dict(ours.load(tmp_path / "model.safetensors"))
    assert mine.weight.tolist() == model.weight.tolist()


def test_other_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        ours.load(tmp_path / "nothing.pt")
    (tmp_path / "pickle.pt").write_bytes(pickle.dumps({"a": 1}))
    (tmp_path / "text.pt").write_text("text")
    with pytest.raises(CheckpointError, match="is a pickle"):
        ours.load(tmp_path / "pickle.pt")
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        ours.load(tmp_path / "text.pt")
    ours.save(nnlite.ones(9), tmp_path / "damaged.pt")
    data = bytearray((tmp_path / "damaged.pt").read_bytes())
    data[-1] ^= 1
    (tmp_path / "damaged.pt").write_bytes(data)
    with pytest.raises(CheckpointError, match="damaged"):
        ours.load(tmp_path / "damaged.pt")
    with pytest.raises(CheckpointError, match="cannot write"):
        ours.save([1], tmp_path / "no folder" / "file.pt")


def test_open_files(tmp_path):
    with open(tmp_path / "file.pt", "wb") as file:
        ours.save([1, 2], file)
    with open(tmp_path / "file.pt", "rb") as file:
        assert ours.load(file, weights_only=True) == [1, 2]


def test_map_location(gpu):
    x = nnlite.ones(2, device="gpu")
    assert round_trip(x).device == "gpu" and round_trip(nnlite.ones(2)).device == "cpu"
    for target in ("cpu", ours.device("cpu"), lambda tensor, place: tensor, {"cuda:0": "cpu"}):
        assert round_trip([x], map_location=target)[0].device == "cpu"
    for target in ("cuda", "cuda:0", ours.device("cuda"), lambda tensor, place: tensor.cuda(0), {"cpu": "cuda:0"}):
        assert round_trip([nnlite.ones(2)], map_location=target)[0].device == "gpu"
    seen = []
    assert round_trip([x], map_location=lambda tensor, place: seen.append((tensor.device, place)))[0].device == "gpu"
    assert seen == [("cpu", "cuda:0")]


def test_a_tensor_of_a_gpu_where_there_is_none(gpu, monkeypatch):
    file = io.BytesIO()
    ours.save({"a": nnlite.ones(2, device="gpu")}, file)
    monkeypatch.setattr(nnlite.backend, "gpu_available", lambda: False)
    file.seek(0)
    with pytest.raises(DeviceError, match=r"no GPU here.* or pass map_location='cpu'"):
        ours.load(file)
    file.seek(0)
    assert ours.load(file, map_location="cpu")["a"].tolist() == [1, 1]
