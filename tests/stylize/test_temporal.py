"""Steadying: noise is calmed, motion is followed, and nothing crosses a cut."""

import numpy as np
import pytest

from stylize import stylize
from stylize.temporal import TEMPORAL, FrameDrawer, flicker, flow_back, is_cut, warp

SEED = 0


def smooth_picture(seed=SEED, height=96, width=128):
    """Coloured hills: enough structure for a flow, no edges that a pixel's fraction would show at."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [
        sum(np.sin((a * x + b * y) / 6 + c) for a, b, c in rng.uniform(-1, 1, (4, 3)) * (1, 1, 3)) for _ in range(3)
    ]
    return np.clip(128 + 30 * np.stack(waves, axis=2), 0, 255).astype(np.uint8)


def noisy(picture, frames, sigma=4):
    rng = np.random.default_rng(SEED)
    noise = rng.normal(0, sigma, (frames, *picture.shape))
    return list(np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8))


def keep(frame):
    return frame


def test_flow_finds_a_known_motion():
    """The picture moves 3 pixels right and 2 down: each pixel was 3 to the left and 2 up."""
    large = smooth_picture()
    before, frame = large[10:80, 10:110], large[8:78, 7:107]
    flow = flow_back(before, frame)[10:-10, 10:-10]
    np.testing.assert_allclose(np.median(flow, axis=(0, 1)), (-3, -2), atol=0.2)


def test_warp_by_whole_pixels_is_a_shift():
    picture = smooth_picture()
    flow = np.zeros((*picture.shape[:2], 2), np.float32)
    flow[...] = (-3, 2)
    np.testing.assert_array_equal(warp(picture, flow)[:-2, 3:], picture[2:, :-3])


def test_off_draws_each_frame_alone():
    frames = noisy(smooth_picture(), 3)
    drawer = FrameDrawer(lambda frame: stylize(frame, "classic"), "off")
    for frame in frames:
        np.testing.assert_array_equal(drawer(frame), stylize(frame, "classic"))


def test_steadying_calms_a_still_and_noisy_video():
    """Averaging n equal shares of the past would leave 1 / sqrt(n) of the noise; any must beat none, full must beat
    light, and the mean must stay where it is."""
    picture = smooth_picture()
    frames = noisy(picture, 10)
    flickers = {}
    for temporal in TEMPORAL:
        drawings = [*map(FrameDrawer(keep, temporal), frames)]
        flickers[temporal] = flicker(frames, drawings)
        assert abs(float(drawings[-1].mean()) - float(picture.mean())) < 1
    assert flickers["off"] == pytest.approx(1)
    assert flickers["full"] < flickers["light"] < 0.7


def test_a_style_flickers_less_in_full():
    frames = noisy(smooth_picture(), 6)
    drawings = {t: [*map(FrameDrawer(lambda frame: stylize(frame, "toon"), t), frames)] for t in ("off", "full")}
    assert flicker(frames, drawings["full"]) < 0.7 * flicker(frames, drawings["off"])


@pytest.mark.parametrize("temporal", ["light", "full"])
def test_a_moving_edge_leaves_no_ghost(temporal):
    """A bright square on a dark ground goes 4 pixels a frame: where it has left, nothing of it stays."""
    frames = []
    for t in range(8):
        frame = np.full((64, 96, 3), 40, np.uint8)
        frame[20:44, 8 + 4 * t : 32 + 4 * t] = 200
        frames.append(frame)
    drawings = [*map(FrameDrawer(keep, temporal), frames)]
    assert np.abs(drawings[-1].astype(int) - frames[-1]).mean() < 1
    left_behind = drawings[-1][20:44, 8:30]  # the square's left side stands at 36 now
    assert np.abs(left_behind.astype(int) - 40).max() <= 20


@pytest.mark.parametrize("temporal", TEMPORAL)
def test_nothing_is_blended_across_a_cut(temporal):
    """The first frame of the second shot is drawn as if the video began with it, and so is all that follows."""
    red, blue = np.array([200, 60, 40]), np.array([30, 80, 210])
    first = [np.clip(frame * 0.3 + red * 0.7, 0, 255).astype(np.uint8) for frame in noisy(smooth_picture(1), 4)]
    second = [np.clip(frame * 0.3 + blue * 0.7, 0, 255).astype(np.uint8) for frame in noisy(smooth_picture(2), 4)]
    drawer = FrameDrawer(keep, temporal)
    drawings = [*map(drawer, first + second)]
    assert drawer.cuts == [4]
    for together, alone in zip(drawings[4:], map(FrameDrawer(keep, temporal), second), strict=True):
        np.testing.assert_array_equal(together, alone)


def test_motion_and_noise_are_no_cut():
    picture = smooth_picture()
    assert not is_cut(picture[:, :-8], picture[:, 8:])
    assert not is_cut(*noisy(picture, 2))


def test_flicker_has_its_units():
    """Of the video itself it is 1; of a drawing with half the contrast, a half; a still drawing has none."""
    frames = noisy(smooth_picture(), 4)
    assert flicker(frames, frames) == pytest.approx(1)
    assert flicker(frames, [frame // 2 for frame in frames]) == pytest.approx(0.5, abs=0.03)
    assert flicker(frames, [np.full_like(frames[0], 90)] * 4) == pytest.approx(0, abs=1e-3)
    assert flicker([frames[0]] * 3, [frames[0]] * 3) == 0  # nothing moves: no division by zero


def test_same_frames_same_bytes():
    frames = noisy(smooth_picture(), 4)
    one, two = ([*map(FrameDrawer(keep, "full"), frames)] for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_unknown_mode():
    with pytest.raises(ValueError, match="off, light, full"):
        FrameDrawer(keep, "ful")
