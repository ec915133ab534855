"""Growth: the exponents of known laws, and the whole program at a tiny size."""

import json
import sys

import cv2
import pytest

from benchmarks import growth
from demos.shared.program import run_program


@pytest.mark.parametrize("k", [0.0, 1.0, 2.5])
def test_the_exponent_of_a_power_law(k):
    rows = [{"size": x, "ms": 3.0 * x**k} for x in (64, 96)]
    assert growth.exponent(*rows, "size", "ms") == pytest.approx(k)


def test_what_was_not_measured_has_no_exponent():
    assert growth.exponent(None, {"size": 1, "ms": 1.0}, "size", "ms") is None
    assert growth.exponent({"size": 1, "ms": None}, {"size": 2, "ms": 1.0}, "size", "ms") is None


def test_sweeps_are_what_the_issue_asks():
    for name, (low, high) in {"batch": (1, 64), "size": (64, 512)}.items():
        assert growth.SWEEPS[name][0] == low and growth.SWEEPS[name][-1] == high
    for name, values in growth.SWEEPS.items():
        assert growth.BASE[name] in values and list(values) == sorted(values)


def test_the_program_prints_writes_and_draws(torch, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(growth, "BASE", {"batch": 1, "size": 32, "width": 4})
    monkeypatch.setattr(growth, "SWEEPS", {"batch": (1, 4)})
    figures = tmp_path / "f.json"
    monkeypatch.setattr(sys, "argv", ["growth", "--rounds", "1", "--json", str(figures), "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        run_program("growth", growth.main)
    assert ended.value.code == 0
    rows = json.loads(figures.read_text())
    assert [(row["sweep"], row["batch"]) for row in rows] == [("batch", 1), ("batch", 4)]
    first, second = rows
    assert 4.0 ** second["torch_ms_k"] == pytest.approx(second["torch_ms"] / first["torch_ms"])
    assert 0 < first["nnlite_step_mb"] < second["nnlite_step_mb"] < second["nnlite_peak_mb"]
    printed = capsys.readouterr().out
    assert f"{second['nnlite_ms_k']:.2f} / {second['torch_ms_k']:.2f}" in printed
    assert cv2.imread(str(tmp_path / "growth.png")) is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.json", "growth.png"]
