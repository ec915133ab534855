"""Training steps here and in PyTorch, alternating, in one run.

    python -m benchmarks.train_steps [--work NAME...] [--rounds N] [--json FILE]

Prints for each work the median time of a step in both libraries, their spread (the middle half), the ratio PyTorch /
nnlite (above 1: nnlite is faster), and the peak memory of a process that does nothing else. Before any time is taken,
both start from the same weights, and their losses over three steps must agree. `python -m benchmarks.results FILE`
makes a page and a chart of the figures.
"""

from __future__ import annotations

import os

# PyTorch's idle threads spin and take the cores from everyone: this must be set before its first import.
os.environ.update(OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0")

from benchmarks.figures import command_line, keep, markdown, number, parse
from benchmarks.measure import LIBRARIES, alternate, describe_machine, library, peak_memory, same_losses, summary
from benchmarks.works import WORKS
from demos.shared.program import run_program

TITLE = "Training steps on the CPU"
LEGEND = (
    "Medians, the middle half in brackets; ratio is PyTorch / nnlite, above 1: nnlite is faster. "
    "Peak memory is of a process of its own."
)
COLUMNS = {
    "work": 20, "batch": 5, "nnlite ms": 18, "PyTorch ms": 18, "channels_last ms": 16, "ratio": 5,
    "peak MB, nnlite / PyTorch": 25,
}  # fmt: skip


def main() -> None:
    parser = command_line("benchmarks.train_steps", "The time of training steps in nnlite and PyTorch.", rounds=7)
    parser.add_argument("--work", nargs="+", choices=WORKS, default=list(WORKS), help="default: all")
    arguments = parse(parser)
    machine = describe_machine()
    print(machine)
    points = ((name, batch) for name in arguments.work for batch in WORKS[name].batches)
    rows = keep((measure(name, batch, arguments.rounds) for name, batch in points), arguments, machine)
    for line in markdown(COLUMNS, map(cells, rows)):
        print(line, flush=True)


def cells(row: dict) -> list[str]:
    """A row of the table."""
    times = [f"{number(row[f'{lib}_ms'])} ({'-'.join(map(number, row[f'{lib}_spread']))})" for lib in LIBRARIES]
    peaks = " / ".join(number(row[f"{lib}_peak_mb"]) for lib in LIBRARIES)
    last, ratio = number(row["torch_channels_last_ms"]), number(row["ratio"], 2)
    return [WORKS[row["work"]].title, str(row["batch"]), *times, last, ratio, peaks]


def measure(name: str, batch: int, rounds: int) -> dict:
    """The figures of one work."""
    same_losses(lambda torch: WORKS[name].make(torch, batch, dropout=False))
    steps = {lib: WORKS[name].make(library(lib), batch)[1] for lib in LIBRARIES}
    steps["torch_channels_last"] = channels_last(name, batch)
    row = {"work": name, "device": "cpu", "batch": batch, **summary(alternate(steps, rounds))}
    return row | {f"{lib}_peak_mb": peak_memory(lib, name, batch=batch)[0] for lib in LIBRARIES}


def channels_last(name: str, batch: int):
    """PyTorch's step with its networks in its other memory format."""
    torch = library("torch")
    networks, step = WORKS[name].make(torch, batch)
    for network in networks.values():
        network.to(memory_format=torch.channels_last)
    return step


if __name__ == "__main__":
    run_program("train_steps", main)
