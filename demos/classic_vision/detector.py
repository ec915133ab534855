"""Digits found on pages by a cascade of boosted Haar features, next to one strong classifier with as many features."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from demos.classic_vision import cascade
from demos.classic_vision.cascade import Stage, look, passing
from demos.classic_vision.haar import PATTERNS, SIDE, Feature, Windows, all_features, windows_in, windows_of
from demos.classic_vision.pages import APART, distance, make_page, without_digit
from demos.classic_vision.templates import GREEN, RED
from demos.shared.digits import Digits
from nnlite.plot import drawing
from stylize import write_image

TAUGHT = 2000  # digits to learn from
PAGES, EACH = 40, 1000  # held-out pages, and windows without a digit of each
SHOWN = 7  # features in the picture: the first of the cascade
LEAST_SHOWN = 0.9  # of the digits, in the curve
STEP = 2  # from window to window on a page, pixels
LARGER = 3  # the picture of a page


def compare(train: Digits, test: Digits, photos: list[np.ndarray], out: Path) -> dict[str, Any]:
    """Learn from half of the photos (H, W) uint8 and from `train`, and measure on the others and on `test`."""
    rng = np.random.default_rng(0)
    taught, held_out = train.images[:TAUGHT, 0], test.images[:, 0]

    def others(images: np.ndarray, some_photos: list[np.ndarray]) -> np.ndarray:
        return without_digit(*make_page(images, some_photos, rng), EACH, rng)

    features = all_features()
    candidates = [features[i] for i in rng.choice(len(features), cascade.CANDIDATES, replace=False)]
    stages = cascade.learn_cascade(taught, lambda: others(taught, photos[::2]), candidates, cascade.STAGES)
    size = sum(len(stage.features) for stage in stages)
    negatives = cascade.false_alarms([], lambda: others(taught, photos[::2]))
    single = cascade.learn_stage(taught, negatives, size, candidates)

    digits = windows_of(held_out)
    rest = windows_of(np.concatenate([others(held_out, photos[1::2]) for _ in range(PAGES)]))
    rates = [[len(left) / len(w.starts) for left in look(stages, w)[0]] for w in (digits, rest)]
    of_digits, of_rest = single.score(digits), single.score(rest)
    page, places = make_page(held_out, photos[1::2], rng)
    windows, corners = windows_in(page, STEP)
    found = strongest(corners, *last(stages, windows))
    draw_learnt(stages, taught.mean(0), rates, (of_digits, of_rest), out / "cascade.png")
    draw_page(page, places, found, out / "found.png")
    return {
        "sizes": [len(stage.features) for stage in stages],
        "detection": rates[0],
        "false alarms": rates[1],
        "false alarms of one": float((of_rest >= passing(of_digits, rates[0][-1])).mean()),
        "features for a window": features_looked_at(stages, windows),
        "windows": len(corners),
        "seconds": seconds(lambda: look(stages, windows)),
        "seconds of one": seconds(lambda: single.score(windows)),
        "on the page": len(places),
        "found": int((distance(places, found) < APART).any(1).sum()) if len(found) else 0,
        "found wrongly": int((distance(found, places) >= APART).all(1).sum()),
    }


def last(stages: list[Stage], windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    """The windows that all stages let pass (indices), and their scores by the last."""
    passed, scores = look(stages, windows)
    return passed[-1], scores


def strongest(corners: np.ndarray, passed: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Corners (n, 2) of windows that passed, without those that a window with a higher score covers by half or more."""
    taken: list[np.ndarray] = []
    for corner in corners[passed[np.argsort(-scores, kind="stable")]]:
        if all(np.abs(corner - other).max() >= SIDE // 2 for other in taken):
            taken.append(corner)
    return np.array(taken).reshape(-1, 2)


def features_looked_at(stages: list[Stage], windows: Windows) -> float:
    """How many features the cascade evaluates for a window, on average."""
    alive = [len(windows.starts), *(len(left) for left in look(stages, windows)[0])]
    return sum(n * len(stage.features) for n, stage in zip(alive, stages, strict=False)) / len(windows.starts)


def seconds(function: Callable[[], Any], times: int = 5) -> float:
    """The shortest time of several calls."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return min(taken)


def drawn(feature: Feature, image: np.ndarray) -> np.ndarray:
    """The image (SIDE, SIDE) in 0..1, and over it, half transparent, white where a feature adds, black where not."""
    blocks = np.kron(np.sign(PATTERNS[feature.pattern]), np.ones((feature.height, feature.width)))
    rows, columns = (slice(low, low + n) for low, n in zip((feature.top, feature.left), blocks.shape, strict=True))
    result = 0.25 + 0.5 * image
    result[rows, columns] = 0.3 * result[rows, columns] + 0.7 * (blocks > 0)
    return result


def draw_learnt(
    stages: list[Stage],
    mean: np.ndarray,
    rates: list[list[float]],
    of_one: tuple[np.ndarray, np.ndarray],
    picture: Path,
) -> None:
    """The first features on a mean digit; under them the rates after each stage, and the curve of one classifier."""
    chosen = [feature for stage in stages for feature in stage.features][:SHOWN]
    with drawing(picture, 9.0, 5.4) as figure:
        grid = figure.add_gridspec(2, SHOWN, height_ratios=(1, 2.6))
        for i, feature in enumerate(chosen):
            axes = figure.add_subplot(grid[0, i])
            axes.imshow(drawn(feature, mean), cmap="gray", vmin=0.0, vmax=1.0)
            axes.set_title(f"feature {i + 1}", fontsize=9)
            axes.set_axis_off()
        axes = figure.add_subplot(grid[1, :])
        thresholds = np.unique(of_one[0])
        detected, alarms = ([float((scores >= t).mean()) for t in thresholds] for scores in of_one)
        shown = np.array(detected) >= LEAST_SHOWN
        axes.plot(np.array(alarms)[shown], np.array(detected)[shown], color="C1", label="one classifier, by threshold")
        axes.plot(rates[1], rates[0], "o-", color="C0", label="cascade, stage by stage")
        for i, (alarm, share) in enumerate(zip(rates[1], rates[0], strict=True)):
            axes.annotate(str(i + 1), (alarm, share), xytext=(4, 5), textcoords="offset points")
        axes.set(xscale="log", ylim=(LEAST_SHOWN, 1.005))
        axes.set(xlabel="windows without a digit that pass", ylabel="digits that pass")
        axes.grid(alpha=0.3)
        axes.legend(loc="lower right")


def draw_page(page: np.ndarray, places: np.ndarray, found: np.ndarray, picture: Path) -> None:
    """The page with a box for each window found: green on a digit, red elsewhere."""
    grey = cv2.resize(np.rint(255 * page).astype(np.uint8), None, fx=LARGER, fy=LARGER, interpolation=cv2.INTER_NEAREST)
    rgb = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    for corner, right in zip(found, (distance(found, places) < APART).any(1), strict=True):
        box = ((LARGER * corner).tolist(), (LARGER * (corner + SIDE)).tolist())
        cv2.rectangle(rgb, *box, GREEN if right else RED, 2)
    write_image(picture, rgb)
