"""Rows of one to five digits, and their captions: the digits from left to right."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from demos.shared.digits import SIDE, Digits
from models.captioning import AFTER_END

HEIGHT, WIDTH = 32, 112  # of a row, pixels
LONGEST = 5  # digits in a row
END = 10  # the word after the last digit

Sample = tuple[np.ndarray, np.ndarray]  # row (1, HEIGHT, WIDTH) in 0..1, caption (LONGEST + 1,)


def row_of(digits: Digits) -> Callable[[tuple[int], np.random.Generator], Sample]:
    """A transform for the loader: the index of a digit -> a row that begins with it, and its caption."""

    def compose(sample: tuple[int], rng: np.random.Generator) -> Sample:
        others = rng.integers(len(digits), size=rng.integers(LONGEST))
        chosen = [sample[0], *others]
        caption = np.full(LONGEST + 1, AFTER_END)
        caption[: len(chosen)] = digits.labels[chosen]
        caption[len(chosen)] = END
        return on_paper(written(digits.images[chosen, 0], rng), rng)[None], caption

    return compose


def written(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The ink (HEIGHT, WIDTH) of digits (n, 28, 28), each scaled and tilted, next to the last or partly over it."""
    scale = rng.uniform(0.8, 1.05)
    steps = scale * rng.uniform(13.0, 20.0, len(images))  # pixels from the middle of a digit to that of the next
    middles = np.cumsum(steps) - steps[0]
    free = WIDTH - middles[-1] - SIDE * scale
    middles += SIDE * scale / 2 + rng.uniform(0.0, free)
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    for image, x in zip(images, middles, strict=True):
        y = HEIGHT / 2 + rng.uniform(-2.0, 2.0)
        turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), rng.uniform(-15.0, 15.0), scale * rng.uniform(0.9, 1.05))
        turn[:, 2] += x - SIDE / 2, y - SIDE / 2
        ink = np.maximum(ink, cv2.warpAffine(image, turn, (WIDTH, HEIGHT)))
    return ink


def on_paper(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The row in 0..1; every second one is on grey paper with noise, and in paler ink."""
    if rng.random() < 0.5:
        return ink
    paper, contrast = rng.uniform(0.0, 0.3), rng.uniform(0.5, 0.7)
    noise = rng.uniform(0.05, 0.15) * rng.standard_normal(ink.shape, np.float32)
    return (paper + contrast * ink + noise).clip(0.0, 1.0).astype(np.float32)


def as_text(caption: np.ndarray) -> str:
    """A caption's digits, without what follows its end: "314"."""
    words = caption.tolist()
    return "".join(map(str, words[: words.index(END)] if END in words else words))
