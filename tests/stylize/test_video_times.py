"""From irregular times to a constant rate: each picture within 40 ms of its time, none drawn twice."""

import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylize.video_times import LONGEST_STILL, Timetable, choose_rate, spread
from stylize.video_writer import writable_rate

NTSC = 30000 / 1001


def shown(times, rate, end=None):
    """(picture, first frame, frames) of what is shown, and the timetable."""
    timetable, found, begin = Timetable(rate), [], 0
    for picture, count in spread([*enumerate(times), (None, end)], timetable):
        found.append((picture, begin, count))
        begin += count
    return found, timetable


@pytest.mark.parametrize("rate", [1, 5, 10, 24000 / 1001, 25, NTSC, 60000 / 1001, 66.67, 119.88, 239.76, 1000])
@pytest.mark.parametrize("unit", [0, 0.001, 1 / 90000])
def test_a_steady_video_keeps_every_frame_and_its_rate(rate, unit):
    """Containers round times: Matroska to milliseconds, MPEG-TS to 1/90000 s."""
    times = np.arange(400) / rate
    times = np.rint(times / unit) * unit if unit else times
    assert choose_rate(times, rate) == rate
    found, timetable = shown(times, writable_rate(rate))
    assert found == [(i, i, 1) for i in range(400)] and timetable.mended == 0


@pytest.mark.parametrize("claimed", [0, -1, np.nan, np.inf, 1e-5, 1000, 90000, 12.5])
def test_a_nonsensical_rate_is_replaced_by_that_of_the_times(claimed):
    assert choose_rate(np.arange(100) / 25, claimed) == pytest.approx(25)
    assert choose_rate([], claimed) == choose_rate([0.0] * 9, claimed) == (claimed if 1 <= claimed <= 1000 else 25)


@pytest.mark.parametrize("base", [10, 15, 24, 25, NTSC, 50, 60])
def test_a_grid_with_holes_gets_the_rate_of_the_grid(base):
    """Screen recorders leave out pictures equal to the last one, so the average rate means nothing."""
    rng = np.random.default_rng(7)
    kept = np.unique(np.r_[0, rng.choice(1000, 300, replace=False), np.arange(500, 600)])
    times = np.rint(kept / base * 1000) / 1000
    rate = choose_rate(times, len(times) / times[-1])
    assert 20 <= rate <= 120
    assert rate / base == pytest.approx(round(rate / base), rel=3e-3)  # times in milliseconds
    found, _ = shown(times, rate)
    assert len(found) == len(times)  # none is left out


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(st.floats(0.001, 0.1), st.floats(0.1, 30)), min_size=1, max_size=60),
    st.sampled_from([20, 24000 / 1001, 25, 29.97, 66.67, 120]),
    st.floats(0, 9),
)
def test_the_right_picture_is_shown_whatever_the_times(steps, rate, start):
    """At any time the picture that came last should be shown. Each frame shows one that is due within 40 ms of it."""
    times = np.cumsum([start, *steps])
    found, timetable = shown(times, rate, end=times[-1] + 1)
    pictures, _, counts = map(np.array, zip(*found, strict=True))
    assert (np.diff(pictures) > 0).all() and (counts > 0).all() and timetable.mended == 0
    clock = times - (start if start < 0.2 else 0)
    frames = np.repeat(pictures, counts)
    at = np.arange(len(frames)) / rate
    ends = np.append(clock[1:], clock[-1] + 1)
    assert (at <= ends[frames] + 0.04).all()
    late_start = frames == pictures[0]  # it stands in for what came before it
    assert ((at >= clock[frames] - 0.04) | late_start).all()
    assert abs(len(frames) / rate - (clock[-1] + 1)) <= 0.04  # no drift, above all at the end


def test_an_hour_drifts_by_no_more_than_a_frame():
    """29.9705 frames a second can only be written as 29.970 or 29.971, which would drift by 60 ms."""
    times = np.arange(0, 3600, 1 / 29.9705)
    found, _ = shown(times, writable_rate(29.9705))
    last, begin, _ = found[-1]
    assert last == len(times) - 1 and abs(begin / writable_rate(29.9705) - times[-1]) < 0.04


@pytest.mark.parametrize(
    ("times", "mended"),
    [
        ([0, 0.1, 0.2, 40000, 40000.1, 40000.2], 1),  # a jump of hours
        ([0, 0.1, 40000, 0.3, 0.4, 0.5], 2),  # one wrong time
        ([1.2, 1.3, 1.4, 0, 0.1, 0.2], 1),  # two recordings in one file
        ([80000, 80000.1, 80000.2, 80000.3, 80000.4, 80000.5], 1),
        ([0, 0.1, -1e9, 0.3, 1e9, 0.5], 4),
    ],
)
def test_broken_times_cost_a_frame_each_and_not_a_million(times, mended):
    found, timetable = shown(times, 10)
    assert timetable.mended == mended
    begin = 12 if times[0] == 1.2 else 0
    assert [(picture, count) for picture, _, count in found] == [(i, 1 + (i == 0) * begin) for i in range(6)]


def test_times_that_are_not_known_follow_each_other():
    found, timetable = shown([0.04, 0.08, None, None, 0.2, None], 25)
    assert found == [(i, i, 1) for i in range(6)] and timetable.mended == 0
    found, _ = shown([None] * 5, 25)
    assert found == [(i, i, 1) for i in range(5)]


def test_small_steps_back_leave_no_trace_in_what_follows():
    found, timetable = shown([0, 0.1, 0.3, 0.2, 0.4, 0.4, 0.5], 10)
    assert timetable.mended == 0
    assert [(i, begin) for i, begin, _ in found] == [(0, 0), (1, 1), (3, 3), (5, 4), (6, 5)]


def test_long_stills_are_held_up_to_a_limit():
    found, _ = shown([0, LONGEST_STILL - 1], 25)
    assert found[0][2] == 25 * (LONGEST_STILL - 1)
    found, timetable = shown([0, LONGEST_STILL + 1], 25)
    assert found[0][2] == 1 and timetable.mended == 1


def test_only_two_pictures_are_held_at_a_time():
    class Frame:
        pass

    alive = weakref.WeakSet()

    def camera():
        for i in range(1000):
            frame = Frame()
            alive.add(frame)
            yield frame, i / 30
            del frame
            assert len(alive) <= 2
        yield None, None

    for _ in spread(camera(), Timetable(25)):
        pass


def test_nothing_gives_nothing():
    assert shown([], 25)[0] == []


@pytest.mark.parametrize("rate", [1 / 3, 23.976, NTSC, 30.0009, 66.666667, 196.2605, 239.7602, 655.4, 999.9999, 1000])
def test_a_rate_is_written_as_near_as_it_can_be(rate):
    """MPEG-4 has 16 bits for the ticks of a second (ISO 14496-2, vop_time_increment_resolution)."""
    written = writable_rate(rate)
    text = f"{written:.3f}".rstrip("0").rstrip(".")
    assert float(text) == written and int(text.replace(".", "")) <= 65535
    assert abs(written - rate) <= (0.001 if rate < 65 else 0.005 if rate < 650 else 0.05)
    assert writable_rate(written) == written
