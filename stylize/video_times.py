"""When the pictures of a video are shown: from irregular times to a constant frame rate.

Phones, screen recorders and streams record pictures at irregular times. OpenCV's writer only knows a constant rate. So
each picture is written as often as it takes to be shown at its time, and the sound stays in step.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from typing import TypeVar

import numpy as np

Picture = TypeVar("Picture")

USUAL_RATE = 25.0  # frames a second, where a file does not say
STEADY_RATES = (1.0, 1000.0)  # of videos with a constant rate, which is kept
IRREGULAR_RATES = (20.0, 120.0)  # of all others; at 20 a picture is less than 40 ms off
UNEVEN = 0.03  # seconds that a picture may be off before one is repeated or dropped
LATE_START = 0.2  # seconds; a first picture this late is not at time 0: those before it cannot be read
STEP_BACK = 0.5  # seconds; times that go back by more start again
LONGEST_STILL = 600.0  # seconds; a longer one is an error in the file


def choose_rate(seconds: Sequence[float], claimed: float) -> float:
    """The constant rate for a video, in frames a second.

    seconds  the times of its first frames, in any order
    claimed  the rate that the file names: an average, a guess, or nonsense

    A steady video keeps its rate. For any other it is the rate of the frames that follow each other quickly, divided or
    multiplied by a whole number so that it is within IRREGULAR_RATES.
    """
    times = np.sort(np.asarray(seconds, float))
    span = times[-1] - times[0] if len(times) > 1 else 0.0
    believable = isfinite(claimed) and STEADY_RATES[0] <= claimed <= STEADY_RATES[1]
    if span == 0:
        return claimed if believable else USUAL_RATE
    average = (len(times) - 1) / span
    for rate in (claimed, average) if believable else (average,):
        if STEADY_RATES[0] <= rate <= STEADY_RATES[1] and _is_steady(times, rate):
            return float(rate)
    steps = np.diff(times)
    steps = steps[steps >= 1 / STEADY_RATES[1]]
    if not len(steps):
        return USUAL_RATE
    short = np.percentile(steps, 10)
    rate = 1 / steps[(steps > short / 1.5) & (steps < short * 1.5)].mean()
    least, most = IRREGULAR_RATES
    return float(rate * np.ceil(least / rate) if rate < least else rate / np.ceil(rate / most))


def _is_steady(times: np.ndarray, rate: float) -> bool:
    late = times - np.arange(len(times)) / rate
    return bool(np.ptp(late) <= min(1 / rate, 0.04))


class Timetable:
    """Which frame of a video with a constant `rate` is the first to show a picture: slot(time), picture after picture.

    Pictures are at most UNEVEN or 0.75 of a frame off, whichever is less, or half a frame at low rates. `mended` counts
    times that cannot be right: more than STEP_BACK before the last one, or LONGEST_STILL after it. Such a picture is
    shown directly after the last one, and time goes on from there.
    """

    def __init__(self, rate: float) -> None:
        self.rate, self.mended = rate, 0
        self._slot = -1
        self._shown = -1 / rate  # when the last picture is shown, in the time of the output
        self._shift: float | None = None  # from the times of the file to that of the output

    def slot(self, time: float | None) -> int:
        """The frame, counted from 0, at which the picture of this time begins. time: in seconds, None if unknown.

        It never goes back. The same slot again means that the picture replaces the last one.
        """
        exact = self._when(time) * self.rate
        following = self._slot + 1
        if abs(exact - following) > min(0.75, UNEVEN * self.rate):
            following = max(self._slot, round(exact), 0)
        self._slot = following
        return following

    def _when(self, time: float | None) -> float:
        """The time at which a picture is shown in the output."""
        expected = self._shown + 1 / self.rate
        if time is not None:
            if self._shift is None:
                self._shift = 0.0 if self._slot < 0 and time >= LATE_START else expected - time
            if not -STEP_BACK <= time + self._shift - self._shown <= LONGEST_STILL:
                self.mended += 1
                self._shift = expected - time
            expected = time + self._shift
        self._shown = max(self._shown, expected)
        return self._shown


def spread(
    pictures: Iterable[tuple[Picture | None, float | None]], timetable: Timetable
) -> Iterator[tuple[Picture, int]]:
    """Each picture that is shown, with the number of frames that show it, at least one.

    pictures: (picture, time) in order, and at the end (None, the time at which the last picture ends). The first one is
    shown from the start. If two begin in the same frame, the later one is shown.
    """
    seen, begin = None, 0
    for picture, time in pictures:
        slot = timetable.slot(time)
        if seen is not None and slot > begin:
            yield seen, slot - begin
            begin = slot
        seen = picture
