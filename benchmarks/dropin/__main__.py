"""Does your PyTorch code run on nnlite? Every script in a folder, run both ways and compared.

    python -m benchmarks.dropin FOLDER... [--steps N] [--seconds S] [--jobs N] [--arguments "..."] [--json FILE]

Each script runs in a process of its own, in a copy of its folder that is deleted afterwards: with PyTorch, then with
`import torch` meaning nnlite.torch and `import torchvision` meaning nnlite.torch.vision. Data are small random images,
random numbers (initial weights, noise, dropout, order of samples) are the same in both, and after a few steps of its
optimisers a script is stopped. Its losses should be equal, and in each step the norms of the gradients and of the
changes of the weights. A script that never calls backward is compared by the numbers that it prints. From a file that
only defines networks, every network that can be built with guessed arguments is run forward and backward.

    equal                   the same losses, steps, outputs and gradients
    raises                  PyTorch runs it, nnlite raises: the message says what is missing
    differs                 nnlite computes something else: please report it
    PyTorch raises itself   old code, missing data, arguments that have to be given
    too sensitive to tell   PyTorch's own figures change as much when its random numbers change by a millionth
    needs                   a package that is not installed here
    timed out               longer than --seconds
    nothing to compare      it neither trains nor prints numbers

Code is executed: run only what you trust. Exit status: 0 if nothing differs or raises, 1 if something does, 2 for a
mistake, 130 interrupted.
"""

from __future__ import annotations

import importlib.util
import json
import shlex
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.dropin import judge as judges
from benchmarks.dropin.judge import DIFFERS, EQUAL, JUDGED, NEEDS, RAISES, Verdict
from benchmarks.dropin.process import Limits, Run, run
from benchmarks.dropin.scripts import Script, runs_by_itself, scripts_in
from benchmarks.figures import markdown
from demos.shared.program import Interrupt, UserError, run_program
from stylize.console import Parser, path_argument

ORDER = (EQUAL, RAISES, DIFFERS, judges.SENSITIVE, judges.REFUSED, NEEDS, judges.SLOW, judges.EMPTY)
COLUMNS = {"outcome": 21, "scripts": 7, "of judged": 9, "networks": 8, "of judged ": 9}


def main() -> int:
    parser = Parser(prog="python -m benchmarks.dropin", description="Run PyTorch scripts on PyTorch and on nnlite.")
    parser.add_argument("paths", nargs="+", type=path_argument, metavar="FOLDER", help="folders, or single scripts")
    parser.add_argument("--steps", type=int, default=4, help="optimiser steps of each script (default: 4)")
    parser.add_argument("--seconds", type=float, default=120.0, help="limit of each run (default: 120)")
    parser.add_argument("--jobs", type=int, default=1, help="scripts at the same time (default: 1)")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="relative, of the losses (default: 1e-3)")
    parser.add_argument("--arguments", default="", metavar='"..."', help="command-line arguments of the scripts")
    parser.add_argument("--json", type=path_argument, metavar="FILE", help="write the verdicts to this file too")
    arguments = parser.parse_args()
    if min(arguments.steps, arguments.jobs, arguments.seconds) <= 0 or not arguments.tolerance >= 0:
        raise UserError("--steps, --jobs and --seconds must be above 0, --tolerance must not be negative")
    for path in arguments.paths:
        if not path.exists():
            raise UserError(f"{path} does not exist; name a folder of PyTorch scripts")
    if importlib.util.find_spec("torch") is None:
        raise UserError("PyTorch is not installed, and there is nothing to compare with; pip install torch")
    scripts = list(scripts_in(arguments.paths))
    if not scripts:
        raise UserError(f"no Python file that imports torch in {', '.join(map(str, arguments.paths))}")
    rows = []
    with Interrupt() as interrupt, ThreadPoolExecutor(arguments.jobs) as pool:
        limits = Limits(arguments.steps, arguments.seconds, interrupt)
        for found in pool.map(lambda script: list(judged(script, arguments, limits)), scripts):
            for row in found:
                rows.append(row)
                print(line(row), flush=True)
    print()
    for text in table(rows):
        print(text)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
    return int(any(row["outcome"] in (RAISES, DIFFERS) for row in rows))


def judged(script: Script, arguments: Any, limits: Limits) -> Iterator[dict[str, str]]:
    """The rows of a file: one for a script, one for each network of a file that only defines some."""
    text = script.path.read_text(encoding="utf-8", errors="replace")
    if script.kind != "networks" and not runs_by_itself(text):
        yield row(script, "", Verdict(judges.EMPTY, "it only defines things"))
        return
    words = shlex.split(arguments.arguments)
    theirs = run(script, "torch", words, limits)
    early = judges.of_torch(theirs)
    if script.kind != "networks":
        ours = None if early else run(script, "nnlite", words, limits)
        verdict = judges.judge(theirs, ours, arguments.tolerance)
        if verdict.outcome == DIFFERS:
            shaken = run(script, "torch", words, limits, shaken=True)
            verdict = judges.reconsidered(verdict, judges.judge(theirs, shaken, arguments.tolerance))
        yield row(script, "", verdict)
    elif early and not theirs.events:
        yield row(script, "?", early)
    else:
        yield from network_rows(script, theirs, limits, arguments.tolerance)


def network_rows(script: Script, theirs: Run, limits: Limits, tolerance: float) -> Iterator[dict[str, str]]:
    """The rows of the networks that PyTorch's run could build."""
    built = [event["how"] for event in theirs.events if event["how"]]
    if not built:
        yield row(script, "?", Verdict(judges.EMPTY, "no network could be built with guessed arguments"))
        return
    verdicts = dict(judges.networks(theirs, run(script, "nnlite", [], limits, built), tolerance))
    doubted = [how for how in built if verdicts[how["name"]].outcome == DIFFERS]
    if doubted:
        shaken = dict(judges.networks(theirs, run(script, "torch", [], limits, doubted, shaken=True), tolerance))
        verdicts |= {how["name"]: judges.reconsidered(verdicts[how["name"]], shaken[how["name"]]) for how in doubted}
    for name, verdict in verdicts.items():
        yield row(script, name, verdict)


def row(script: Script, network: str, verdict: Verdict) -> dict[str, str]:
    return {"file": str(script.path), "network": network, "outcome": verdict.outcome, "detail": verdict.detail}


def line(row: dict[str, str]) -> str:
    name = f"{row['file']} {row['network']}".strip()
    return f"{row['outcome']:<{COLUMNS['outcome']}}  {name}" + (f"  {row['detail']}" if row["detail"] else "")


def table(rows: list[dict[str, str]]) -> Iterator[str]:
    """How many of the scripts and of the networks have which outcome. Shares are of those that nnlite is judged by."""
    counts = [Counter(row["outcome"] for row in rows if bool(row["network"]) == part) for part in (False, True)]
    cells = []
    for outcome in ORDER:
        numbers = []
        for count in counts:
            whole = sum(count[judged] for judged in JUDGED)
            share = f"{count[outcome] / whole:.0%}" if outcome in JUDGED and whole else ""
            numbers += [str(count[outcome]), share]
        if any(count[outcome] for count in counts):
            cells.append([outcome, *numbers])
    return markdown(COLUMNS, cells)


if __name__ == "__main__":
    run_program("benchmarks.dropin", main)
