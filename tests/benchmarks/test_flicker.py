"""The table of flicker: rows for every way to treat the past, known values for drawings whose flicker is known."""

import numpy as np
import pytest

from benchmarks import flicker
from stylize.temporal import TEMPORAL
from stylize.video_writer import VideoWriter


@pytest.fixture
def frames(rng):
    """Two still shots with noise, two frames each: grey blotches, then red ones."""
    blotches = np.kron(rng.integers(60, 190, (6, 8, 1)), np.ones((8, 8, 3)))
    shots = [blotches, blotches * (1, 0.2, 0.2)]
    return [np.clip(shot + rng.normal(0, 5, shot.shape), 0, 255).astype(np.uint8) for shot in shots for _ in range(2)]


def test_flicker_and_cuts(frames):
    copied = flicker.figures(frames, np.copy, "off")
    assert copied["flicker"] == pytest.approx(1) and copied["cuts"] == [2]
    assert flicker.figures(frames, np.copy, "full")["flicker"] < 0.8
    assert flicker.figures(frames, np.zeros_like, "off")["flicker"] == 0


def test_times_are_of_the_whole_and_of_the_style(frames):
    calls = []
    row = flicker.figures(frames, lambda frame: calls.append(frame) or frame, "full")
    assert len(calls) == len(frames) and 0 < row["style alone"] < row["ms a frame"]


def test_a_row_for_each_video_and_way(frames, tmp_path):
    with VideoWriter(tmp_path / "film.mkv", 25) as writer:
        for frame in frames:
            writer.write(frame)
    rows = [*flicker.table([tmp_path / "film.mkv"], np.copy)]
    assert [row[:2] for row in rows] == [["film.mkv", temporal] for temporal in TEMPORAL]
    assert rows[0][2] == "1.00" and all(len(row) == len(flicker.COLUMNS) and row[-1] == "2" for row in rows)
