"""Two runs of a script compared."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.dropin.process import Run

EQUAL, RAISES, DIFFERS = "equal", "raises", "differs"
REFUSED, SLOW, NEEDS, EMPTY = "PyTorch raises itself", "timed out", "needs", "nothing to compare"
SENSITIVE = "too sensitive to tell"
JUDGED = (EQUAL, RAISES, DIFFERS)  # the outcomes that say something about nnlite
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+\.\d*(?:e[-+]?\d+)?")  # those with a point: counts and dates say little
LOOSER = 20.0  # norms of gradients and changes may differ by this much more than losses: Adam enlarges what is nearly 0


class Verdict(NamedTuple):
    """What came of a script, or of a network in a file."""

    outcome: str
    detail: str = ""


def judge(torch: Run, nnlite: Run | None, tolerance: float) -> Verdict:
    """The verdict on a script. `nnlite` is None where PyTorch's run says enough, or has not been followed by one."""
    early = of_torch(torch)
    if early or nnlite is None:
        return early or Verdict(EMPTY)
    if nnlite.end in ("error", "died"):
        missing = _missing(nnlite)
        if missing and not missing.startswith(("torch", "nnlite")):
            return Verdict(NEEDS, missing)
        return Verdict(RAISES, reason(nnlite.error))
    fault = next(differences(torch, nnlite, tolerance), None)
    if nnlite.end == "timed out":
        return Verdict(DIFFERS, fault) if fault and nnlite.events and "only" not in fault else Verdict(SLOW, "nnlite")
    if fault:
        return Verdict(DIFFERS, fault)
    steps = sum("step" in event for event in torch.events)
    if torch.events:
        return Verdict(EQUAL, f"{steps} steps" if steps else f"{len(torch.events)} losses")
    return Verdict(EQUAL, "prints") if printed_numbers(torch) else Verdict(EMPTY)


def reconsidered(verdict: Verdict, shaken: Verdict) -> Verdict:
    """A verdict after the same comparison with a second, `shaken` run of PyTorch."""
    return Verdict(SENSITIVE, verdict.detail) if verdict.outcome == shaken.outcome == DIFFERS else verdict


def of_torch(run: Run) -> Verdict | None:
    """What PyTorch's run alone says."""
    if run.end == "timed out":
        return Verdict(SLOW, "PyTorch")
    if run.end in ("error", "died"):
        missing = _missing(run)
        return Verdict(NEEDS, missing) if missing else Verdict(REFUSED, reason(run.error))
    return None


def _missing(run: Run) -> str:
    """The module that a run lacks; of other packages only the package."""
    name = run.error["missing"]
    return name if name.startswith("torch") else name.partition(".")[0]


def reason(error: dict[str, str]) -> str:
    """An error in one line."""
    where = f" ({error['where']})" if error["where"] else ""
    return f"{error['type']}: {error['text']}"[:300] + where


def differences(torch: Run, nnlite: Run, tolerance: float) -> Iterator[str]:
    """What differs, first things first."""
    if not torch.events and not nnlite.events:
        yield from _differ_in_print(printed_numbers(torch), printed_numbers(nnlite), tolerance)
    step = 0
    for number, (theirs, ours) in enumerate(zip(torch.events, nnlite.events, strict=False), 1):
        where = f"after {step} steps"
        if theirs.keys() != ours.keys():
            yield f"event {number}: a {next(iter(theirs))} in PyTorch, a {next(iter(ours))} in nnlite"
            return
        if "loss" in theirs and not close(theirs["loss"], ours["loss"], tolerance):
            yield f"loss {shown(ours['loss'])} for {shown(theirs['loss'])} {where}"
        if "step" in theirs:
            step += 1
            for name, value in theirs["step"].items():
                if not close(value, ours["step"][name], LOOSER * tolerance):
                    yield f"norm of the {name} {shown(ours['step'][name])} for {shown(value)} in step {step}"
    if len(torch.events) != len(nnlite.events):
        yield f"only {min(len(torch.events), len(nnlite.events))} losses and steps in common, then one run has ended"


def _differ_in_print(theirs: list[float], ours: list[float], tolerance: float) -> Iterator[str]:
    for place, (their, our) in enumerate(zip(theirs, ours, strict=False), 1):
        if not close(their, our, tolerance):
            yield f"prints {shown(our)} for {shown(their)} (number {place})"
    if len(theirs) != len(ours):
        yield f"prints {len(ours)} numbers for {len(theirs)}"


def printed_numbers(run: Run) -> list[float]:
    return [float(text) for text in NUMBER.findall(run.printed)]


def networks(torch: Run, nnlite: Run | None, tolerance: float) -> Iterator[tuple[str, Verdict]]:
    """(name, verdict) of every network that PyTorch's run could build and run."""
    ours = {event["network"]: event for event in (nnlite.events if nnlite else [])}
    for theirs in torch.events:
        if theirs["how"] is None:
            continue
        name = theirs["network"]
        if name in ours:
            yield name, _network(theirs, ours[name], tolerance)
        elif nnlite and nnlite.end in ("error", "died"):
            yield name, Verdict(RAISES, reason(nnlite.error))
        else:
            yield name, Verdict(SLOW, "nnlite")


def _network(theirs: dict[str, Any], ours: dict[str, Any], tolerance: float) -> Verdict:
    if "error" in ours:
        return Verdict(RAISES, reason(ours["error"]))
    for place, (their, our) in enumerate(zip(theirs["outputs"], ours["outputs"], strict=False)):
        if their["shape"] != our["shape"]:
            return Verdict(DIFFERS, f"output {place} has shape {our['shape']} for {their['shape']}")
        for figure in ("norm", "share"):
            if abs(their[figure] - our[figure]) > tolerance * (their["norm"] + 1e-3):
                return Verdict(DIFFERS, f"output {place}: {figure} {shown(our[figure])} for {shown(their[figure])}")
    if len(theirs["outputs"]) != len(ours["outputs"]):
        return Verdict(DIFFERS, f"{len(ours['outputs'])} outputs for {len(theirs['outputs'])}")
    if theirs["gradients"].keys() != ours["gradients"].keys():
        only = theirs["gradients"].keys() ^ ours["gradients"].keys()
        return Verdict(DIFFERS, f"only one library has gradients of {', '.join(sorted(only)[:3])}")
    largest = max(theirs["gradients"].values(), default=0.0)
    for name, their in theirs["gradients"].items():
        # What is small next to the others may be rounding: the true gradient of a bias before batch norm is 0.
        if abs(their - ours["gradients"][name]) > LOOSER * tolerance * their + tolerance * largest + 1e-6:
            return Verdict(DIFFERS, f"gradient of {name}: norm {shown(ours['gradients'][name])} for {shown(their)}")
    return Verdict(EQUAL)


def close(a: Any, b: Any, tolerance: float) -> bool:
    """Whether two numbers, or two lists of them, are nearly equal, or both not a number."""
    if isinstance(a, list) or isinstance(b, list):
        same = isinstance(a, list) and isinstance(b, list) and len(a) == len(b)
        return same and all(close(x, y, tolerance) for x, y in zip(a, b, strict=True))
    if not (math.isfinite(a) and math.isfinite(b)):
        return repr(a) == repr(b)
    return abs(a - b) <= tolerance * (max(abs(a), abs(b)) + 0.01)


def shown(value: Any) -> str:
    return f"[{', '.join(map(shown, value))}]" if isinstance(value, list) else f"{value:.6g}"
