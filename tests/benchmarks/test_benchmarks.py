"""The benchmarks compute the same in both libraries, and their programs run; what they measure is not tested."""

import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import works
from benchmarks.measure import alternate, same_losses

SMALL = {
    "pix2pix": lambda torch: works.pix2pix(torch, 1, False, size=32, width=4),
    "dcgan": lambda torch: works.dcgan(torch, 4, False, width=4),
    "vae": lambda torch: works.vae(torch, 4, False),
    "lenet": lambda torch: works.lenet(torch, 4, False),
    "inference": lambda torch: works.inference(torch, 1, False, size=32, width=4),
}


@pytest.mark.parametrize("name", SMALL)
def test_both_libraries_have_the_same_losses(torch, name):
    losses = same_losses(SMALL[name])
    assert np.isfinite(losses).all()
    if name != "inference":
        assert losses[0] != losses[-1], "it trains"


def run(*command):
    return subprocess.check_output([sys.executable, "-m", *command], text=True)


def test_every_work_is_here():
    assert {work.make for work in works.WORKS.values()} == {getattr(works, name) for name in SMALL}


def test_steps_take_turns():
    order = []
    times = alternate({name: lambda name=name: order.append(name) or 0.0 for name in "ab"}, rounds=3, warm_up=1)
    assert order == list("ab" * 4) and [len(t) for t in times.values()] == [3, 3]


def test_the_program_prints_and_writes_its_figures(torch, tmp_path):
    figures = tmp_path / "figures.json"
    printed = run("benchmarks.train_steps", "--work", "LeNet-5", "--rounds", "1", "--json", figures)
    (row,) = json.loads(figures.read_text())
    assert "LeNet-5" in printed and row["work"] == "LeNet-5" and row["device"] == "cpu" and row["batch"] == 128
    assert row["ratio"] == pytest.approx(row["torch_ms"] / row["nnlite_ms"])
    assert 20 < row["nnlite_peak_mb"] and 20 < row["torch_peak_mb"]


def test_the_profile_adds_up_to_the_step():
    printed = run("benchmarks.profile", "LeNet-5", "--steps", "1")
    *rows, total = [line.split() for line in printed.splitlines()[1:]]
    assert sum(float(row[-2]) for row in rows) == pytest.approx(float(total[-1]), abs=0.01 * len(rows))
    assert {"Conv2d", "Linear", "Adam"} <= {row[0] for row in rows}
