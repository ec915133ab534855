"""Photos turned, scaled, darkened and with noise: what finding a place again has to stand up to."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Change:
    """A photo is turned and scaled about its middle, multiplied by `light`, given noise, and cut to its middle part."""

    degrees: float = 0.0  # counterclockwise
    scale: float = 1.0
    light: float = 1.0
    noise: float = 0.0  # standard deviation, in levels of 0..255
    kept: float = 1.0  # of both sides

    def matrix(self, photo: np.ndarray) -> np.ndarray:
        """(2, 3): the place (x, y, 1) in the photo -> its place (x, y) in the changed one."""
        size = np.array(photo.shape[1::-1])
        matrix = cv2.getRotationMatrix2D((size - 1) / 2.0, self.degrees, self.scale)
        matrix[:, 2] -= (size - self.size(photo)) // 2
        return matrix

    def size(self, photo: np.ndarray) -> np.ndarray:
        """Width and height of the changed photo."""
        return np.rint(self.kept * np.array(photo.shape[1::-1])).astype(int)

    def apply(self, photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A changed photo of a grey one, (H, W) uint8; what lies beyond its border is a reflection."""
        smooth = cv2.GaussianBlur(photo, None, 0.5 / self.scale) if self.scale < 1.0 else photo
        turned = cv2.warpAffine(smooth, self.matrix(photo), self.size(photo), borderMode=cv2.BORDER_REFLECT)
        noise = self.noise * rng.standard_normal(turned.shape)
        return np.rint(np.clip(self.light * turned + noise, 0, 255)).astype(np.uint8)


CHANGES = {
    "as it is": Change(),
    "darker": Change(light=0.5),
    "noise": Change(noise=25.0),
    "turned by 5": Change(degrees=5.0),
    "turned by 15": Change(degrees=15.0),
    "turned by 45": Change(degrees=45.0),
    "scaled by 1.1": Change(scale=1.1),
    "scaled by 1.5": Change(scale=1.5),
    "scaled by 0.6": Change(scale=0.6, kept=0.6),
    "all at once": Change(degrees=30.0, scale=0.75, light=0.7, noise=10.0, kept=0.8),
}
