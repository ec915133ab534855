"""First contact with a GPU, tried out where there is none: parts that pass, fail and hang, and the stand-in."""

import importlib.util
import json
import os
import sys
import time

import pytest

from benchmarks import first_contact
from benchmarks.first_contact import Part
from demos.shared.program import run_program

OUTCOME = ["passed", "exit status 3", "stopped after 2 s"]


@pytest.fixture
def contact(monkeypatch, tmp_path):
    """Run the program with these checks; its exit status."""

    def contact(parts, *options):
        monkeypatch.setattr(first_contact, "checks", lambda device: parts)
        monkeypatch.setattr(sys, "argv", ["first_contact", "--out", str(tmp_path / "out"), *options])
        with pytest.raises(SystemExit) as ended:
            run_program("first_contact", first_contact.main)
        return ended.value.code

    return contact


def python(name, code):
    return Part(name, f"the {name} part", [sys.executable, "-c", code])


HANGS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("child", child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="processes are ended in groups, which Windows lacks")
def test_a_part_that_fails_or_hangs_leaves_the_others(contact, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(first_contact, "CHECKED", 2)
    fails = "import sys; print('failed: a probe: no such call'); sys.exit(3)"
    parts = [python("sound", "print('fine')"), python("broken", fails), python("endless", HANGS)]
    start = time.monotonic()
    assert contact(parts, "--device", "cpu") == 1
    assert time.monotonic() - start < 30
    report = json.loads((tmp_path / "out" / "first_contact.json").read_text())
    assert [part["outcome"] for part in report["parts"]] == OUTCOME
    assert report["parts"][1]["failures"] == ["failed: a probe: no such call"]
    page = (tmp_path / "out" / "first_contact.md").read_text()
    assert page in capsys.readouterr().out
    assert "the endless part: 1 failed (endless.log)" in page and "the stand-in for CuPy" in page
    child = int((tmp_path / "out" / "endless.log").read_text().split()[1])
    for _ in range(100):  # until whoever adopted it has noticed
        if not running(child):
            break
        time.sleep(0.1)
    assert not running(child), "what a part started is ended with it"


def running(process):
    try:
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_on_the_stand_in_the_checks_pass(contact, tmp_path):
    """The real commands, on a few of the tests."""
    parts = {part.name: part for part in first_contact.checks("cpu")}
    few = {"kernels": "leaky_relu", "captured": "captured_equals_eager and RMSprop"}
    narrowed = [parts[n]._replace(command=[*parts[n].command, "-k", only]) for n, only in few.items()]
    status = contact(narrowed, "--device", "cpu")
    report = json.loads((tmp_path / "out" / "first_contact.json").read_text())
    if all(part["outcome"] == "nothing was tested" for part in report["parts"]):
        pytest.skip("g++ is needed to run kernels on the CPU")
    assert status == 0 and [part["passed"] for part in report["parts"]] == [2, 1]


def test_every_device_test_is_in_one_part_and_all_parts_fit_in_eight_minutes():
    files = [word for part in first_contact.checks("gpu") for word in part.command if word.startswith("tests/")]
    assert len(files) == 4 and all((first_contact.ROOT / file).exists() for file in files)
    assert all("gpu" in part.command for part in first_contact.checks("gpu"))
    assert first_contact.CHECKED + first_contact.MEASURED <= 460, "and the start of each"


def test_a_log_is_judged_by_the_tests_in_it():
    part = Part("kernels", "kernels equal plain", ["python", "-m", "pytest"])
    log = (
        "tests/nnlite/test_kernels.py::test_a[mean 0 kept] PASSED [ 20%]\n"
        "tests/nnlite/test_kernels.py::test_b[x - y] FAILED [ 40%]\n"
        "tests/nnlite/test_kernels.py::test_c SKIPPED (why) [ 60%]\n"
    )
    row = first_contact.judge(part, "stopped after 9 s", log, 9.04)
    assert (row["passed"], row["failures"]) == (1, ["tests/nnlite/test_kernels.py::test_b[x - y]"])
    assert row["seconds"] == 9.0 and row["log"] == "kernels.log"
    said = "FAILED tests/nnlite/test_kernels.py::test_b[x - y] - AssertionError: 3 differ\n"
    assert "3 differ" in first_contact.judge(part, "exit status 1", log + said, 1.0)["failures"][0]
    assert first_contact.judge(part, "passed", "1 skipped", 1.0)["outcome"] == "nothing was tested"
    assert first_contact.judge(part, "exit status 1", "No module named pytest\n\n", 1.0)["failures"] == [
        "No module named pytest"
    ]


def test_without_a_gpu_one_line_says_so(contact, monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert contact([]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "CuPy is not installed" in said and not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_left_alone(contact, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "gpu.json").write_text("figures")
    assert contact([], "--device", "cpu") == 2
    assert "is not empty; name a new folder with --out" in capsys.readouterr().err
    assert (tmp_path / "out" / "gpu.json").read_text() == "figures"
