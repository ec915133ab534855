"""How near do the generated pictures come to their targets, and what comes as near without a network?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from demos.cartoonize.crops import centre
from demos.translate.pairs import Pairs
from nnlite import metrics
from nnlite.plot import image_grid
from stylize.console import counted

GENERATED, INPUT = "generated", "the input"
SHOWN = 6  # test pairs in the picture, at most
SIDE = 256  # pixels of each that are shown, at most

Figures = dict[str, dict[str, float]]  # what drew -> l1, psnr and ssim


def judge(pairs: Pairs, generated: Sequence[np.ndarray], picture: Path) -> Figures:
    """The figures of the generated pictures, the inputs and each baseline; a picture of some of them.

    The picture shows input, the baseline with the smallest L1, generated and target.
    """
    inputs, targets = (list(images) for images in zip(*pairs.test, strict=True))
    drawn = {GENERATED: list(generated), INPUT: inputs}
    for name, draw in (fit(pairs.train) for fit in pairs.baselines):
        drawn[name] = [draw(image) for image in inputs]
    figures = {name: compare(images, targets) for name, images in drawn.items()}
    best = min(list(drawn)[2:], key=lambda name: figures[name]["l1"])
    side = min(SIDE, *(length for image in inputs[:SHOWN] for length in image.shape[:2]))
    rows = list(zip(inputs, drawn[best], generated, targets, strict=True))[:SHOWN]
    shown = [[centre(image, side) for image in row] for row in rows]
    scale = max(1, SIDE // side)
    image_grid(shown, picture, titles=("input", best, GENERATED, "target"), scale=scale)
    return figures


def compare(images: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> dict[str, float]:
    """Mean over the pictures of L1, PSNR and SSIM."""
    scaled = [(image / 255.0, target / 255.0) for image, target in zip(images, targets, strict=True)]
    measures = {"l1": metrics.l1, "psnr": metrics.psnr, "ssim": metrics.ssim}
    return {name: float(np.mean([measure(*pair) for pair in scaled])) for name, measure in measures.items()}


def table(figures: Figures, count: int) -> str:
    """The figures as lines of text."""
    lines = [f"{counted(count, 'picture')} never seen in training:", "", f"{'':28}{'L1':>8}{'PSNR':>8}{'SSIM':>8}"]
    lines += [f"{name:28}{f['l1']:8.4f}{f['psnr']:8.2f}{f['ssim']:8.3f}" for name, f in figures.items()]
    best = min((name for name in figures if name != GENERATED), key=lambda name: figures[name]["l1"])
    ratio = figures[GENERATED]["l1"] / max(figures[best]["l1"], 1e-9)
    return "\n".join([*lines, "", f"L1 is {ratio:.2f} of the best of the others: {best}."])
