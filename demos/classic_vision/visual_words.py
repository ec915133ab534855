"""Bag of visual words (Csurka, Dance, Fan, Willamowski & Bray 2004): an image is how often each kind of piece is in it.

Pieces are cut out of digits everywhere; k-means groups those of the training digits into WORDS kinds; the nearest of
these stands for each piece of an image, and where the pieces were is forgotten. A digit is then taken for what the
training digit with the most similar counts is. For comparison: the same with pixels for counts, and LeNet-5, which
learnt from the same digits, moved about by up to two pixels (`labelled` in demos/shared/digits.py).
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from demos.search import nearest
from demos.shared.digits import Digits, load_lenet5, pictures
from demos.shared.images import in_batches, sheet
from nnlite.plot import image_grid

SIDE, STEP = 12, 2  # of a piece, and from piece to piece, pixels
WORDS = 200
SEEN = 20_000  # pieces that the words are made from
BLANK = 0.1  # a piece without a pixel of more ink teaches nothing
STOP = (cv2.TERM_CRITERIA_MAX_ITER + cv2.TERM_CRITERIA_EPS, 20, 1e-3)  # of k-means: rounds, movement of a centre


def compare(train: Digits, test: Digits, picture: Path, device: str) -> dict[str, float]:
    """The share of held-out digits read right, each way; draws the words."""
    words = learn_words(train.images, np.random.default_rng(0))
    draw(words, picture)
    vectors = {
        "nearest counts of visual words": [np.sqrt(counts(digits.images, words)) for digits in (train, test)],
        "nearest pixels": [digits.images.reshape(len(digits), -1) for digits in (train, test)],
    }
    taken = {name: train.labels[nearest(known, asked, 1)[:, 0]] for name, (known, asked) in vectors.items()}
    taken["LeNet-5"] = in_batches(load_lenet5(device=device), test.images, device).argmax(1)
    return {name: float((labels == test.labels).mean()) for name, labels in taken.items()}


def pieces(images: np.ndarray) -> np.ndarray:
    """(N, 1, H, W) -> (N, n, SIDE SIDE), the n pieces of each image row by row."""
    windows = np.lib.stride_tricks.sliding_window_view(images[:, 0], (SIDE, SIDE), (1, 2))[:, ::STEP, ::STEP]
    return windows.reshape(len(images), -1, SIDE * SIDE)


def learn_words(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(WORDS, SIDE SIDE): the centres of k-means over pieces of a tenth of the images."""
    some = pieces(images[rng.choice(len(images), len(images) // 10, replace=False)]).reshape(-1, SIDE * SIDE)
    some = some[some.max(1) > BLANK]
    chosen = some[rng.choice(len(some), min(SEEN, len(some)), replace=False)]
    return cv2.kmeans(chosen, WORDS, None, STOP, 1, cv2.KMEANS_PP_CENTERS)[2]


def counts(images: np.ndarray, words: np.ndarray, batch: int = 500) -> np.ndarray:
    """(N, WORDS): the share of an image's pieces that each word is nearest to."""
    found = []
    for start in range(0, len(images), batch):
        of_batch = pieces(images[start : start + batch])
        n, each, _ = of_batch.shape
        word = nearest(words, of_batch.reshape(n * each, -1), 1).reshape(n, each)
        found.append(np.stack([np.bincount(of_image, minlength=len(words)) for of_image in word]) / each)
    return np.concatenate(found)


def draw(words: np.ndarray, picture: Path, columns: int = 20) -> None:
    """The words, as images of a piece."""
    images = pictures(words.reshape(-1, 1, SIDE, SIDE))
    rows = [images[i : i + columns] for i in range(0, len(images), columns)]
    image_grid([[sheet(rows, gap=1)]], picture, scale=3)
