"""The benchmarks compute the same in both libraries, and their programs run; what they measure is not tested."""

import json
import subprocess
import sys

import numpy as np
import pytest

import nnlite
from benchmarks import measure, train_steps, works
from demos.shared.program import UserError, run_program

SMALL = {
    "pix2pix": {"batch": 1, "size": 32, "width": 4},
    "painter": {"batch": 1, "size": 32, "width": 4},
    "dcgan": {"batch": 4, "width": 4},
    "vae": {"batch": 4},
    "lenet": {"batch": 4},
    "inference": {"batch": 1, "size": 32, "width": 4},
}


def program(*command, status=0):
    """What it printed, and what it said on stderr."""
    ended = subprocess.run([sys.executable, "-m", *map(str, command)], capture_output=True, text=True)
    assert ended.returncode == status, ended.stderr
    return ended.stdout, ended.stderr


def test_every_work_is_small_here():
    assert works.WORKS.keys() == SMALL.keys()


@pytest.mark.parametrize("name", SMALL)
def test_both_libraries_have_the_same_losses(torch, name):
    losses = measure.same_losses(lambda torch: works.WORKS[name].make(torch, dropout=False, **SMALL[name]))
    assert np.isfinite(losses).all()
    if name != "inference":
        assert losses[0] != losses[-1], "it trains"


@pytest.mark.parametrize("name", SMALL)
def test_a_work_on_the_gpu_has_the_losses_of_the_cpu(gpu, name):
    losses = {}
    for device in ("cpu", "gpu"):
        networks, step = works.WORKS[name].make(nnlite, dropout=False, device=device, **SMALL[name])
        losses[device] = [float(step()) for _ in range(3)]
        assert {p.device for network in networks.values() for p in network.parameters()} == {device}
    np.testing.assert_allclose(losses["gpu"], losses["cpu"], rtol=1e-3)


def test_different_losses_are_noticed(torch):
    with pytest.raises(AssertionError, match="the losses differ"):
        measure.same_losses(lambda torch: ({}, lambda: 1.0 if torch is nnlite else 1.01))


def test_steps_take_turns():
    order = []
    times = measure.alternate({name: lambda name=name: order.append(name) or 0.0 for name in "ab"}, 3, warm_up=1)
    assert order == list("ab" * 4) and [len(t) for t in times.values()] == [3, 3]


def test_a_summary_has_medians_quartiles_and_the_ratio():
    row = measure.summary({"nnlite": [0.004, 0.001, 0.002, 0.003, 0.1], "torch": [0.006] * 5})
    assert row["nnlite_ms"] == pytest.approx(3.0) and row["nnlite_spread"] == pytest.approx([2.0, 4.0])
    assert row["ratio"] == pytest.approx(2.0)
    assert measure.summary({"nnlite": [0.1]})["ratio"] is None


def test_memory_of_a_process_grows_with_what_it_holds():
    small, large = (measure.peak_memory("nnlite", "lenet", batch=batch) for batch in (1, 512))
    assert small[1] == pytest.approx(large[1], rel=0.1), "the start is the same"
    assert large[0] > small[0] + 512 * 6 * 28 * 28 * 4 / 2**20, "at least what comes out of the first convolution"


def test_train_steps_prints_and_writes_its_figures(torch, tmp_path):
    figures = tmp_path / "figures.json"
    printed, _ = program("benchmarks.train_steps", "--work", "lenet", "--rounds", "1", "--json", figures)
    (row,) = json.loads(figures.read_text())
    assert "LeNet-5" in printed and row["work"] == "lenet" and row["device"] == "cpu" and row["batch"] == 128
    assert row["ratio"] == pytest.approx(row["torch_ms"] / row["nnlite_ms"])
    assert 20 < row["nnlite_peak_mb"] and 20 < row["torch_peak_mb"]
    assert row["command"] == "python -m benchmarks.train_steps --rounds 1 --work lenet"


def test_ops_prints_and_writes_its_figures(torch, tmp_path):
    figures = tmp_path / "figures.json"
    printed, _ = program("benchmarks.ops", "--only", "linear 1024", "--rounds", "1", "--json", figures)
    rows = json.loads(figures.read_text())
    assert [row["pass"] for row in rows] == ["forward", "forward + backward"]
    for row in rows:
        assert row["ratio"] == pytest.approx(row["torch_ms"] / row["nnlite_ms"]) and row["batch"] == 128
        assert f"{row['ratio']:.2f}" in printed and row["command"].endswith("--only 'linear 1024'")


def test_the_profile_adds_up_to_the_step():
    printed, _ = program("benchmarks.profile", "lenet", "--steps", "1")
    *rows, total = [line.split() for line in printed.splitlines()[1:]]
    assert sum(float(row[-2]) for row in rows) == pytest.approx(float(total[-1]), abs=0.01 * len(rows))
    assert {"Conv2d", "Linear", "Adam"} <= {row[0] for row in rows}


def test_tricks_prints_what_the_step_takes_without_each(tmp_path):
    figures = tmp_path / "figures.json"
    printed, _ = program("benchmarks.tricks", "--work", "lenet", "--rounds", "1", "--json", figures)
    (row,) = json.loads(figures.read_text())
    lines = [line.split("|")[1].strip() for line in printed.splitlines() if line.startswith("|")][2:]
    assert lines == [*nnlite.backends.TRICKS, "everything"]
    assert all(f"{row[name]:.2f}" in printed and row[name] > 0 for name in lines)


def test_a_step_may_run_untimed_before_it_is_timed():
    calls = {"a": 0, "b": 0}

    def step(name):
        calls[name] += 1
        return 0.0

    times = measure.alternate({name: lambda n=name: step(n) for name in calls}, rounds=2, warm_up=0, settle=0.01)
    assert [len(t) for t in times.values()] == [2, 2] and min(calls.values()) > 2


@pytest.mark.parametrize(
    "command, message",
    [
        (("benchmarks.train_steps", "--json", "no/such/folder.json"), "no/such is not a folder"),
        (("benchmarks.ops", "--json", "."), ". is a folder; name a file in it"),
        (("benchmarks.gpu", "--rounds", "0"), "--rounds must be at least 1"),
        (("benchmarks.growth", "--out", "no/such"), "no/such is not a folder"),
        (("benchmarks.profile", "lenet", "--steps", "0"), "at least 1"),
    ],
)
def test_mistakes_are_told_in_a_line_before_anything_is_measured(command, message):
    _, said = program(*command, status=2)
    assert message in said and said.count("\n") == 1


def test_a_missing_pytorch_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UserError, match="torch is not installed"):
        measure.library("torch")


def test_ctrl_c_keeps_what_was_measured(torch, tmp_path, monkeypatch, capsys):
    def measured(name, batch, rounds):
        if name == "vae":
            raise KeyboardInterrupt
        times = {lib: [0.001] for lib in ("nnlite", "torch", "torch_channels_last")}
        peaks = {"nnlite_peak_mb": 1.0, "torch_peak_mb": 1.0}
        return {"work": name, "device": "cpu", "batch": batch, **measure.summary(times), **peaks}

    monkeypatch.setattr(train_steps, "measure", measured)
    monkeypatch.setattr(sys, "argv", ["train_steps", "--work", "lenet", "vae", "--json", str(tmp_path / "f.json")])
    with pytest.raises(SystemExit) as ended:
        run_program("train_steps", train_steps.main)
    assert ended.value.code == 130 and capsys.readouterr().err.strip().count("\n") == 0
    assert [row["work"] for row in json.loads((tmp_path / "f.json").read_text())] == ["lenet"]
