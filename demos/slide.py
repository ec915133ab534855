"""Read a page of digits in one pass: LeNet-5 with its dense layers as convolutions, slid over all windows at once.

The shipped LeNet-5 has only ever seen digits in the middle of a window, so it takes half a digit, or blank paper, for a
digit too: for a confident 1. So it is first taught an eleventh class, background: windows that have no digit in the
middle. The heat maps show how sure it is of each digit, window by window, before and after that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import nnlite
from demos.shared.digits import Digits, add_data, load_digits, load_lenet5
from demos.shared.images import in_batches, sheet
from demos.shared.options import add_device, add_out
from demos.shared.program import choose_device, run_program
from demos.shared.run import fall_to_zero
from demos.shared.run_folder import claim_folder, write_figures
from models.classifiers import Classifier, LeNet5
from models.fully_convolutional import SlidingLeNet5
from nnlite import nn
from nnlite.nn import functional as F
from stylize import write_image
from stylize.console import Parser

ROWS, COLUMNS, CELL = 5, 8, 48  # digits on the page, and the side of the cell that each is in, pixels
GAP = 4  # least distance of a digit from the border of its cell, pixels
WINDOW, STRIDE = SlidingLeNet5.WINDOW, SlidingLeNet5.STRIDE
ALONE = 500  # windows that are read one by one; for all it would take as much longer
ROUNDS = 3  # of each way of reading; the fastest counts
BACKGROUND = 10  # the eleventh class
NEAR, FAR = 3, 7  # pixels, the larger of the two ways: nearer to the middle is a digit, farther is background
PAGES = 60  # that background is learnt from
STEPS, BATCH, LR = 800, 64, 1e-3  # of that training; the rate falls to 0


def main() -> int:
    parser = Parser(prog="python -m demos.slide", description=__doc__.splitlines()[0])
    add_out(parser, "slide")
    add_device(parser)
    add_data(parser)
    options = parser.parse_args()
    device = choose_device(options.device)
    with claim_folder(options.out, "demos.slide"):
        return read_page(options.out, device, *load_digits(options.data))


def read_page(out: Path, device: str, train: Digits, test: Digits) -> int:
    """Teach background, draw a page of the digits held out, read it in all ways, and show and compare them.

    Returns the exit status.
    """
    untaught = SlidingLeNet5(load_lenet5()).to(device)
    lenet = taught_background(train, device)
    sliding = SlidingLeNet5(lenet.to("cpu")).to(device)
    lenet.to(device)
    page, places, labels = draw_page(test, np.random.default_rng(0))
    windows = cut_out(page)

    before = in_batches(untaught, page, device)[0]
    at_once, seconds = timed(lambda: in_batches(sliding, page, device)[0])
    in_groups, seconds_grouped = timed(lambda: in_batches(lenet, windows, device))
    _, seconds_alone = timed(lambda: in_batches(lenet, windows[:ALONE], device, batch=1))
    logits = at_once.reshape(BACKGROUND + 1, -1).T
    probability, probability_before = (F.softmax(nnlite.tensor(maps), 0).numpy() for maps in (at_once, before))
    rows, columns = np.rint((places - 2) / STRIDE).astype(int).T  # the windows that have the digits in the middle
    empty = (offsets(places) > FAR).all(0)
    seconds_alone *= len(windows) / ALONE
    figures = {
        "windows": len(windows),
        "difference": float(np.abs(logits - in_groups).max()),
        "read_right": float((probability[:, rows, columns].argmax(0) == labels).mean()),
        "false_alarms": float((probability[:, empty].argmax(0) != BACKGROUND).mean()),
        "false_alarms_before": float((probability_before[:, empty].max(0) > 0.5).mean()),
        "seconds": {"one pass": seconds, "windows in batches": seconds_grouped, "window by window": seconds_alone},
    }
    write_figures(figures, out)
    write_image(out / "heat.png", heat_maps(page[0, 0], probability[:BACKGROUND]))
    write_image(out / "heat_before.png", heat_maps(page[0, 0], probability_before))
    print(report(figures, len(labels)))
    print(f"Look at {out / 'heat.png'}: the page, and where it sees which digit; and at {out / 'heat_before.png'}.")
    return 0


def draw_page(digits: Digits, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A page (1, 1, H, W) in 0..1 of random digits, their upper left pixels (n, 2) as row and column, their labels."""
    chosen = rng.choice(len(digits), ROWS * COLUMNS, replace=False)
    side = digits.images.shape[-1]
    cells = np.stack(np.unravel_index(np.arange(len(chosen)), (ROWS, COLUMNS)), axis=1)
    places = CELL * cells + rng.integers(GAP, CELL - side - GAP + 1, (len(chosen), 2))
    page = np.zeros((1, 1, ROWS * CELL, COLUMNS * CELL), np.float32)
    for (top, left), image in zip(places, digits.images[chosen], strict=True):
        page[0, :, top : top + side, left : left + side] = image
    return page, places, digits.labels[chosen]


def offsets(places: np.ndarray) -> np.ndarray:
    """(digits, h, w): how far each digit's middle is from that of each window, the larger of the two ways."""
    rows, columns = (STRIDE * np.arange((side * CELL - WINDOW) // STRIDE + 1) for side in (ROWS, COLUMNS))
    top, left = (places - 2).T[:, :, None]  # of the window that has the digit in its middle
    return np.maximum(np.abs(top - rows)[:, :, None], np.abs(left - columns)[:, None, :])


def training_windows(digits: Digits, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Windows (n, 1, 32, 32) of pages and their classes: all with a digit near the middle, as many without one."""
    images, classes = [], []
    for _ in range(PAGES):
        page, places, labels = draw_page(digits, rng)
        away = offsets(places).reshape(len(places), -1)
        near = np.flatnonzero(away.min(0) <= NEAR)
        far = rng.choice(np.flatnonzero(away.min(0) > FAR), len(near), replace=False)
        images.append(cut_out(page)[np.concatenate([near, far])])
        classes += [labels[away.argmin(0)[near]], np.full(len(far), BACKGROUND)]
    return np.concatenate(images), np.concatenate(classes)


def taught_background(digits: Digits, device: str) -> LeNet5:
    """The shipped LeNet-5 after some training with eleven classes; it keeps what it knows of the ten."""
    lenet = load_lenet5()
    known = lenet.output.state_dict()
    lenet.output = nn.Linear(lenet.output.in_features, BACKGROUND + 1)
    with nnlite.no_grad():
        for name, p in lenet.output.named_parameters():
            p[:BACKGROUND] = known[name]
    model = Classifier(lenet.requires_grad_(True).train(), LR).to(device)
    rate = fall_to_zero(model.optimizer, STEPS)
    windows = zip(*training_windows(digits, np.random.default_rng(1)), strict=True)
    loader = nnlite.DataLoader(list(windows), BATCH, shuffle=True, drop_last=True, seed=0, device=device)
    for _, batch in zip(range(STEPS), loader.batches(), strict=False):
        model.train_step(*batch)
        rate.step()
    return lenet.eval().requires_grad_(False)


def cut_out(page: np.ndarray) -> np.ndarray:
    """All windows (n, 1, 32, 32) of a page (1, 1, H, W) at steps of 4 pixels, row by row."""
    every = np.lib.stride_tricks.sliding_window_view(page[0, 0], (WINDOW, WINDOW))
    return every[::STRIDE, ::STRIDE].reshape(-1, 1, WINDOW, WINDOW)


def timed(function: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    """What the function returns, and the seconds that it took in the fastest of ROUNDS rounds."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - started)
    return result, min(seconds)


def heat_maps(page: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """The page (H, W), how probable each digit is in the window around each place, (10, h, w), and the most probable.

    A probability is drawn on the 4x4 pixels in the middle of its window.
    """
    paper = np.repeat(np.rint(255.0 * page).astype(np.uint8)[:, :, None], 3, axis=2)
    panels = [paper]
    margin = (WINDOW - STRIDE) // 2
    for name, p in zip([*map(str, range(10)), "any"], [*probability, probability.max(0)], strict=True):
        heat = np.rint(255.0 * np.pad(np.kron(p, np.ones((STRIDE, STRIDE))), margin)).astype(np.uint8)
        panel = cv2.addWeighted(paper, 0.4, cv2.applyColorMap(heat, cv2.COLORMAP_INFERNO)[:, :, ::-1], 1.0, 0.0)
        panels.append(cv2.putText(panel, name, (4, 11), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1, cv2.LINE_AA))
    return sheet([panels[i : i + 3] for i in range(0, len(panels), 3)])


def report(figures: dict[str, Any], digits: int) -> str:
    """The figures in words."""
    seconds = figures["seconds"]
    lines = [
        f"{figures['windows']} windows, {digits} digits; {figures['read_right']:.0%} of these are read right.",
        f"Of the windows without a digit in the middle {figures['false_alarms']:.1%} are taken for a digit; "
        f"{figures['false_alarms_before']:.0%} before background was learnt.",
    ]
    for name, value in seconds.items():
        lines.append(f"{name:>20}{1000.0 * value:9.0f} ms{value / seconds['one pass']:9.0f} x")
    lines.append(f"The logits of one pass and of the windows differ by {figures['difference']:.1e} at most.")
    return "\n".join(lines)


if __name__ == "__main__":
    run_program("slide", main)
