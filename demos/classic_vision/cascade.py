"""The attentional cascade (Viola & Jones 2001): cheap classifiers first, and the others only for what they let pass.

Almost all windows of a page are without a digit, and most of them are easy. A stage of a few features discards many of
them and lets nearly every digit pass: its threshold is lowered until it does. What it lets pass wrongly is what the
next stage learns from. D stages that let 99.5 % of digits and 30 % of the rest pass, let .995^D and .3^D pass together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from demos.classic_vision.boosting import Strong, adaboost
from demos.classic_vision.haar import Feature, Windows, evaluate, windows_of

STAGES = (3, 6, 12, 25, 50)  # features in each
DETECTED = 0.995  # of the digits, that each stage lets pass
CANDIDATES = 600  # features to choose from, drawn from all
NEGATIVES = 1000  # windows without a digit that a stage learns from
TRIES = 100  # draws of windows in search of enough false alarms


class Stage(NamedTuple):
    """A strong classifier and the features that it looks at, in the order of its votes."""

    features: list[Feature]
    strong: Strong

    def score(self, windows: Windows) -> np.ndarray:
        return self.strong.score(evaluate(self.features, windows))


def learn_stage(digits: np.ndarray, others: np.ndarray, rounds: int, candidates: list[Feature]) -> Stage:
    """From windows (n, SIDE, SIDE) with a digit and without. Every second digit only sets the threshold."""
    learnt, kept = digits[::2], digits[1::2]
    values = evaluate(candidates, windows_of(np.concatenate([learnt, others])))
    strong = adaboost(values, np.repeat([1, 0], [len(learnt), len(others)]), rounds)
    stage = Stage([candidates[i] for i in strong.features], strong)
    strong.threshold = passing(stage.score(windows_of(kept)), DETECTED)
    return stage


def passing(scores: np.ndarray, share: float) -> float:
    """The highest threshold that at least this share of the scores reaches; a hair lower, as sums are rounded."""
    return float(np.sort(scores)[int((1.0 - share) * len(scores))]) - 1e-6


def learn_cascade(
    digits: np.ndarray, draw: Callable[[], np.ndarray], candidates: list[Feature], sizes: tuple[int, ...]
) -> list[Stage]:
    """`draw` gives new windows (n, SIDE, SIDE) without a digit each time; a stage learns from its forerunners' errors.

    Fewer stages come back if TRIES draws give no false alarm to learn from.
    """
    stages: list[Stage] = []
    for rounds in sizes:
        others = false_alarms(stages, draw)
        if len(others) == 0:
            break
        stages.append(learn_stage(digits, others, rounds, candidates))
    return stages


def false_alarms(stages: list[Stage], draw: Callable[[], np.ndarray]) -> np.ndarray:
    """Up to NEGATIVES windows without a digit that all the stages let pass."""
    found, count = [], 0
    for _ in range(TRIES):
        images = draw()
        passed, _ = look(stages, windows_of(images))
        found.append(images[passed[-1]] if stages else images)
        count += len(found[-1])
        if count >= NEGATIVES:
            break
    return np.concatenate(found)[:NEGATIVES]


def look(stages: list[Stage], windows: Windows) -> tuple[list[np.ndarray], np.ndarray]:
    """After each stage, which windows are left (indices); and the scores of the last stage for those it let pass."""
    left, passed, scores = np.arange(len(windows.starts)), [], np.zeros(0)
    for stage in stages:
        scores = stage.score(windows.take(left))
        through = scores >= stage.strong.threshold
        left, scores = left[through], scores[through]
        passed.append(left)
    return passed, scores
