"""The core: within its budget, complete without the rest, and short from backward() down to the arithmetic."""

import re
import subprocess
import sys
import threading

import numpy as np
import pytest

import nnlite
from tests import core_size
from tests.core_size import BUDGET, CORE, ROOT, code_lines

FOLDERS = ("nnlite", "models", "stylize", "demos", "benchmarks", "tests")
FUNCTIONS, FILES = 15, 6  # that the backward pass of one convolution may enter


def run_alone(what):
    """The output of tests/core_alone.py, where every other module of the project is blocked."""
    command = [sys.executable, "-m", "tests.core_alone", what]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_it_is_within_its_budget(capsys):
    core_size.main()
    table = capsys.readouterr().out
    assert sum(core_size.sizes().values()) <= BUDGET, table
    assert len(set(CORE)) == len(CORE) == table.count("nnlite/")


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("", 0),
        ('"""A docstring."""\n\n# a comment\nx = 1  # another\n', 1),
        ('def f(a,\n      b):\n    """One\n    docstring."""\n    return """not\none"""\n', 4),
        ("class A:\n    '''Doc'''\n\n    x = [\n        1,\n\n        2,\n    ]\n", 5),
    ],
)
def test_what_counts_as_a_line_of_code(source, lines):
    assert code_lines(source) == lines


def test_it_trains_a_convolutional_classifier_with_everything_else_blocked():
    assert float(run_alone("train")) > 0.85  # .93 with this seed


def test_a_blocked_module_is_missed():
    """The proof would be worth nothing if the rest could be imported after all."""
    code = "from tests.core_alone import import_core; import_core(); import nnlite.functional.pool"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "nnlite.functional.pool is not part of the core" in result.stderr


def test_a_convolutions_backward_is_short():
    entered = [line.split(" ") for line in run_alone("trace").splitlines()]
    assert len(entered) <= FUNCTIONS and len({file for file, _ in entered}) <= FILES, entered
    assert ["nnlite/backend/plain.py", "Plain.spread"] in entered, "down to the arithmetic"


# The reading path


def pages():
    return [ROOT / "README.md", ROOT / "docs" / "read-the-core.md"]


def test_the_reading_path_is_the_core():
    path = re.findall(r"^## \d+\. `([^`]+)`", (ROOT / "docs" / "read-the-core.md").read_text(), re.M)
    assert tuple(path) == CORE


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_file_it_mentions_is_there(page):
    for name in re.findall(r"`([\w/]+\.py)`", page.read_text()):
        found = [p for folder in FOLDERS for p in (ROOT / folder).rglob(name.rpartition("/")[2])]
        assert any(p.as_posix().endswith(f"/{name}") for p in found), f"{name} is not there"


def test_every_name_it_mentions_is_there():
    text = (ROOT / "docs" / "read-the-core.md").read_text()
    for section in text.split("\n## ")[1:]:
        file = re.match(r"\d+\. `([^`]+)`", section)
        source = (ROOT / file[1]).read_text() if file else ""
        for name in re.findall(r"`([A-Za-z_]\w*)(?:\(\))?`", section) if file else ():
            assert re.search(rf"\b{name}\b", source), f"{name} is not in {section.splitlines()[0]}"


def test_readme_and_the_package_begin_where_the_path_begins():
    for text in ((ROOT / "README.md").read_text(), nnlite.__doc__):
        assert "read-the-core.md" in text and "function.py" in text


# What threads share


def in_another_thread(function):
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_recording_belongs_to_a_thread():
    x = nnlite.tensor([2.0], requires_grad=True)
    with nnlite.no_grad():
        assert in_another_thread(lambda: (x * x).requires_grad) and not (x * x).requires_grad
    assert (x * x).requires_grad


def test_two_threads_that_overlap_in_no_grad_leave_recording_on():
    """One enters, the other enters, the first leaves, the second leaves: as data loaders and evaluations do."""
    entered, left = threading.Event(), threading.Event()

    def other():
        with nnlite.no_grad():
            entered.set()
            left.wait(5)

    thread = threading.Thread(target=other)
    with nnlite.no_grad():
        thread.start()
        entered.wait(5)
    left.set()
    thread.join()
    assert nnlite.is_grad_enabled() and in_another_thread(nnlite.is_grad_enabled)


def test_anomaly_detection_belongs_to_a_thread():
    zero = nnlite.tensor([0.0])
    with nnlite.detect_anomaly(), np.errstate(divide="ignore"):
        assert np.isinf(in_another_thread(lambda: _quietly(lambda: nnlite.log(zero))).numpy())
        with pytest.raises(nnlite.NonFiniteError, match="Log made a NaN or infinity"):
            nnlite.log(zero)


def test_the_default_dtype_belongs_to_a_thread():
    nnlite.set_default_dtype(nnlite.float64)
    try:
        assert in_another_thread(lambda: nnlite.zeros(1).dtype) == np.float32
        assert nnlite.zeros(1).dtype == np.float64
    finally:
        nnlite.set_default_dtype(nnlite.float32)


def _quietly(function):
    with np.errstate(divide="ignore"):
        return function()
