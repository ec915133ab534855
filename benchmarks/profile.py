"""Where a step's time goes, operation by operation.

    python -m benchmarks.profile pix2pix [--batch N] [--steps N]

Each operation's forward and backward are timed, and the optimisers' updates; what is left over is Python's own work:
building the graph, walking it, adding gradients.
"""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import contextmanager

from benchmarks.measure import library
from benchmarks.works import WORKS
from demos.shared.program import UserError, run_program
from nnlite import Function
from nnlite.optim.optimizer import Optimizer
from stylize.console import Parser


def main() -> None:
    what = "Time of each operation in a step of nnlite."
    parser = Parser(prog="python -m benchmarks.profile", description=what)
    parser.add_argument("work", choices=WORKS)
    parser.add_argument("--batch", type=int, help="default: the first that benchmarks.train_steps measures")
    parser.add_argument("--steps", type=int, default=5, help="how many are averaged (default 5)")
    arguments = parser.parse_args()
    work = WORKS[arguments.work]
    batch = work.batches[0] if arguments.batch is None else arguments.batch
    if min(batch, arguments.steps) < 1:
        raise UserError(f"--batch and --steps must be at least 1, got {batch} and {arguments.steps}")
    step = work.make(library("nnlite"), batch)[1]
    step()  # the first one allocates
    with recording() as seconds:
        start = time.perf_counter()
        for _ in range(arguments.steps):
            float(step())
        total = time.perf_counter() - start
    seconds["(the rest)", ""] = [total - sum(map(sum, seconds.values()))]
    print(f"{'operation':24}{'':10}{'calls':>7}{'ms a step':>11}{'share':>8}")
    for (name, direction), times in sorted(seconds.items(), key=lambda item: -sum(item[1])):
        calls, spent = len(times) / arguments.steps, sum(times)
        print(f"{name:24}{direction:10}{calls:7.0f}{1e3 * spent / arguments.steps:11.2f}{spent / total:8.1%}")
    print(f"{'all':41}{1e3 * total / arguments.steps:11.2f}")


@contextmanager
def recording():
    """Inside, (operation, direction) -> seconds of each call is filled in."""
    seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    apply, gradients, optimise = Function.apply.__func__, Function.gradients, Optimizer.step

    def timed(name, direction, function, /, *args, **kwargs):
        start = time.perf_counter()
        result = function(*args, **kwargs)
        seconds[name, direction].append(time.perf_counter() - start)
        return result

    Function.apply = classmethod(lambda cls, *a, **k: timed(cls.__name__, "forward", apply, cls, *a, **k))
    Function.gradients = lambda self, dy: timed(type(self).__name__, "backward", gradients, self, dy)
    Optimizer.step = lambda self, *a: timed(type(self).__name__, "update", optimise, self, *a)
    try:
        yield seconds
    finally:
        Function.apply, Function.gradients, Optimizer.step = classmethod(apply), gradients, optimise


if __name__ == "__main__":
    run_program("profile", main)
