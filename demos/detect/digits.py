"""Scenes with one to six digits, of many sizes and colours and overlapping, on crops of photos."""

from __future__ import annotations

import cv2
import numpy as np

import nnlite
from demos.detect.scenes import Compose, Kind, Scene, box_around, in_common
from demos.shared.digits import Digits, load_digits, load_lenet5
from demos.shared.ink import load_photos, placed, random_crop, unlike
from models.classifiers import Classifier
from models.detection import Found, find

SIDE = 96  # of a scene, pixels
MOST = 6  # digits
LARGER = (0.9, 1.8)  # than 28 pixels is a digit drawn, at least and at most
COVERED = 0.25  # the most that two boxes may have in common, as a share of the smaller one
INK = 0.3  # from which on a pixel belongs to the digit
LOWEST, HIGHEST = 12, 50  # of what may be a digit, pixels
FINER = 2  # an image is enlarged for MSER: strokes of two pixels have hardly a pixel that is not edge


def digit_scenes(data: str) -> Kind:
    """Digits and photos to learn from, and others held out."""
    (train, test), (photos, other_photos) = load_digits(data), load_photos()
    lenet = Classifier(load_lenet5())
    return Kind(
        [str(digit) for digit in range(10)],
        scenes_of(train, photos),
        scenes_of(test, other_photos),
        lambda image: blobs_read(image, lenet),
        "MSER and LeNet-5",
    )


def scenes_of(digits: Digits, photos: list[np.ndarray]) -> Compose:
    """Scenes of these digits on these photos. A digit that would cover too much of another one is left out."""

    def compose(_: tuple, rng: np.random.Generator) -> Scene:
        image = random_crop(photos, SIDE, rng).copy()
        boxes, labels = np.zeros((MOST, 4), np.float32), np.full(MOST, -1)
        for k in range(rng.integers(1, MOST + 1)):
            chosen = rng.integers(len(digits))
            ink = placed(digits.images[chosen], SIDE, LARGER, rng)
            box = box_around(ink > INK)
            if (in_common(box, boxes[labels >= 0]) <= COVERED).all():
                colour = unlike(image[ink > INK].mean(0), rng)
                image += ink[:, :, None] * (colour - image)
                boxes[k], labels[k] = box, digits.labels[chosen]
        return (2.0 * image - 1.0).transpose(2, 0, 1), boxes, labels

    return compose


def blobs_read(image: np.ndarray, lenet: Classifier) -> Found:
    """Regions that keep their shape over many thresholds (MSER: Matas et al. 2002), each read by LeNet-5.

    An image is uint8 (H, W, 3). LeNet-5 knows no background, so all that looks like ink is taken for some digit.
    """
    detector = cv2.MSER_create(min_area=120, max_area=6000, max_variation=0.5)
    larger = cv2.resize(image, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_CUBIC)
    each = [detector.detectRegions(np.ascontiguousarray(larger[:, :, c])) for c in range(3)]  # in red, green and blue
    regions = [pair for points, boxes in each for pair in zip(points, boxes, strict=True)]
    chosen = [(points, box) for points, box in regions if LOWEST <= box[3] / FINER <= HIGHEST]
    if not chosen:
        return Found(np.zeros((0, 4), np.float32), np.zeros(0), np.zeros(0, int))
    digits = np.stack([normalised(points - box[:2], box[2:]) for points, box in chosen])
    corners = np.array([[x, y, x + width, y + height] for _, (x, y, width, height) in chosen], np.float32)
    return find(corners / FINER, lenet.predict(nnlite.tensor(digits)).numpy(), image.shape[:2])


def normalised(points: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Pixels (K, 2) in a box of this (width, height) as a digit (1, 28, 28), as long and centred as those of MNIST."""
    width, height = size
    ink = np.zeros((height, width), np.float32)
    ink[points[:, 1], points[:, 0]] = 1.0
    scale = 20.0 / max(width, height)
    offset = 14.0 - scale * (points.mean(0) + 0.5)
    matrix = np.array([[scale, 0.0, offset[0]], [0.0, scale, offset[1]]])
    return cv2.warpAffine(ink, matrix, (28, 28), flags=cv2.INTER_AREA)[None]
