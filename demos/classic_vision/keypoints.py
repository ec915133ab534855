"""SIFT keypoints (Lowe 2004), matched between two images, and the motion most of them agree on by RANSAC (1981).

SIFT finds blobs, each with a size and a direction of its own, and describes its surroundings by 128 numbers, measured
along that direction and in units of that size: turning and scaling change them little. Of the matches, many are wrong.
RANSAC draws four at random, computes the homography that they follow, counts the others that follow it too, and keeps
the best of many draws (Fischler & Bolles 1981). The matches that follow it are the inliers.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from demos.classic_vision.templates import GREEN, RED
from stylize import write_image

RATIO = 0.75  # the best match must be nearer than this times the second best, or it may be chance (Lowe's test)
ERROR = 3.0  # pixels up to which a match follows a motion
LEAST = 4  # matches, to compute a homography


class Features(NamedTuple):
    """Keypoints of an image and their descriptors (n, 128)."""

    keypoints: tuple[cv2.KeyPoint, ...]
    descriptors: np.ndarray


class Agreement(NamedTuple):
    """Matches, which of them are inliers (n,) bool, and the homography (3, 3) that these follow, or None."""

    matches: list[cv2.DMatch]
    inliers: np.ndarray
    homography: np.ndarray | None


def features(grey: np.ndarray) -> Features:
    """Of an image (H, W) uint8."""
    keypoints, descriptors = cv2.SIFT_create().detectAndCompute(grey, None)
    return Features(keypoints, np.zeros((0, 128), np.float32) if descriptors is None else descriptors)


def agree(a: Features, b: Features) -> Agreement:
    """What of a is found in b."""
    pairs = cv2.BFMatcher().knnMatch(a.descriptors, b.descriptors, 2) if len(b.keypoints) >= 2 else []
    matches = [best for best, second in pairs if best.distance < RATIO * second.distance]
    nothing = Agreement(matches, np.zeros(len(matches), bool), None)
    if len(matches) < LEAST:
        return nothing
    here = np.float32([a.keypoints[m.queryIdx].pt for m in matches])
    there = np.float32([b.keypoints[m.trainIdx].pt for m in matches])
    homography, inliers = cv2.findHomography(here, there, cv2.RANSAC, ERROR)
    if homography is None:  # the points lie on a line
        return nothing
    return Agreement(matches, inliers[:, 0].astype(bool), homography)


def moved(place: np.ndarray, homography: np.ndarray | None) -> np.ndarray:
    """Where the homography puts a place (x, y); nowhere, which is near to nothing, if there is none."""
    if homography is None:
        return np.full(2, np.inf)
    x, y, w = homography @ (*place, 1.0)
    return np.array([x, y]) / w


def draw(pairs: list[tuple[np.ndarray, np.ndarray]], picture: Path) -> None:
    """Grey images side by side, pair under pair: inliers joined by green lines, other matches by red ones."""
    rows = []
    for pair in pairs:
        a, b = map(features, pair)
        matches, inliers, _ = agree(a, b)
        wrong = [match for match, follows in zip(matches, inliers, strict=True) if not follows]
        right = [match for match, follows in zip(matches, inliers, strict=True) if follows]
        both = (pair[0], a.keypoints, pair[1], b.keypoints)
        lines = cv2.DRAW_MATCHES_FLAGS_NOT_DRAW_SINGLE_POINTS
        row = cv2.drawMatches(*both, wrong, None, RED, flags=lines)
        row = cv2.drawMatches(*both, right, row, GREEN, flags=lines | cv2.DRAW_MATCHES_FLAGS_DRAW_OVER_OUTIMG)
        rows.append(row)
    width = max(row.shape[1] for row in rows)
    write_image(picture, np.concatenate([np.pad(row, ((0, 4), (0, width - row.shape[1]), (0, 0))) for row in rows]))
