"""Timing and memory: what the benchmarks share."""

from __future__ import annotations

import importlib
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos.shared.program import UserError

LIBRARIES = ("nnlite", "torch")


def library(name: str) -> Any:
    """nnlite or torch, on as many threads as this process has cores, and with the memory that was freed kept for both.

    Raises UserError where it is not installed.
    """
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UserError(f"{name} is not installed, and the benchmarks compare with it: pip install {name}") from error
    module.set_num_threads(cores())
    nnlite.backends.keep_freed_memory()
    return module


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe_machine(libraries: Sequence[str] = LIBRARIES) -> str:
    """Date, processor and the versions of what is measured, for the head of a table."""
    titles = {"nnlite": "nnlite", "torch": "PyTorch"}
    versions = ", ".join(f"{titles[name]} {library(name).__version__}" for name in libraries)
    python = f"Python {platform.python_version()}"
    return f"{date.today()}, {cores()} cores ({platform.machine()}), {python}, {versions}, NumPy {np.__version__}"


def alternate(
    steps: dict[str, Callable[[], Any]], rounds: int, warm_up: int = 2, settle: float = 0.0
) -> dict[str, list[float]]:
    """Seconds of each step, `rounds` times, taking turns: what disturbs the machine disturbs all of them.

    Before each timed call, the step runs untimed for `settle` seconds: others may leave something behind, such as
    threads that spin for a while.
    """
    for _ in range(warm_up):
        for step in steps.values():
            float(step())
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            settled = time.perf_counter() + settle
            while time.perf_counter() < settled:
                float(step())
            start = time.perf_counter()
            float(step())
            times[name].append(time.perf_counter() - start)
    return times


def summary(times: dict[str, list[float]]) -> dict[str, Any]:
    """What a row says of the seconds of each step: median and borders of the middle half in ms, PyTorch / nnlite."""
    row: dict[str, Any] = {}
    for name, seconds in times.items():
        quarter, middle, three_quarters = 1e3 * np.percentile(seconds, (25, 50, 75))
        row |= {f"{name}_ms": float(middle), f"{name}_spread": [float(quarter), float(three_quarters)]}
    both = all(f"{lib}_ms" in row for lib in LIBRARIES)
    return row | {"ratio": row["torch_ms"] / row["nnlite_ms"] if both else None}


def same_losses(make: Callable[[Any], tuple[dict[str, Any], Callable]], steps: int = 3) -> list[float]:
    """The losses of both libraries. Raises AssertionError if they differ.

    make(library) returns the networks by name and a step, as in works.py; there must be no dropout in them.
    """
    losses = {}
    for lib in LIBRARIES:
        step = make(library(lib))[1]
        losses[lib] = [float(step()) for _ in range(steps)]
    np.testing.assert_allclose(losses["nnlite"], losses["torch"], rtol=2e-3, err_msg="the losses differ")
    return losses["nnlite"]


def peak_memory(lib: str, name: str, **sizes: int) -> tuple[float, float]:
    """Megabytes at the peak of a process of its own that does three steps, and after its start.

    The start is the import and one tiny step, which loads what is loaded late. `sizes` are arguments of the work.
    """
    code = (
        "from benchmarks.measure import library, process_memory; from benchmarks.works import WORKS\n"
        f"library = library({lib!r})\n"
        "float(WORKS['lenet'].make(library, batch=1)[1]())\n"
        "start = process_memory('VmRSS')\n"
        f"step = WORKS[{name!r}].make(library, **{sizes!r})[1]\n"
        "for _ in range(3): float(step())\n"
        "print(process_memory('VmHWM'), start)"
    )
    # In a session of its own Ctrl-C does not reach it, and check_output ends it without a traceback.
    peak, start = subprocess.check_output([sys.executable, "-c", code], text=True, start_new_session=True).split()
    return float(peak), float(start)


def process_memory(kind: str) -> float:
    """Megabytes that this process holds (VmRSS) or held at most (VmHWM).

    (resource.ru_maxrss would count the process it was forked from.)
    """
    return int(re.search(rf"{kind}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
