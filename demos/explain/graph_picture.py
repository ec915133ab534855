"""A graph of numbers from left to right: values in blue and gradients in red on its edges, and the walk's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from demos.explain.formula import Formula, short, sum_of
from demos.explain.steps import Edge, Step
from nnlite.function import Function
from nnlite.graph import Node, columns_of, depths_of, routes_of
from nnlite.plot import drawing

DPI = 100
HEIGHT, PASSING, TABLES = 1.05, 0.7, 2.6  # inches: of a node, of an edge that passes between nodes, of the tables
RADIUS, PORT, BULGE = 0.25, 0.13, 0.3  # of a circle; from its middle to one of two edges; between parallel edges
BETWEEN = 1.0  # columns of nodes
HEAD, ROW = 0.34, 0.25  # of a table
VALUE, GRADIENT, LINE, LIT = "#1f5fa8", "#c0392b", "0.6", "#ffd75e"
LEAF, OPERATION, NOT_YET = "#e3f0d9", "#dce8f6", "white"


def draw(formula: Formula, step: Step, tables: bool = True) -> Any:
    """The figure of one step; without `tables`, the graph alone."""
    places = Places(formula)
    left, right, bottom, top = places.frame
    operations = len(formula.symbol)
    if tables:
        top += 0.4
        waiting = top - 0.7  # where the table of what waits begins, and below it that of the leaves
        leaves = waiting - HEAD - ROW * operations - 0.2
        bottom = min(bottom, leaves - HEAD - ROW * (len(formula.nodes) - operations) - 0.1)
    width, height = right - left + TABLES * tables, top - bottom
    with drawing(None, width, height, dpi=DPI, layout=None) as figure:
        axes = figure.add_axes((0, 0, 1, 1), xlim=(left, left + width), ylim=(bottom, top))
        axes.set_axis_off()
        _graph(axes, formula, step, places)
        axes.text(right - 1.0, bottom + 0.1, "value", color=VALUE, fontsize=11, ha="right")
        axes.text(right - 0.2, bottom + 0.1, "gradient", color=GRADIENT, fontsize=11, ha="right")
        if tables:
            axes.text(left + 0.2, top - 0.15, step.text, fontsize=11.5, va="top", parse_math=False)
            _table(axes, formula, "pending: not yet visited", step.pending, right + 0.1, waiting)
            _table(axes, formula, ".grad of the leaves", step.grad, right + 0.1, leaves)
    return figure


# Where everything is


class Places:
    """In inches: x, y and width of nodes, and `edges`: edge -> its source, the points it passes, where its tag is."""

    def __init__(self, formula: Formula):
        nodes = formula.nodes
        self.width = {node: _width(formula, node) for node in nodes}
        depth: dict[Any, int] = dict(depths_of(nodes))
        routes = {(route[0], route[-1]): route for route in routes_of(nodes, depth)}
        size = {place: HEIGHT if place in self.width else PASSING for place in depth}
        columns = range(1 + depth[formula.root])
        middles = _middles([max(self.width[node] for node in nodes if depth[node] == i) for i in columns])
        self.x = {place: middles[i] for place, i in depth.items()}
        self.y = {place: -y for place, y in columns_of(list(routes.values()), depth, size).items()}
        self.edges: dict[Edge, tuple[Node, list, tuple[float, float]]] = {}
        for node in nodes:
            if isinstance(node, Function):
                self._add_edges(node, routes)
        self.frame = (
            min(self.x[node] - self.width[node] / 2 for node in nodes) - 0.4,
            self.x[formula.root] + self.width[formula.root] / 2 + 1.0,
            min(self.y[place] - size[place] / 2 for place in depth) - 0.25,
            max(self.y[place] + size[place] / 2 for place in depth) + 0.1,
        )

    def _add_edges(self, node: Function, routes: Mapping[tuple, Sequence]) -> None:
        """Each of two edges arrives at a port of its own, the one from above at the upper one."""
        edges = [(i, source) for i, source in enumerate(node.edges) if source is not None]
        edges.sort(key=lambda edge: -self.y[routes[edge[1], node][-2]])
        lifts = [PORT, -PORT] if len(edges) == 2 else [0.0]
        for (i, source), lift in zip(edges, lifts, strict=True):
            between = [(self.x[place], self.y[place]) for place in routes[source, node][1:-1]]
            start = (self.x[source] + self.width[source] / 2, self.y[source])
            end = (self.x[node] - self.width[node] / 2 + abs(lift) / 3, self.y[node] + lift)
            last = [start, *between][-1]
            middle = (last[0] + end[0]) / 2, (last[1] + end[1]) / 2
            if len(edges) == 2 and edges[0][1] is edges[1][1]:  # twice the same: bent apart
                middle = middle[0], self.y[node] + (BULGE if lift > 0 else -BULGE)
                between.append(middle)
            self.edges[node, i] = source, [start, *between, end], middle


def _middles(widths: Sequence[float]) -> list[float]:
    """Of columns of these widths, next to each other."""
    ends = accumulate(width + BETWEEN for width in widths)
    return [end - (width + BETWEEN) / 2 for end, width in zip(ends, widths, strict=True)]


def _width(formula: Formula, node: Node) -> float:
    return max(2 * RADIUS, 0.2 + 0.11 * len(_words(formula, node)))


def _words(formula: Formula, node: Node) -> str:
    """What stands in the node."""
    return (
        formula.symbol[node] if isinstance(node, Function) else f"{formula.name[node]} = {short(formula.value[node])}"
    )


# What is drawn there


def _graph(axes: Any, formula: Formula, step: Step, places: Places) -> None:
    for edge, (source, points, middle) in places.edges.items():
        _line(axes, points, backwards=step.edge == edge)
        _tag(axes, middle, formula.value[source] if source in step.computed else None, step.on_edge.get(edge))
    _result(axes, formula, step, places)
    for node in formula.nodes:
        _node(axes, formula, step, node, places)


def _node(axes: Any, formula: Formula, step: Step, node: Node, places: Places) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y, width = places.x[node], places.y[node], places.width[node]
    colour = LEAF if not isinstance(node, Function) else OPERATION if node in step.computed else NOT_YET
    box = FancyBboxPatch(
        (x - width / 2, y - RADIUS),
        width,
        2 * RADIUS,
        f"round,pad=0,rounding_size={RADIUS if isinstance(node, Function) else 0.06}",
        facecolor=LIT if step.node is node else colour,
        edgecolor="0.35",
        zorder=3,
    )
    axes.add_patch(box)
    text = {"ha": "center", "zorder": 4, "parse_math": False}
    size = 13 if len(_words(formula, node)) < 3 else 11
    axes.text(x, y - 0.01, _words(formula, node), fontsize=size, va="center_baseline", **text)
    if isinstance(node, Function):
        axes.text(x, y + RADIUS + 0.05, formula.name[node], fontsize=10, color="0.3", va="bottom", **text)
        gradient = short(step.visited[node]) if node in step.visited else ""
    else:
        gradient = _sum(step.grad.get(node, ())).replace(" = ", "\n= ")
    axes.text(x, y - RADIUS - 0.06, gradient, fontsize=10, color=GRADIENT, va="top", **text)


def _result(axes: Any, formula: Formula, step: Step, places: Places) -> None:
    """The arrow out of the last operation."""
    root = formula.root
    x, y = places.x[root] + places.width[root] / 2, places.y[root]
    _line(axes, [(x, y), (x + 0.9, y)])
    gradient = 1.0 if root in step.pending or root in step.visited else None
    _tag(axes, (x + 0.4, y), formula.value[root] if root in step.computed else None, gradient)


def _line(axes: Any, points: Sequence[tuple[float, float]], backwards: bool = False) -> None:
    """From the first point through the others, level at each. `backwards`: a gradient goes along it."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    vertices, codes = [points[0]], [Path.MOVETO]
    for x, y in points[1:]:
        from_x, from_y = vertices[-1]
        vertices += [((from_x + x) / 2, from_y), ((from_x + x) / 2, y), (x, y)]
        codes += [Path.CURVE4] * 3
    arrow = FancyArrowPatch(
        path=Path(vertices, codes),
        arrowstyle="<|-" if backwards else "-|>",
        mutation_scale=14 if backwards else 10,
        color=GRADIENT if backwards else LINE,
        linewidth=2.5 if backwards else 1.2,
        zorder=2 if backwards else 1,
    )
    axes.add_patch(arrow)


def _tag(axes: Any, middle: tuple[float, float], value: float | None, gradient: float | None) -> None:
    """The value above, the gradient below; nothing for what is not known yet."""
    x, y = middle
    box = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none"}
    text = {"fontsize": 11, "ha": "center", "zorder": 3, "bbox": box}
    if value is not None:
        axes.text(x, y + 0.03, short(value), color=VALUE, va="bottom", **text)
    if gradient is not None:
        axes.text(x, y - 0.03, short(gradient), color=GRADIENT, va="top", **text)


def _table(axes: Any, formula: Formula, title: str, rows: Mapping[Node, Sequence[float]], x: float, y: float) -> None:
    axes.text(x, y, title, fontsize=11, va="top", weight="bold")
    axes.plot([x, x + TABLES - 0.3], [y - HEAD + 0.08] * 2, color=LINE, linewidth=1)
    text: dict[str, Any] = {"fontsize": 11, "va": "top"}
    for number, (node, gradients) in enumerate(rows.items()):
        line = y - HEAD - ROW * number
        axes.text(x, line, formula.name[node], parse_math=False, **text)
        axes.text(x + TABLES - 0.3, line, _sum(gradients), ha="right", color=GRADIENT, **text)


def _sum(gradients: Sequence[float]) -> str:
    """With its terms, if there are no more than two."""
    return sum_of(gradients) if len(gradients) < 3 else f"sum of {len(gradients)}: {short(sum(gradients))}"
