"""One run in a process and a folder of its own, with limits of time and memory."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.dropin.scripts import SKIPPED, Script
from demos.shared.program import Interrupt

ROOT = Path(__file__).parents[2]
MEMORY = 10 * 2**30  # bytes of address space
COPIED = 2**20  # bytes of the largest file that is copied along with a script
LIBRARIES = ("torch", "nnlite")
PAUSE = 0.02  # seconds between two looks at a process


class Limits(NamedTuple):
    """When a run ends."""

    steps: int
    seconds: float
    interrupt: Interrupt = Interrupt()


class Run(NamedTuple):
    """What came of one: the events that child.py wrote, what the script printed, how it ended.

    `end` is "finished", "stopped" (after enough steps), "error", "timed out" or "died".
    """

    end: str
    events: list[dict[str, Any]]
    error: dict[str, str]
    printed: str


def run(
    script: Script, library: str, arguments: list[str], limits: Limits, networks: Any = None, shaken: bool = False
) -> Run:
    """Run the script with one library, in a copy of its folder that is deleted afterwards.

    Raises KeyboardInterrupt, with everything ended and deleted, once limits.interrupt is requested.

    networks   those that PyTorch's run could build, for the others
    shaken     with slightly different random numbers, to see how much depends on rounding
    """
    with tempfile.TemporaryDirectory(prefix="dropin-") as name:
        # Some levels down: scripts like to write to ../../data, and must not get out.
        folder = Path(name) / "a" / "b" / "c" / script.path.resolve().parent.name
        shutil.copytree(script.path.resolve().parent, folder, ignore=_large, symlinks=True)
        task = {
            "script": str(folder / script.path.name), "library": library, "arguments": arguments, "kind": script.kind,
            "steps": limits.steps, "memory": MEMORY, "networks": networks, "shaken": shaken,
            "record": f"{name}/record",
        }  # fmt: skip
        Path(name, "task.json").write_text(json.dumps(task))
        with open(f"{name}/printed", "wb") as printed:
            status = _wait([sys.executable, "-m", "benchmarks.dropin.child", f"{name}/task.json"], printed, limits)
        if limits.interrupt.requested:
            raise KeyboardInterrupt("the scripts listed above are done")
        return _result(Path(name), status)


def _large(folder: str, names: list[str]) -> set[str]:
    """What is not copied: large files, and folders of no use."""
    files = {name for name in names if Path(folder, name).is_file()}
    return {name for name in files if Path(folder, name).stat().st_size > COPIED} | SKIPPED | {".git"}


def _wait(command: list[str], printed: Any, limits: Limits) -> int | None:
    """The exit status, None if a limit ended it. Whatever the process started ends with it."""
    environment = {
        **os.environ, "MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "ignore", "OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0",
        **dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1"),
    }  # fmt: skip
    streams = {"stdin": subprocess.DEVNULL, "stdout": printed, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, **streams)
    end = time.monotonic() + limits.seconds
    try:
        # Ctrl-C does not reach a session of its own, nor a thread that waits.
        while process.poll() is None and time.monotonic() < end and not limits.interrupt.requested:
            time.sleep(PAUSE)
        return process.returncode
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def _result(folder: Path, status: int | None) -> Run:
    record = folder / "record"
    lines = record.read_text().splitlines() if record.exists() else []
    events = [json.loads(line) for line in lines if line.endswith("}")]
    printed = (folder / "printed").read_text(errors="replace")
    last = events.pop() if events and ("end" in events[-1] or "error" in events[-1]) else {}
    if "error" in last:
        return Run("error", events, last["error"], printed)
    end = last.get("end") or ("timed out" if status is None else "died")
    said = next((line for line in reversed(printed.splitlines()) if line.strip()), "")
    error = {} if end != "died" else {"type": f"exit status {status}", "text": said, "where": "", "missing": ""}
    return Run(end, events, error, printed)
