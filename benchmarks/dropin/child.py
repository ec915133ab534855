"""One run of one script, in a process of its own: `python -m benchmarks.dropin.child TASK`.

TASK is a JSON file that process.py writes. What happens is written as it happens, a JSON line each: {"loss": 0.7},
{"step": {"gradient": 0.1, "change": 0.01}}, {"network": ...}, and at the end {"end": "finished"}, {"end": "stopped"}
after enough steps, or {"error": {...}}.
"""

from __future__ import annotations

import json
import math
import os
import random
import resource
import runpy
import socket
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

BACKWARDS = 8  # calls of backward, for each step that is allowed, that end a script without an optimiser


class Record:
    """The file with what happened."""

    def __init__(self, path: str):
        self.file = open(path, "w")

    def write(self, **event: Any) -> None:
        self.file.write(json.dumps(event) + "\n")
        self.file.flush()

    def end(self, **event: Any) -> None:
        """The last line. The process ends here, whatever the script would still do, or catch."""
        self.write(**event)
        sys.stdout.flush()
        os._exit(0)


def main(task: dict[str, Any]) -> None:
    """Run task["script"] with task["library"] and write to task["record"]."""
    resource.setrlimit(resource.RLIMIT_AS, (task["memory"], task["memory"]))
    record = Record(task["record"])
    script = Path(task["script"])
    try:
        torch = prepare(task, script)
        if task["kind"] == "networks":
            from benchmarks.dropin import networks

            networks.run(torch, script, task["networks"], record)
        else:
            watch(torch, record, task["steps"])
            sys.argv = [str(script), *task["arguments"]]
            runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            record.end(error={"type": "SystemExit", "text": str(end.code), "where": "", "missing": ""})
    except BaseException as error:
        traceback.print_exc()
        record.end(error=described(error, script.parent))
    record.end(end="finished")


def prepare(task: dict[str, Any], script: Path) -> ModuleType:
    """The script's world: its imports, its data, its folder. Returns what `import torch` gives there."""
    from benchmarks.dropin import datasets, libraries

    np.random.seed(0)
    random.seed(0)
    socket.socket.connect = _refuse  # type: ignore[method-assign]
    torch = libraries.install(task["library"], task["shaken"])
    datasets.invent_files()
    os.chdir(script.parent)
    # The script's own modules first, and none of this project's, some of which have common names (models, tests).
    root = str(Path(__file__).parents[2])
    sys.path[:] = [str(script.parent), *(p for p in sys.path if p not in ("", root))]
    return torch


def _refuse(*_: Any) -> None:
    raise OSError("there is no network while scripts are compared")


def described(error: BaseException, folder: Path) -> dict[str, str]:
    """An exception as the parent needs it: its first line, the script's line, and the module that was not found."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(folder))]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    missing = (error.name or "") if isinstance(error, ModuleNotFoundError) else ""
    text = next(iter(str(error).strip().splitlines()), "")
    return {"type": type(error).__name__, "text": text, "where": where, "missing": missing}


def watch(torch: ModuleType, record: Record, steps: int) -> None:
    """Write down every loss that backward starts from and every step of an optimiser; end the script after `steps`."""
    seen = {"steps": 0, "backwards": 0, "inside": False}
    tensors = type(torch.zeros(1))  # torch.Tensor may be a front for it
    original = tensors.backward

    def backward(self, *arguments, **options):
        if seen["inside"]:  # PyTorch hands a call on to itself where a default device is set
            return original(self, *arguments, **options)
        values = array(self)
        record.write(loss=float(values.sum()) if values.size == 1 else [float(values.mean()), norm([values])])
        seen["inside"] = True
        try:
            result = original(self, *arguments, **options)
        finally:
            seen["inside"] = False
        seen["backwards"] += 1
        if seen["backwards"] >= BACKWARDS * steps:
            record.end(end="stopped")
        return result

    def watched(step):
        def watched_step(self, *arguments, **options):
            if seen["inside"]:  # super().step()
                return step(self, *arguments, **options)
            seen["inside"] = True
            parameters = [p for group in self.param_groups for p in group["params"]]
            before = [array(p).copy() for p in parameters]
            gradient = norm([array(p.grad) for p in parameters if p.grad is not None])
            try:
                result = step(self, *arguments, **options)
            finally:
                seen["inside"] = False
            change = norm([array(p) - old for p, old in zip(parameters, before, strict=True)])
            record.write(step={"gradient": gradient, "change": change})
            seen["steps"] += 1
            if seen["steps"] >= steps:
                record.end(end="stopped")
            return result

        return watched_step

    tensors.backward = backward
    for kind in {torch.optim.Optimizer, *_kinds(torch.optim.Optimizer)}:
        if "step" in vars(kind):
            kind.step = watched(kind.step)


def array(tensor: Any) -> np.ndarray:
    """A tensor of either library in double precision."""
    tensor = tensor.detach()
    return np.asarray((tensor.to_dense() if getattr(tensor, "is_sparse", False) else tensor).cpu().numpy(), np.float64)


def norm(arrays: list[np.ndarray]) -> float:
    """The length of all numbers together."""
    return math.sqrt(sum(float(np.square(a).sum()) for a in arrays))


def _kinds(kind):
    for sub in kind.__subclasses__():
        yield sub
        yield from _kinds(sub)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
