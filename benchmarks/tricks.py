"""What each trick of nnlite's fast backend brings, on each training step.

    python -m benchmarks.tricks [--work NAME...] [--rounds N] [--json FILE]

A step is run with all tricks and without each of them, taking turns, each time untimed first for a quarter of a second.
A number in the table says how many times as long the step takes without the trick: the median, over the rounds, of its
time divided by that of the complete step in the same round. In the last row nothing is left but the plain backend; it
is so slow that one step must do.
"""

from __future__ import annotations

import os

os.environ.update(OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0")  # before NumPy's first import

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.figures import command_line, keep, markdown, number, parse
from benchmarks.measure import alternate, describe_machine, library
from benchmarks.works import WORKS
from demos.shared.program import run_program
from nnlite.backends import TRICKS, use, without

COMPLETE = "all tricks"


def main() -> None:
    parser = command_line("benchmarks.tricks", "What each trick brings, on each training step.", rounds=9)
    parser.add_argument("--work", nargs="+", choices=WORKS, default=list(WORKS), help="default: all")
    arguments = parse(parser)
    machine = describe_machine(["nnlite"])
    print(machine)
    rows = []
    for row in keep((measure(name, arguments.rounds) for name in arguments.work), arguments, machine):
        print(f"{title(row)}: {number(row['nnlite_ms'])} ms a step", flush=True)
        rows.append(row)
    print()
    columns = {"without": 15} | {title(row): len(title(row)) for row in rows}
    for line in markdown(
        columns, [[name, *(number(row[name], 2) for row in rows)] for name in (*TRICKS, "everything")]
    ):
        print(line)


def title(row: dict) -> str:
    return f"{WORKS[row['work']].title}, batch {row['batch']}"


def measure(name: str, rounds: int) -> dict[str, Any]:
    """The time of a step, and by what it is multiplied without each trick."""
    batch = WORKS[name].batches[0]
    step = WORKS[name].make(library("nnlite"), batch)[1]
    steps = {COMPLETE: step} | {trick: leaving_out(trick, step) for trick in TRICKS}
    times = alternate(steps, rounds, warm_up=0, settle=0.25)
    complete = np.array(times[COMPLETE])
    factors = {trick: float(np.median(np.array(times[trick]) / complete)) for trick in TRICKS}
    use("plain")
    try:
        [plain] = alternate({"plain": step}, rounds=1, warm_up=0)["plain"]
    finally:
        use("default")
    middle = float(np.median(complete))
    return {"work": name, "batch": batch, "nnlite_ms": 1e3 * middle, **factors, "everything": plain / middle}


def leaving_out(trick: str, step: Callable[[], Any]) -> Callable[[], float]:
    """The step without this trick."""

    def run() -> float:
        with without(trick):
            return float(step())

    return run


if __name__ == "__main__":
    run_program("tricks", main)
