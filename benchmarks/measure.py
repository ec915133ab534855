"""Timing and memory: what the benchmarks share."""

from __future__ import annotations

import importlib
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

LIBRARIES = ("nnlite", "torch")
median = statistics.median


def library(name: str) -> Any:
    """nnlite or torch, on as many threads as this process has cores."""
    module = importlib.import_module(name)
    if name == "torch":
        module.set_num_threads(cores())
    return module


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe_machine() -> str:
    """Date, versions and processor, for the head of a table."""
    versions = ", ".join(f"{lib} {importlib.import_module(lib).__version__}" for lib in (*LIBRARIES, "numpy"))
    return f"{date.today()}, {cores()} cores ({platform.machine()}), Python {platform.python_version()}, {versions}"


def alternate(steps: dict[str, Callable[[], Any]], rounds: int, warm_up: int = 2) -> dict[str, list[float]]:
    """Seconds of each step, `rounds` times, taking turns: what disturbs the machine disturbs all of them."""
    for _ in range(warm_up):
        for step in steps.values():
            float(step())
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            float(step())
            times[name].append(time.perf_counter() - start)
    return times


def spread(values: list[float]) -> tuple[float, float]:
    """The borders of the middle half."""
    return tuple(np.percentile(values, (25, 75)))


def same_losses(make: Callable[[Any], tuple[dict[str, Any], Callable]], steps: int = 3) -> list[float]:
    """The losses of both libraries from the same weights. Raises AssertionError if they differ.

    make(library) returns the networks by name and a step, as in works.py; there must be no dropout in them.
    """
    losses, start = {}, None
    for lib in LIBRARIES:
        networks, step = make(library(lib))
        if start is None:
            start = {net: _arrays(network) for net, network in networks.items()}
        for net, network in networks.items():
            network.load_state_dict({k: library(lib).tensor(v) for k, v in start[net].items()})
        losses[lib] = [float(step()) for _ in range(steps)]
    np.testing.assert_allclose(losses["nnlite"], losses["torch"], rtol=2e-3, err_msg="the losses differ")
    return losses["nnlite"]


def _arrays(network: Any) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}


def peak_memory(lib: str, name: str, batch: int) -> float:
    """Megabytes at the peak of a process of its own that does three steps."""
    code = (
        "from benchmarks.measure import library, high_water_mark; from benchmarks.works import WORKS\n"
        f"step = WORKS[{name!r}].make(library({lib!r}), {batch}, True)[1]\n"
        "for _ in range(3): float(step())\n"
        "print(high_water_mark())"
    )
    return float(subprocess.check_output([sys.executable, "-c", code], text=True))


def high_water_mark() -> float:
    """Megabytes that this process held at most. (resource.ru_maxrss would count the process it was forked from.)"""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
