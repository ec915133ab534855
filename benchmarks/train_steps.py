"""Training steps here and in PyTorch, alternating, in one run.

    python -m benchmarks.train_steps [--work NAME...] [--rounds N] [--json FILE]

Prints for each work the median time of a step in both libraries, their spread (the middle half), the ratio PyTorch /
nnlite (above 1: nnlite is faster), and the peak memory of a process that does nothing else. Before any time is taken,
both start from the same weights, and their losses over three steps must agree.
"""

from __future__ import annotations

import argparse
import os

# PyTorch's idle threads spin and take the cores from everyone: this must be set before its first import.
os.environ.update(OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0")

import json
import sys
from pathlib import Path

from benchmarks.measure import LIBRARIES, alternate, describe_machine, library, median, peak_memory, same_losses, spread
from benchmarks.works import WORKS
from nnlite.checkpoint import atomic_path


def main() -> int:
    parser = argparse.ArgumentParser(description="The time of training steps in nnlite and PyTorch, and their ratio.")
    names = list(WORKS)
    parser.add_argument("--work", nargs="*", choices=names, default=names, metavar="NAME", help="default: all")
    parser.add_argument("--rounds", type=int, default=7, help="timed steps of each library (default 7)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args()
    print(describe_machine())
    print(f"{'work':24}{'batch':>6}{'nnlite ms':>22}{'PyTorch ms':>22}{'channels_last':>15}{'ratio':>8}{'peak MB':>16}")
    rows = []
    for name in arguments.work:
        for batch in WORKS[name].batches:
            row = measure(name, batch, arguments.rounds)
            rows.append(row)
            times = ["{:.0f} ({:.0f}-{:.0f})".format(row[f"{lib}_ms"], *row[f"{lib}_spread"]) for lib in LIBRARIES]
            peaks = f"{row['nnlite_peak_mb']:.0f} / {row['torch_peak_mb']:.0f}"
            last = f"{row['torch_channels_last_ms']:.0f}"
            print(f"{name:24}{batch:6}{times[0]:>22}{times[1]:>22}{last:>15}{row['ratio']:8.2f}{peaks:>16}", flush=True)
    if arguments.json:
        with atomic_path(arguments.json) as path:
            path.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


def measure(name: str, batch: int, rounds: int) -> dict:
    """The figures of one work as a row of the table."""
    same_losses(lambda torch: WORKS[name].make(torch, batch, False))
    steps = {lib: WORKS[name].make(library(lib), batch, True)[1] for lib in LIBRARIES}
    steps["torch_channels_last"] = channels_last(name, batch)
    times = alternate(steps, rounds)
    row = {"work": name, "device": "cpu", "batch": batch}
    for lib, seconds in times.items():
        row |= {f"{lib}_ms": 1e3 * median(seconds), f"{lib}_spread": [1e3 * t for t in spread(seconds)]}
    row["ratio"] = row["torch_ms"] / row["nnlite_ms"]
    return row | {f"{lib}_peak_mb": peak_memory(lib, name, batch) for lib in LIBRARIES}


def channels_last(name: str, batch: int):
    """PyTorch's step with its networks in its other memory format."""
    torch = library("torch")
    networks, step = WORKS[name].make(torch, batch, True)
    for network in networks.values():
        network.to(memory_format=torch.channels_last)
    return step


if __name__ == "__main__":
    sys.exit(main())
