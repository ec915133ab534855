"""Pictures: that they appear whole, in the right size, with the right pixels in the right place."""

import os

import cv2
import numpy as np
import pytest

import nnlite
from nnlite import graph, plot


def png(path):
    """(height, width, 3) RGB, read by another library than the one that wrote it."""
    return cv2.imread(str(path))[..., ::-1]


@pytest.mark.parametrize("titles", [(), ("photo", "target")])
@pytest.mark.parametrize("scale", [1, 3])
def test_each_image_stands_in_its_cell(tmp_path, rng, titles, scale):
    rows = [[rng.integers(0, 256, (8, 10, 3), np.uint8) for _ in range(2)] for _ in range(3)]
    path = tmp_path / "grid.png"
    plot.image_grid(rows, path, titles, scale)
    picture = png(path)
    head = 26 if titles else 6
    assert picture.shape == (head + 3 * (8 * scale + 6), 2 * (10 * scale + 6) + 6, 3)
    for i, row in enumerate(rows):
        for j, image in enumerate(row):
            top, left = head + i * (8 * scale + 6), 6 + j * (10 * scale + 6)
            cell = picture[top : top + 8 * scale, left : left + 10 * scale]
            assert np.array_equal(cell, image.repeat(scale, 0).repeat(scale, 1))
    assert (picture[:5] == 255).all() or titles
    assert os.listdir(tmp_path) == ["grid.png"]


def test_labels_stand_to_the_left_of_their_rows(tmp_path):
    white, labels = np.full((20, 20, 3), 255, np.uint8), ("one line", "", "one line\nand a longer one")
    plot.image_grid([[white]] * 3, tmp_path / "grid.png", labels=labels)
    picture = png(tmp_path / "grid.png")
    margin = picture.shape[1] - 2 * 20 - 6
    rows = [picture[6 + 46 * i : 46 * (i + 1)] for i in range(3)]
    assert [bool((row[:, :margin] < 128).any()) for row in rows] == [True, False, True]  # letters
    assert all((row[:, margin:] == 255).all() and (row[:, :2] == 255).all() for row in rows)


SERIES = {"a": [3.0, 2.0, 1.0]}
PICTURES = {
    "image_grid": lambda path: plot.image_grid([[np.zeros((4, 4, 3), np.uint8)]], path),
    "curves": lambda path: plot.curves(SERIES, path),
    "lines": lambda path: plot.lines([[{"a": ([1.0, 2.0], [1.0, 4.0])}]], path),
    "bars": lambda path: plot.bars({"a": 2.0}, path),
    "scatter": lambda path: plot.scatter({"a": (np.eye(2), np.arange(2))}, path),
    "table": lambda path: plot.table(np.eye(2, dtype=int), path),
    "history": lambda path: plot.history({"a": ([1.0, 2.0], [3.0, 4.0])}, path),
    "graph": lambda path: graph.draw(nnlite.ones(2, requires_grad=True).sum(), path),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_notebook_shows_what_would_be_written(tmp_path, name):
    PICTURES[name](tmp_path / "written.png")
    shown = cv2.imdecode(np.frombuffer(PICTURES[name](None)._repr_png_(), np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(shown[..., ::-1], png(tmp_path / "written.png"))


def test_a_jpeg_keeps_thin_coloured_lines(tmp_path):
    image = np.full((32, 32, 3), 128, np.uint8)
    image[:, 15] = (200, 40, 40)
    plot.image_grid([[image]], tmp_path / "grid.jpg", scale=1)
    assert np.abs(png(tmp_path / "grid.jpg")[6:38, 6:38].astype(int) - image).max() < 40  # 69 where colours are halved


def test_floats_from_0_to_1_are_bytes_over_255(tmp_path, rng):
    image = rng.integers(0, 256, (4, 4, 3), np.uint8)
    plot.image_grid([[image]], tmp_path / "a.png")
    plot.image_grid([[image / 255.0]], tmp_path / "b.png")
    assert np.array_equal(png(tmp_path / "a.png"), png(tmp_path / "b.png"))


@pytest.mark.parametrize("length", [0, 1, 2, 19, 200])
def test_curves_of_any_length(tmp_path, length):
    path = tmp_path / "losses.png"
    plot.curves({"l1": np.linspace(1, 0, length), "adversarial": np.ones(length)}, path, x=np.arange(length))
    picture = png(path)
    assert picture.shape == (320, 840, 3) and len(np.unique(picture.reshape(-1, 3), axis=0)) > 2


def test_the_curve_is_where_the_values_are(tmp_path):
    """A falling curve starts in the upper left and ends in the lower right."""
    plot.curves({"loss": np.linspace(1, 0, 50)}, tmp_path / "c.png", x=np.arange(50))
    picture = png(tmp_path / "c.png").astype(int)
    line = (picture[..., 2] - picture[..., 0]) > 60  # matplotlib's blue
    rows, columns = np.nonzero(line)
    assert rows[columns < np.quantile(columns, 0.1)].mean() < rows[columns > np.quantile(columns, 0.9)].mean() - 100


def test_a_failure_leaves_the_old_picture(tmp_path, monkeypatch):
    path = tmp_path / "grid.png"
    plot.image_grid([[np.zeros((4, 4, 3))]], path)
    before = path.read_bytes()
    with pytest.raises((ValueError, TypeError)):
        plot.image_grid([[np.zeros((4, 4, 7))]], path)
    from matplotlib.figure import Figure

    def full_disk(self, name):
        name.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(Figure, "savefig", full_disk)
    with pytest.raises(OSError, match="No space"):
        plot.image_grid([[np.ones((4, 4, 3))]], path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["grid.png"]


def test_no_figure_stays_open(tmp_path):
    from matplotlib import pyplot

    plot.image_grid([[np.zeros((4, 4, 3))]], tmp_path / "a.png")
    plot.curves({"l": [1.0]}, tmp_path / "b.png", x=[0])
    assert pyplot.get_fignums() == []


def colour(picture, name):
    """Where a picture has one of matplotlib's colours."""
    from matplotlib.colors import to_rgb

    return (abs(picture.astype(int) - np.rint(255 * np.array(to_rgb(name)))) < 12).all(axis=-1)


@pytest.mark.parametrize("power", [1, 3])
def test_a_power_law_is_a_straight_line(tmp_path, power):
    x = [1, 2, 4, 8, 16]
    panel = {"law": (x, [v**power for v in x])}
    with_legend = {"law": ([1], [1])}
    plot.lines([[with_legend, panel]], tmp_path / "l.png", ["batch", "size"], ["ms"])
    rows, columns = np.nonzero(colour(png(tmp_path / "l.png"), "C0")[:, 320:])
    slope, offset = np.polyfit(columns, rows, 1)
    assert slope < 0 and abs(rows - (slope * columns + offset)).max() < 8  # a marker is 5 pixels wide


def test_panels_lie_in_rows_and_columns(tmp_path):
    empty = {"a": ([1, 2], [1, 2])}
    both = {**empty, "b": ([1, 2], [2, 1])}
    plot.lines([[empty, empty, both], [empty, empty, empty]], tmp_path / "p.png", ["x", "y", "z"], ["ms", "MB"])
    picture = png(tmp_path / "p.png")
    assert picture.shape == (560, 960, 3) and os.listdir(tmp_path) == ["p.png"]
    second = colour(picture, "C1")
    assert second[:280, 640:].any() and not second[280:].any() and not second[:, :640].any()


def test_bars_are_as_long_as_their_values(tmp_path):
    values = {"twice": 2.0, "once": 1.0, "half": 0.5}
    plot.bars(values, tmp_path / "b.png", "ratio", mark=1.0)
    picture = png(tmp_path / "b.png")
    at_least, below = (colour(picture, c).sum(axis=1) for c in ("C0", "C1"))
    assert np.median(below[below > 0]) == pytest.approx(at_least.max() / 4, rel=0.03)
    lengths = at_least[at_least > 0]
    assert lengths.max() == pytest.approx(2 * lengths.min(), rel=0.03)
    assert np.nonzero(at_least)[0].max() < np.nonzero(below)[0].min(), "from above to below"


def test_scattered_points_have_the_colour_of_their_class_in_every_panel(tmp_path):
    corners = np.array([[-1.0, -1.0], [1.0, 1.0]]).repeat(30, axis=0)
    panels = {"both": (corners, np.array([4] * 30 + [7] * 30)), "one": (corners[:30], np.array([7] * 30))}
    plot.scatter(panels, tmp_path / "s.png")
    picture = png(tmp_path / "s.png")
    assert picture.shape == (500, 1080, 3) and os.listdir(tmp_path) == ["s.png"]
    left, right = picture[:, :500], picture[:, 520:1000]  # the legend lies beyond
    low, high = (np.argwhere(colour(left, name)).mean(axis=0) for name in ("C0", "C1"))
    assert low[0] > high[0] + 200 and low[1] < high[1] - 200, "the second axis points up"
    assert colour(right, "C1").any() and not colour(right, "C0").any()


def test_a_cell_of_a_table_is_as_dark_as_its_share_of_the_row(tmp_path):
    plot.table(np.array([[0, 80, 20], [1, 0, 0], [0, 0, 0]]), tmp_path / "t.png", "taken for", "is")
    picture = png(tmp_path / "t.png").astype(int)
    assert os.listdir(tmp_path) == ["t.png"]
    dark = (picture[..., 2] - picture[..., 0]) > 20  # blue, not grey
    rows, columns = (np.flatnonzero(dark.any(axis=axis)) for axis in (1, 0))
    top, left, side = rows[0], columns[0], (columns[-1] + 1 - columns[0]) // 3
    cells = [[picture[top + i * side + 5, left + j * side + 5].sum() for j in range(3)] for i in range(3)]
    assert cells[1][0] < cells[0][1] < cells[0][2] < 700, "1 of 1, 80 of 100, 20 of 100"
    assert {cells[0][0], *cells[1][1:], *cells[2]} == {max(map(max, cells))}, "the rest is empty"


def test_a_history_puts_both_losses_on_one_axis(tmp_path):
    """A loss that falls by a factor each step is a straight line; the lower one lies lower."""
    steps = np.arange(1, 201)
    fast = 0.97**steps
    plot.history({"training": (steps, fast), "held out": (steps[::25], 2 * fast[::25])}, tmp_path / "h.png", "loss")
    picture = png(tmp_path / "h.png")
    assert picture.shape == (400, 640, 3) and os.listdir(tmp_path) == ["h.png"]
    inside = picture[80:350, 80:500]  # without the legend
    middles = []
    for name in ("C0", "C1"):
        rows, columns = np.nonzero(colour(inside, name))
        slope, offset = np.polyfit(columns, rows, 1)
        assert slope > 0.3 and np.abs(rows - (slope * columns + offset)).max() < 8
        middles.append(slope * 200 + offset)
    assert middles[1] < middles[0] - 5
