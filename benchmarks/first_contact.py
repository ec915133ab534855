"""The first eight minutes on a GPU: are the kernels right, and how fast are they?

    python -m benchmarks.first_contact [--out DIR] [--device cpu]

1. At the same time, each in a process of its own: every operation and module on CuPy (plain) and with the kernels
   (fast) against the CPU, the kernels against the plain backend on every operation, and captured steps against eager
   ones.
2. Alone, because it measures: `python -m benchmarks.gpu` with short settings.

A part that fails, hangs or takes too long does not stop the others. DIR ($OUT, or else first-contact/) gets
first_contact.md and .json with the outcome, the log of each part, and gpu.json with the figures. `--device cpu` tries
the program out on the stand-in for CuPy, where nothing is measured. Exit status: 0, 1 if a part failed, 2 if there is
no GPU, 130 interrupted.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.figures import markdown
from benchmarks.gpu import require_cupy
from benchmarks.probe import CupyProbe
from benchmarks.worker import Failed, Worker
from demos.shared.program import UserError, run_program
from stylize.console import Parser, path_argument
from stylize.files import atomic_path

ROOT = Path(__file__).parents[1]
CHECKED, MEASURED = 240, 210  # seconds, together less than eight minutes
COLUMNS = {"part": 36, "outcome": 22, "passed": 6, "failed": 6, "seconds": 7}
SHOWN = 30  # failures of a part in the summary; its log has all of them


class Part(NamedTuple):
    """A command, whose output goes to the file `name`.log."""

    name: str
    title: str
    command: list[str]


def checks(device: str) -> list[Part]:
    """The tests that run on a GPU, in parts that take about as long."""
    # CuPy may be older than the NumPy that it finds: its deprecation warnings are no errors of ours.
    pytest = [sys.executable, "-m", "pytest", "-v", "--tb=short", "-p", "no:cacheprovider", "-m", "not slow"]
    pytest += ["-W", "default::DeprecationWarning", "--device", device]
    return [
        Part("plain", "plain on CuPy equals the CPU", [*pytest, "tests/nnlite/test_gpu.py", "-k", "not fast"]),
        Part("fast", "kernels equal the CPU", [*pytest, "tests/nnlite/test_gpu.py", "-k", "fast"]),
        Part("kernels", "kernels equal plain", [*pytest, "tests/nnlite/test_kernels.py"]),
        Part("captured", "captured steps equal eager ones", [*pytest, "tests/nnlite/test_capture.py"]),
    ]


def figures(out: Path) -> Part:
    """Training steps in nnlite and PyTorch, those that matter most first: what is measured in time is kept."""
    settings = ["--work", "pix2pix", "dcgan", "vae", "--rounds", "5", "--json", str(out / "gpu.json")]
    return Part("gpu", "figures", [sys.executable, "-m", "benchmarks.gpu", *settings])


def main() -> int:
    parser = Parser(prog="python -m benchmarks.first_contact", description="Are the kernels right, and how fast?")
    default = Path(os.environ.get("OUT") or "first-contact")
    parser.add_argument("--out", type=path_argument, default=default, help="a new folder (default: $OUT)")
    parser.add_argument("--device", choices=("gpu", "cpu"), default="gpu", help="cpu: only try it, on the stand-in")
    arguments = parser.parse_args()
    if arguments.device == "gpu":
        require_cupy()
    out = arguments.out.absolute()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {out} ({error}); name another with --out") from error
    if any(out.iterdir()):
        raise UserError(f"{out} is not empty; name a new folder with --out")
    machine = describe(arguments.device)
    print(machine, flush=True)
    outcomes = run_parts(checks(arguments.device), out, CHECKED)
    if arguments.device == "gpu":
        outcomes += run_parts([figures(out)], out, MEASURED)
    write(outcomes, machine, out)
    return 0 if all(outcome["outcome"] == "passed" for outcome in outcomes) else 1


def describe(device: str) -> str:
    """Date, device and versions."""
    if device == "cpu":
        return f"{date.today()}, the stand-in for CuPy"
    worker = Worker(CupyProbe, patience=60.0)
    try:
        return f"{date.today()}, {worker.ask('measure', 'versions')}"
    except Failed as error:
        return f"{date.today()}, a GPU that does not answer ({error})"
    finally:
        worker.stop()


def run_parts(parts: list[Part], out: Path, limit: float) -> list[dict[str, Any]]:
    """Run the parts at the same time, for at most `limit` seconds. Returns what came of each."""
    start, outcomes = time.monotonic(), {}
    with started(parts, out) as processes:
        while len(outcomes) < len(processes):
            seconds = time.monotonic() - start
            for part, process in processes:
                status = process.poll()
                if part.name in outcomes or (status is None and seconds < limit):
                    continue
                end(process)
                word = f"stopped after {limit:.0f} s" if status is None else f"exit status {status}"
                log = (out / f"{part.name}.log").read_text(errors="replace")
                outcomes[part.name] = judge(part, "passed" if status == 0 else word, log, seconds)
                print(f"{part.title}: {outcomes[part.name]['outcome']}", flush=True)
            time.sleep(0.1)
    return [outcomes[part.name] for part in parts]


@contextmanager
def started(parts: list[Part], out: Path) -> Iterator[list[tuple[Part, subprocess.Popen]]]:
    """The parts' processes, all ended when the block is left, by Ctrl-C too."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}  # so that the log of a part that is stopped is complete
    processes = []
    try:
        for part in parts:
            with (out / f"{part.name}.log").open("wb") as log:
                streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT}
                process = subprocess.Popen(part.command, cwd=ROOT, env=environment, start_new_session=True, **streams)
            processes.append((part, process))
        yield processes
    finally:
        for _, process in processes:
            end(process)


def end(process: subprocess.Popen) -> None:
    """Kill a process, and with it those that it started."""
    if process.poll() is None:
        if hasattr(os, "killpg"):  # not on Windows
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()


def judge(part: Part, outcome: str, log: str, seconds: float) -> dict[str, Any]:
    """A row of the summary, from the log of pytest -v or of benchmarks.gpu."""
    tests = re.findall(r"^(tests/\S+::.+?) (PASSED|FAILED|ERROR)\b", log, re.MULTILINE)
    passed = sum(result == "PASSED" for _, result in tests)
    failures = re.findall(r"^(?:FAILED|ERROR) (tests/.+)|^(failed: .+)", log, re.MULTILINE)  # pytest's own summary
    reasons = ["".join(groups) for groups in failures] or [name for name, result in tests if result != "PASSED"]
    if outcome != "passed" and not reasons:
        reasons = [line for line in log.splitlines() if line.strip()][-1:]
    if outcome == "passed" and "pytest" in part.command and not passed:
        outcome, reasons = "nothing was tested", ["all tests were skipped; see the log"]
    return {
        "part": part.title, "outcome": outcome, "passed": passed, "failed": len(reasons),
        "seconds": round(seconds, 1), "log": f"{part.name}.log", "failures": reasons,
    }  # fmt: skip


def write(outcomes: list[dict[str, Any]], machine: str, out: Path) -> None:
    """Print the summary, and leave it in two files."""
    text = "\n".join(summary(outcomes, machine)) + "\n"
    print(f"\n{text}", end="", flush=True)
    for name, content in (("md", text), ("json", json.dumps({"machine": machine, "parts": outcomes}, indent=2) + "\n")):
        with atomic_path(out / f"first_contact.{name}") as temporary:
            temporary.write_text(content)


def summary(outcomes: list[dict[str, Any]], machine: str) -> Iterator[str]:
    """The page, line by line."""
    yield from ("# First contact with a GPU", "", machine, "")
    yield from markdown(COLUMNS, ([str(outcome[name]) for name in COLUMNS] for outcome in outcomes))
    for outcome in outcomes:
        if failures := outcome["failures"]:
            yield from ("", f"## {outcome['part']}: {len(failures)} failed ({outcome['log']})", "")
            yield from (f"- {failure}" for failure in failures[:SHOWN])
            if len(failures) > SHOWN:
                yield f"- ... and {len(failures) - SHOWN} more"


if __name__ == "__main__":
    run_program("first_contact", main)
