"""Drawing the frames of a video so that what stands still in the video stands still in the drawing.

A style drawn frame by frame flickers more than the video: noise that nobody sees moves lines and borders of tones.
The cure is to carry the past along: optical flow tells where each pixel of a frame was in the frame before, and where
the flow explains the frame well, the past is mixed in, first into what is drawn, then into the drawing. At a cut
there is no past.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ._cv2 import cv2
from .filters import luma

Draw = Callable[[np.ndarray], np.ndarray]  # a style, or any function of a photo: (H, W, 3) uint8 RGB to the same
TEMPORAL = ("off", "light", "full")
CUT = 0.4  # Bhattacharyya distance of two frames' colours; a fast pan reaches 0.2
PAST_IN_PHOTO = 0.6  # weight of the past where flow explains the frame exactly
PAST_IN_DRAWING = 0.8
TOLERANCE = 10.0  # error of the flow, in levels of 0..255, at which that weight has fallen to 1 / e


class FrameDrawer:
    """Draws frame after frame with `draw`; call it with one frame at a time, in their order.

    temporal: "off": each frame for itself. "light": the drawing before, moved along the flow, is blended into the new
    one. "full": the photos are steadied in the same way before they are drawn, which catches noise before a style
    makes lines of it. `cuts` lists the frames, counted from 0, at which a new shot was seen to begin.

    With F the flow from frame t to t - 1, and w(d) = weight * exp(-(d / TOLERANCE)^2):

        p[t] = f[t] + w(|f[t] - p[t-1](F)|) (p[t-1](F) - f[t])                      (light: p = f)
        o[t] = draw(p[t]) + w(|p[t] - p[t-1](F)|) (o[t-1](F) - draw(p[t]))

    Raises ValueError for an unknown `temporal`.
    """

    def __init__(self, draw: Draw, temporal: str = "full") -> None:
        if temporal not in TEMPORAL:
            raise ValueError(f"temporal is one of {', '.join(TEMPORAL)}; got {temporal!r}")
        self.cuts: list[int] = []
        self._draw, self._temporal = draw, temporal
        self._frames = 0
        self._frame: np.ndarray | None = None  # the one before, f[t-1]
        self._photo: np.ndarray  # p[t-1], float32
        self._drawing: np.ndarray  # o[t-1], float32

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """The drawing of the next frame; both RGB, uint8, (H, W, 3)."""
        before = self._frame
        if before is not None and is_cut(before, frame):
            self.cuts.append(self._frames)
            before = None
        if before is not None and self._temporal != "off":
            drawing = self._continue_shot(before, frame)
        else:
            drawing = self._draw(frame)
            if self._temporal != "off":
                self._photo, self._drawing = frame.astype(np.float32), drawing.astype(np.float32)
        self._frame = frame
        self._frames += 1
        return drawing

    def _continue_shot(self, before: np.ndarray, frame: np.ndarray) -> np.ndarray:
        flow = flow_back(before, frame)
        photo, past = frame.astype(np.float32), warp(self._photo, flow)
        if self._temporal == "full":
            photo += PAST_IN_PHOTO * trust(photo, past) * (past - photo)
        drawing = self._draw(_to_levels(photo)).astype(np.float32)
        drawing += PAST_IN_DRAWING * trust(photo, past) * (warp(self._drawing, flow) - drawing)
        self._photo, self._drawing = photo, drawing
        return _to_levels(drawing)


def is_cut(before: np.ndarray, frame: np.ndarray) -> bool:
    """Whether a new shot begins: the Bhattacharyya distance (0..1) of the two HSV histograms exceeds CUT."""
    return cv2.compareHist(_histogram(before), _histogram(frame), cv2.HISTCMP_BHATTACHARYYA) > CUT


def flow_back(before: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """For each pixel of `frame` the way to where it was in `before`, (H, W, 2) as x, y in pixels.

    Dense inverse search (Kroeger 2016), OpenCV's medium preset.
    """
    search: Any = cv2.DISOpticalFlow.create(
        cv2.DISOPTICAL_FLOW_PRESET_MEDIUM
    )  # Any: by its types, calc needs a flow to start from
    return search.calc(luma(frame), luma(before), None)


def warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """image(x + flow), float32 levels in 0..255. Bicubic: a bilinear one blurs what is warped again and again."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    moved = cv2.remap(image.astype(np.float32), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(moved, 0, 255, out=moved)


def trust(photo: np.ndarray, past: np.ndarray) -> np.ndarray:
    """How well the past explains the photo, (H, W, 1): exp(-(d / TOLERANCE)^2), d = mean |photo - past| over 3x3."""
    error = cv2.blur(cv2.absdiff(photo, past), (3, 3)).mean(axis=2, keepdims=True)
    return np.exp(-((error / TOLERANCE) ** 2))


def flicker(photos: Iterable[np.ndarray], drawings: Iterable[np.ndarray]) -> float:
    """How much a drawn video flickers: 1 is as much as the video itself, 0 not at all.

        sum_t mean |o[t] - o[t-1](F)| / sum_t mean |f[t] - f[t-1](F)|

    F is the flow of the photos f; pairs of frames with a cut between are left out. 0 if the video stands still.
    """
    drawn = photographed = 0.0
    last: tuple[np.ndarray, np.ndarray] | None = None
    for photo, drawing in zip(photos, drawings, strict=True):
        if last is not None and not is_cut(last[0], photo):
            flow = flow_back(last[0], photo)
            photographed += float(cv2.absdiff(photo.astype(np.float32), warp(last[0], flow)).mean())
            drawn += float(cv2.absdiff(drawing.astype(np.float32), warp(last[1], flow)).mean())
        last = photo, drawing
    return drawn / photographed if photographed else 0.0


def _histogram(frame: np.ndarray) -> np.ndarray:
    """Counts of hue, saturation and value in 16 x 8 x 8 bins."""
    hsv = cv2.cvtColor(frame, cv2.COLOR_RGB2HSV)
    return cv2.calcHist([hsv], [0, 1, 2], None, [16, 8, 8], [0, 180, 0, 256, 0, 256])


def _to_levels(image: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)
