"""Pictures for people: image grids and curves. matplotlib is imported only when one is drawn.

Every function returns its figure, which a notebook shows, and writes it as well if it is given a path.
"""

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from .files import atomic_path


@contextmanager
def drawing(path: str | os.PathLike | None, width: float, height: float, **options: Any) -> Iterator[Any]:
    """A matplotlib figure of this size in inches, to draw in; with a path, it is written when the block ends.

    A JPEG keeps its colours at full resolution, so that thin coloured lines stay as they are. Nothing is written after
    an error.
    """
    figure = _figure_class()(figsize=(width, height), **{"layout": "tight", **options})
    yield figure
    if path is None:
        return
    jpeg = os.fspath(path).lower().endswith((".jpg", ".jpeg"))
    how: dict[str, Any] = {"pil_kwargs": {"quality": 92, "subsampling": 0}} if jpeg else {}
    with atomic_path(path) as temporary:
        figure.savefig(temporary, **how)


@cache
def _figure_class() -> Any:
    from matplotlib.figure import Figure

    class NotebookFigure(Figure):
        """A figure that Jupyter shows when it is the last value of a cell, without pyplot."""

        def _repr_png_(self) -> bytes:
            png = io.BytesIO()
            self.savefig(png, format="png")
            return png.getvalue()

    return NotebookFigure


def image_grid(
    rows: Sequence[Sequence[np.ndarray]],
    path: str | os.PathLike | None = None,
    titles: Sequence[str] = (),
    scale: int = 2,
    labels: Sequence[str] = (),
) -> Any:
    """A picture of images in rows and columns, their pixels `scale` times as large, a title above each column.

    Images are (H, W, 3) arrays, uint8 or float in 0..1, of one size. `labels` are texts to the left of the rows, of one
    line or several. An existing file is replaced once the new one is complete.
    """
    height, width = (scale * n for n in rows[0][0].shape[:2])
    dpi, gap, head = 128, 6, 26 if titles else 6  # a power of two, so that sizes in inches are exact
    side = gap + max((8 * len(line) for label in labels for line in label.split("\n")), default=0)  # 8: a wide letter
    picture = np.full((head + len(rows) * (height + gap), side + len(rows[0]) * (width + gap), 3), 255, np.uint8)
    for i, row in enumerate(rows):
        for j, image in enumerate(row):
            if image.dtype != np.uint8:
                image = np.round(255.0 * np.clip(image, 0.0, 1.0)).astype(np.uint8)
            top, left = head + i * (height + gap), side + j * (width + gap)
            picture[top : top + height, left : left + width] = image.repeat(scale, 0).repeat(scale, 1)
    h, w = picture.shape[:2]
    with drawing(path, w / dpi, h / dpi, dpi=dpi, layout=None) as figure:
        figure.figimage(picture)  # pixel for pixel, which axes are not in every version
        for j, title in enumerate(titles):
            middle = side + j * (width + gap) + width / 2
            figure.text(middle / w, 1 - (head - 4) / h, title, fontsize=7.8, horizontalalignment="center")
        for i, label in enumerate(labels):
            middle = head + i * (height + gap) + height / 2
            figure.text((side - gap) / w, 1 - middle / h, label, fontsize=7.8, ha="right", va="center")
    return figure


def curves(
    series: Mapping[str, Sequence[float]],
    path: str | os.PathLike | None = None,
    x: Sequence[float] | None = None,
    xlabel: str = "step",
) -> Any:
    """A panel for each curve, up to four in a row: the values, faint, and their running mean over a twentieth of them.

    `x` are the values' places, 1, 2, ... if they are not given.
    """
    columns = min(4, len(series))
    rows = -(-len(series) // columns)
    with drawing(path, 4.2 * columns, 3.2 * rows) as figure:
        panels = figure.subplots(rows, columns, squeeze=False).flat
        for unused in panels[len(series) :]:
            unused.set_axis_off()
        for axes, (name, values) in zip(panels, series.items(), strict=False):
            window = max(1, len(values) // 20)
            _plot_with_mean(axes, range(1, 1 + len(values)) if x is None else x, values, window, color="C0")
            axes.set_title(name)
            axes.set_xlabel(xlabel)
            axes.grid(alpha=0.3)
    return figure


def lines(
    rows: Sequence[Sequence[Mapping[str, tuple[Sequence[float], Sequence[float]]]]],
    path: str | os.PathLike | None = None,
    xlabels: Sequence[str] = ("",),
    ylabels: Sequence[str] = ("",),
) -> Any:
    """A picture of panels in rows and columns, both axes logarithmic: x^k is a straight line of slope k.

    A panel maps labels to (x values, y values), all above 0. Its columns share a label of x, its rows one of y.
    """
    from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

    with drawing(path, 3.2 * len(xlabels), 2.8 * len(rows)) as figure:
        grid = figure.subplots(len(rows), len(xlabels), squeeze=False, sharex="col")
        for i, row in enumerate(rows):
            for j, panel in enumerate(row):
                axes = grid[i][j]
                axes.set(xscale="log", yscale="log")
                for label, (x, y) in panel.items():
                    axes.plot(x, y, marker="o", markersize=4, linewidth=1.6, label=label)
                axes.set_xticks(sorted({value for x, _ in panel.values() for value in x}))
                axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                for axis in (axes.xaxis, axes.yaxis):
                    axis.set_minor_locator(NullLocator())
                    axis.set_major_formatter(ScalarFormatter())
                axes.grid(alpha=0.3)
                if i == len(rows) - 1:
                    axes.set_xlabel(xlabels[j])
                if j == 0:
                    axes.set_ylabel(ylabels[i])
        grid[0][0].legend()
    return figure


def bars(
    values: Mapping[str, float], path: str | os.PathLike | None = None, xlabel: str = "", mark: float = 0.0
) -> Any:
    """A picture with a bar for each value, the first on top, its number at its end, and a line at `mark`."""
    with drawing(path, 8.0, 1.0 + 0.36 * len(values)) as figure:
        axes = figure.subplots()
        colours = ["C0" if value >= mark else "C1" for value in values.values()]
        drawn = axes.barh(list(values), list(values.values()), color=colours)
        axes.axvline(mark, color="black", linewidth=1.0)
        axes.bar_label(drawn, fmt="%.2f", padding=4, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
        axes.set_xlim(0, 1.15 * max(mark, *values.values()))
        axes.invert_yaxis()
        axes.set_xlabel(xlabel)
    return figure


def scatter(panels: Mapping[str, tuple[np.ndarray, np.ndarray]], path: str | os.PathLike | None = None) -> Any:
    """A picture with a panel for each entry, side by side: points (N, 2), coloured by their labels (N,).

    A label has the same colour in all panels; beyond ten labels the colours repeat.
    """
    labels = np.unique(np.concatenate([labels for _, labels in panels.values()]))
    with drawing(path, 5.0 * len(panels) + 0.8, 5.0, layout=None) as figure:
        row = figure.subplots(1, len(panels), squeeze=False)[0]
        for axes, (title, (points, classes)) in zip(row, panels.items(), strict=True):
            colours = [f"C{k % 10}" for k in np.searchsorted(labels, classes)]
            axes.scatter(points[:, 0], points[:, 1], s=6, c=colours, alpha=0.7, linewidths=0)
            axes.set_title(title)
            axes.set_aspect("equal", "datalim")
            axes.grid(alpha=0.3)
        for k, label in enumerate(labels):  # dots for the legend alone: all points are drawn in one go, mixed
            axes.scatter([], [], s=30, c=f"C{k % 10}", label=str(label))
        figure.legend(loc="center right")
        figure.tight_layout(rect=(0, 0, 1 - 0.7 / figure.get_figwidth(), 1))
    return figure


def table(counts: np.ndarray, path: str | os.PathLike | None = None, xlabel: str = "", ylabel: str = "") -> Any:
    """A picture of a table of counts (rows, columns), each cell darker for a larger share of its row."""
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    with drawing(path, 1.2 + 0.45 * counts.shape[1], 1.0 + 0.45 * counts.shape[0]) as figure:
        axes = figure.subplots()
        axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0.0, vmax=1.0)  # the root shows rare mistakes too
        for (i, j), count in np.ndenumerate(counts):
            if count:
                axes.text(j, i, str(count), ha="center", va="center", color="white" if shares[i, j] > 0.4 else "black")
        axes.set(xticks=range(counts.shape[1]), yticks=range(counts.shape[0]), xlabel=xlabel, ylabel=ylabel)
    return figure


def history(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    path: str | os.PathLike | None = None,
    ylabel: str = "loss",
    xlabel: str = "step",
) -> Any:
    """A picture of losses in one panel: label -> (steps, values above 0), on a logarithmic axis.

    A series of more than 50 values is drawn faint, with its running mean over a twentieth of them.
    """
    with drawing(path, 6.4, 4.0) as figure:
        axes = figure.subplots()
        for k, (label, (x, y)) in enumerate(series.items()):
            window = len(y) // 20 if len(y) > 50 else 1
            _plot_with_mean(axes, x, y, window, color=f"C{k}", marker="o" if window == 1 else None, label=label)
        axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log")
        axes.grid(alpha=0.3, which="both")
        axes.legend()
    return figure


def _plot_with_mean(axes, x, y, window, color, **style):
    """The values, faint, and their mean over the last `window` of them, which is the values themselves for 1."""
    if window > 1:
        axes.plot(x, y, linewidth=0.6, alpha=0.35, color=color)
    mean = np.convolve(y, np.ones(window) / window, mode="valid") if len(y) else y
    axes.plot(x[window - 1 :], mean, linewidth=1.6, color=color, **style)
