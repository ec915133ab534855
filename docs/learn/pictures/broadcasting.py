"""Page 2: a column plus a row copies both; on the way back, the gradients of the copies are added up."""

from typing import Any

import numpy as np

from nnlite.plot import drawing

COLUMN, ROW, GRID, GRADIENT = "#dce8f6", "#e3f0d9", "white", "#c0392b"


def copies_and_sums(column: np.ndarray, row: np.ndarray, dy: np.ndarray) -> Any:
    """Left: column (n, 1) + row (1, m). Right: the gradient dy (n, m) of the sum, and what goes back to both."""
    rows, columns = dy.shape
    with drawing(None, 9, 0.55 * (rows + 2) + 0.2, layout=None) as figure:
        for left, title, colour, side, top, middle in (
            (0.0, "forward: y = column + row copies both", "0.35", column, row, column + row),
            (0.5, "backward: gradients of the copies add up", GRADIENT, dy.sum(1), dy.sum(0), dy),
        ):
            axes = figure.add_axes((left, 0, 0.5, 1), xlim=(-2.1, columns), ylim=(rows - 0.3, -2.5))
            axes.set_axis_off()
            axes.text((columns - 2.3) / 2, -2.15, title, fontsize=12, ha="center", va="center", color=colour)
            for i, number in enumerate(np.ravel(side)):
                _cell(axes, -1.5, i, number, COLUMN)
                _line(axes, (-1.1, i), (-0.4, i), (columns - 1, i), colour, back=left > 0)
            for j, number in enumerate(np.ravel(top)):
                _cell(axes, j, -1.4, number, ROW)
                _line(axes, (j, -1.05), (j, -0.36), (j, rows - 1), colour, back=left > 0)
            for (i, j), number in np.ndenumerate(middle):
                _cell(axes, j, i, number, GRID)
    return figure


def _cell(axes: Any, x: float, y: float, number: float, colour: str) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x - 0.38, y - 0.34), 0.76, 0.68, facecolor=colour, edgecolor="0.35", zorder=2))
    axes.text(x, y, f"{number:g}", ha="center", va="center", fontsize=12, zorder=3)


def _line(axes: Any, side: tuple, first: tuple, last: tuple, colour: str, back: bool) -> None:
    """From a number at the side to all cells of its row or column, behind them; or back."""
    how = {"arrowstyle": "->", "color": colour, "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", side if back else first, first if back else side, arrowprops=how, zorder=1)
    axes.plot(*zip(first, last, strict=True), color=colour, linewidth=1.5, zorder=1)
