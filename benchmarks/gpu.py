"""Everything there is to measure on a GPU, in one command: CuPy and PyTorch with CUDA are needed.

    python -m benchmarks.gpu [--work NAME...] [--rounds N] [--json FILE]

1. A probe: what single calls cost, and how fast copies and products are, through CuPy and PyTorch.
2. Whether captured steps leave the same parameters behind as eager ones, bit for bit.
3. Training steps: nnlite captured, eager, and eager on the plain backend, next to PyTorch as it comes, with
   channels_last, with cudnn.benchmark, as its own CUDA graph and in mixed precision. They take turns in bursts, and
   each clock reading waits for the device.

Whatever is measured runs in a process of its own; one that fails is reported, and the others go on. Exit status: 0, 1
if something failed, 2 if there is no GPU, 130 interrupted.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

import nnlite
from benchmarks.figures import command_line, keep, markdown, number, parse
from benchmarks.measure import LIBRARIES, describe_machine, library, summary
from benchmarks.probe import CupyProbe, TorchProbe
from benchmarks.variants import VARIANTS, Equality, Subject
from benchmarks.worker import Failed, Worker
from benchmarks.works import WORKS
from demos.shared.program import UserError, run_program

TITLE = "Training steps on the GPU"
LEGEND = (
    "Medians in ms; ratio is PyTorch's eager time / nnlite's captured (eager) one, above 1: nnlite is faster. "
    "Peak memory is that of arrays in use, nnlite captured / PyTorch."
)
COLUMNS = {
    "work": 20, "batch": 5, "nnlite": 8, "nnlite eager": 12, "nnlite plain": 12, "PyTorch": 8, "channels_last": 13,
    "cudnn.benchmark": 15, "CUDA graph": 10, "AMP (bfloat16)": 14, "ratio (eager)": 13, "target": 6, "peak MB": 13,
}  # fmt: skip
TARGETS = {("pix2pix", 1): 2.0, ("pix2pix", 16): 1.0, ("dcgan", 128): 1.5, ("vae", 128): 3.0}
PROBES = [("CuPy", CupyProbe), ("CuPy in TF32", CupyProbe, True), ("PyTorch", TorchProbe)]
LOSSES = 6  # the last three are from replays of a captured step
WARM_UP = 10
BURST = 0.05  # seconds
EQUAL_AFTER = 8  # steps: two are eager, one is captured, and five are replays


def main() -> int:
    parser = command_line("benchmarks.gpu", "The time of training steps in nnlite and PyTorch on a GPU.", rounds=15)
    parser.add_argument("--work", nargs="+", choices=WORKS, default=list(WORKS), help="default: all")
    arguments = parse(parser)
    require_gpu()
    points = [(name, {"batch": batch}) for name in arguments.work for batch in WORKS[name].gpu_batches]
    failures = Failures()
    machine = ", ".join([describe_machine(), *probe(PROBES, failures)])
    for name, sizes in points:
        check_equality(name, sizes, "cuda", failures)
    print(f"\n{machine}")
    rows = (measure(name, sizes, arguments.rounds, "cuda", failures) for name, sizes in points)
    for line in markdown(COLUMNS, map(cells, keep(rows, arguments, machine))):
        print(line, flush=True)
    return 1 if failures.count else 0


def require_gpu() -> None:
    """Raises UserError that says what is missing."""
    require_cupy()
    torch = library("torch")
    if not torch.cuda.is_available():
        raise UserError(f"PyTorch {torch.__version__} finds no GPU; install its CUDA build: pip install torch")


def require_cupy() -> None:
    """The same for what does not compare with PyTorch."""
    how = "pip install '.[gpu]' (CUDA 12) or '.[gpu13]' (CUDA 13)"
    if importlib.util.find_spec("cupy") is None:
        raise UserError(f"CuPy is not installed; on a machine with an NVIDIA GPU: {how}")
    if not nnlite.gpu_available():
        raise UserError(f"CuPy finds no GPU; it must fit the driver: {how}")


class Failures:
    """What went wrong, said at once and counted."""

    count = 0

    def add(self, what: str, error: object) -> str:
        self.count += 1
        print(f"failed: {what}: {error}", file=sys.stderr, flush=True)
        return str(error)

    def attempt(self, what: str, ask: Callable, *question: Any) -> Any:
        """The answer, or None if that failed."""
        try:
            return ask(*question)
        except Failed as error:
            self.add(what, error)


def probe(probes: Iterable[tuple], failures: Failures) -> list[str]:
    """Print every row of the probes (name, class, arguments...). Returns the versions."""
    versions = []

    def lines() -> Iterator[list[str]]:
        for name, *make in probes:
            worker = Worker(*make)
            for row in failures.attempt(f"probe of {name}", worker.ask, "names") or []:
                figure = failures.attempt(f"probe of {name}, {row}", worker.ask, "measure", row)
                if figure:
                    versions.extend([figure] if row == "versions" else [])
                    yield [f"{name}: {row}", figure]
            worker.stop()

    for line in markdown({"probe": 36, "figure": 36}, lines()):
        print(line, flush=True)
    return versions


def check_equality(name: str, sizes: dict[str, int], device: str, failures: Failures) -> None:
    """Print whether captured steps equal eager ones."""
    what = f"{WORKS[name].title}, batch {sizes['batch']}: captured equals eager after {EQUAL_AFTER} steps"
    worker = Worker(Equality, name, sizes, device)
    answer = failures.attempt(what, worker.ask, "differences", EQUAL_AFTER)
    worker.stop()
    if answer is None:
        return
    count, differences = answer
    if differences:
        worst = max(differences, key=differences.__getitem__)
        failures.add(what, f"{len(differences)} of {count} arrays differ, {worst} by {differences[worst]:.2g}")
    else:
        print(f"{what}: all {count} arrays, bit for bit", flush=True)


def measure(
    name: str, sizes: dict[str, int], rounds: int, device: str, failures: Failures, variants: Iterable[str] = VARIANTS
) -> dict:
    """The figures of one work; a variant that fails has none, and its error is under "failed"."""
    row = {"work": name, "device": "cpu" if device == "cpu" else "gpu", **sizes, "failed": {}}
    row |= dict.fromkeys(("nnlite_ms", "torch_ms", "ratio", "nnlite_peak_mb", "torch_peak_mb"))
    workers = {variant: Worker(Subject, variant, name, sizes, device) for variant in variants}  # all start at once

    def ask_all(method, *arguments, **own):
        """Ask every worker in turn; those that fail drop out."""
        answers = {}
        for variant, worker in list(workers.items()):
            try:
                answers[variant] = worker.ask(method, *arguments, *own.get(variant, ()))
            except Failed as error:
                drop(variant, error)
        return answers

    def drop(variant, error):
        workers.pop(variant).stop()
        row["failed"][variant] = failures.add(f"{name}, {sizes}, {variant}", error)

    try:
        losses = ask_all("losses", LOSSES)
        for variant, wrong in wrong_losses(losses).items():
            drop(variant, wrong)
        row |= {f"{variant}_peak_mb": peak for variant, peak in ask_all("settle", WARM_UP).items()}
        once = ask_all("burst", 1)
        counts = {variant: [int(np.clip(BURST / seconds, 1, 100))] for variant, seconds in once.items()}
        bursts = [ask_all("burst", **counts) for _ in range(rounds)]
    finally:
        for worker in workers.values():
            worker.stop()
    return row | summary({variant: [burst[variant] for burst in bursts] for variant in bursts[-1]})


def wrong_losses(losses: dict[str, list[float]]) -> dict[str, str]:
    """What is wrong with each variant's losses, by PyTorch's.

    Convolutions in TF32 round their factors to 11 bits. Emulated on the CPU, that moved the first loss, which depends
    on the forward pass alone, by up to 1e-4 of itself, and the following ones by up to 0.02 of the way that training
    had come; bfloat16 moved the first by 3e-3. The bounds are three times that or more, far below a missing gradient.
    """
    expected = np.array(losses.get("torch", []))
    if not len(expected):
        return {}
    way = np.maximum.accumulate(np.abs(expected - expected[0]))
    bounds = {variant: VARIANTS[variant].tolerance * abs(expected[0]) + 0.1 * way for variant in losses}
    return {
        variant: f"its losses {np.array(given)} are not PyTorch's {expected}"
        for variant, given in losses.items()
        if not (np.abs(given - expected) <= bounds[variant]).all()  # NaN is wrong too
    }


def cells(row: dict) -> list[str]:
    """A row of the table."""
    times = [number(row.get(f"{variant}_ms"), 2) for variant in VARIANTS]
    eager = row["torch_ms"] / row["nnlite_eager_ms"] if row["torch_ms"] and row.get("nnlite_eager_ms") else None
    ratio = f"{number(row['ratio'], 2)} ({number(eager, 2)})"
    target = number(TARGETS.get((row["work"], row["batch"])), 1)
    peaks = " / ".join(number(row[f"{lib}_peak_mb"]) for lib in LIBRARIES)
    return [WORKS[row["work"]].title, str(row["batch"]), *times, ratio, target, peaks]


if __name__ == "__main__":
    run_program("gpu", main)
