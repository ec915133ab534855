"""The graph behind a Tensor, as text and as a picture. matplotlib is imported only when one is drawn.

What is recorded is what a gradient flows through: operations (Functions) and the leaves that require a gradient.
An input that requires none, such as a batch of images, is only shown as "_" among an operation's inputs.
"""

import math
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from .autograd import topological_order, walk
from .errors import GraphError
from .function import Function
from .plot import drawing
from .tensor import Tensor

Node = Function | Tensor  # an operation, or a leaf

MOST_NODES = 200  # in a picture; beyond that nobody can read it
BOX_HEIGHT, ROW_HEIGHT, GAP, CHARACTER = 0.56, 0.95, 0.22, 0.0753  # inches; a character in 9-point monospace


def text(tensor: Tensor, names: Mapping[str, Tensor] | None = None) -> str:
    """One line for each operation and leaf in the order of computation: number, operation with its inputs, shape.

        #1 weight             (4, 3)
        #2 bias               (4,)
        #3 Linear(_, #1, #2)  (8, 4)

    What is used twice has one line, and its number appears twice. `names` are the leaves' names, such as
    dict(module.named_parameters()). Raises GraphError for a tensor without a graph.
    """
    nodes = nodes_of(tensor)
    labels = _labels(nodes, names)
    number = {node: f"#{i}" for i, node in enumerate(nodes, 1)}
    heads = []
    for node in nodes:
        inputs = ", ".join("_" if edge is None else number[edge] for edge in getattr(node, "edges", ()))
        heads.append(f"{number[node]} {labels[node]}" + (f"({inputs})" if isinstance(node, Function) else ""))
    width = max(map(len, heads)) + 2
    return "\n".join(head.ljust(width) + _shape(node) for head, node in zip(heads, nodes, strict=True))


def draw(tensor: Tensor, path: str | os.PathLike | None = None, names: Mapping[str, Tensor] | None = None) -> Any:
    """A picture of the graph: arrows from inputs to results, leaves green, operations blue.

    The figure is returned, for a notebook to show, and written to `path` (.svg or .png) if there is one.
    Each box has the operation or leaf, its shape and |grad|, the root of the sum of squares of the gradient of
    `tensor` (of its sum, if it has several elements) with respect to it. That is found by a backward pass of its own,
    which changes no `.grad` and keeps the graph. `names` as for `text`. Raises ValueError for other kinds of file and
    for more than 200 boxes, GraphError for a tensor without a graph or with one that backward() has freed.
    """
    if path is not None and Path(path).suffix.lower() not in (".svg", ".png"):
        raise ValueError(f"graph.draw: writes .svg and .png, not {Path(path).suffix!r} ({path})")
    nodes = nodes_of(tensor)
    if len(nodes) > MOST_NODES:
        raise ValueError(
            f"graph.draw: {len(nodes)} nodes are too many for a picture (at most {MOST_NODES}); "
            "use graph.text, or draw a part of the network"
        )
    norms, labels = gradient_norms(tensor), _labels(nodes, names)
    boxes = {
        node: [labels[node], _shape(node), f"|grad| {norms[node]:.3g}" if node in norms else "no gradient"]
        for node in nodes
    }
    return _picture(boxes, path)


def gradient_norms(tensor: Tensor) -> dict[Node, float]:
    """|gradient| at each node that one reaches: a backward pass that leaves nothing behind."""
    root = _root(tensor)
    norms: dict[Node, float] = {}
    leaves: dict[Tensor, Any] = {}
    for node, dy, grads in walk(root, root.xp.ones_like(tensor.array)):
        if dy is not None:
            norms[node] = _norm(dy)
        for edge, grad in grads:
            if isinstance(edge, Tensor):
                leaves[edge] = leaves[edge] + grad if edge in leaves else grad
    return norms | {leaf: _norm(grad) for leaf, grad in leaves.items()}


def _norm(array):
    return math.sqrt(float((array.astype("float64") ** 2).sum()))


# Reading the graph


def _root(tensor: Tensor) -> Function:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"graph: expected a Tensor, got {type(tensor).__name__}")
    if tensor.grad_fn is None:
        raise GraphError("graph: no recorded operation made this tensor; was it computed inside no_grad()?")
    if tensor.grad_fn.freed:
        raise GraphError("graph: backward() has freed it; look before, or call backward(retain_graph=True)")
    return tensor.grad_fn


def nodes_of(tensor: Tensor) -> list[Node]:
    """Operations and leaves in the order of computation, each leaf just before its first use."""
    found: dict[Node, None] = {}
    for node in reversed(topological_order(_root(tensor))):
        found |= dict.fromkeys([*_inputs(node), node])
    return list(found)


def _inputs(node: Node) -> list[Node]:
    """Without gaps, and each once."""
    return [edge for edge in dict.fromkeys(getattr(node, "edges", ())) if edge is not None]


def _labels(nodes: Iterable[Node], names: Mapping[str, Tensor] | None) -> dict[Node, str]:
    named: dict[Any, str] = {tensor: name for name, tensor in dict(names or {}).items()}
    return {node: named.get(node, type(node).__name__) for node in nodes}


def _shape(node: Node) -> str:
    if isinstance(node, Tensor):
        return str(node.shape)
    return "freed" if node.freed else str(node.output_shape)


# Layout (after Sugiyama 1981): rows by depth, places within a row pulled towards the neighbours' mean


def depths_of(nodes: list[Node]) -> dict[Node, int]:
    """The longest path from the leaves; a leaf itself is placed directly above its first use."""
    depth: dict[Node, int] = {}
    for node in nodes:
        if isinstance(node, Function):
            depth[node] = 1 + max((depth[i] for i in _inputs(node) if isinstance(i, Function)), default=0)
    for node in nodes:
        for leaf in _inputs(node):
            if isinstance(leaf, Tensor):
                depth[leaf] = min(depth.get(leaf, depth[node]), depth[node] - 1)
    return depth


def routes_of(nodes: list[Node], depth: dict[Any, int]) -> list[list]:
    """Each arrow as the places it passes; in the rows between its boxes, one that all arrows of its source share."""
    routes = []
    for target in nodes:
        for source in _inputs(target):
            between = {(source, row): row for row in range(depth[source] + 1, depth[target])}
            depth.update(between)
            routes.append([source, *between, target])
    return routes


def columns_of(routes: list[list], depth: dict[Any, int], width: dict[Any, float]) -> dict[Any, float]:
    """x of every place: rows in turn, downwards and upwards, each place drawn to the mean of its neighbours."""
    rows, neighbours = defaultdict(list), defaultdict(list)
    for place in sorted(depth, key=lambda place: isinstance(place, Tensor)):
        rows[depth[place]].append(place)
    for above, below in {pair: None for route in routes for pair in pairwise(route)}:
        neighbours[above].append(below)
        neighbours[below].append(above)
    pull = {place: 0.001 if isinstance(place, Tensor) else 1.0 for place in depth}  # leaves yield to operations
    x = dict.fromkeys(depth, 0.0)
    for _ in range(30):
        for row in (*sorted(rows), *sorted(rows, reverse=True)):
            wish = {}
            for place in rows[row]:
                weights = [pull[n] for n in neighbours[place]]
                wish[place] = sum(w * x[n] for w, n in zip(weights, neighbours[place], strict=True)) / sum(weights)
            rows[row].sort(key=lambda place: wish[place])
            x.update(_apart(rows[row], wish, pull, width))
    return x


def _apart(row: list, wish: dict, pull: dict, width: dict) -> dict[Any, float]:
    """The places nearest to the wishes (weighted least squares) that keep the order and do not overlap."""
    blocks: list[tuple[list, float, float]] = []  # places, their common wish, its weight; overlapping blocks merge
    offset, offsets = 0.0, {}
    for i, place in enumerate(row):
        offset += (width[row[i - 1]] + width[place]) / 2 + GAP if i else 0.0
        offsets[place] = offset
        block = ([place], wish[place] - offset, pull[place])
        while blocks and blocks[-1][1] > block[1]:
            left = blocks.pop()
            weight = left[2] + block[2]
            block = (left[0] + block[0], (left[1] * left[2] + block[1] * block[2]) / weight, weight)
        blocks.append(block)
    return {place: common + offsets[place] for places, common, _ in blocks for place in places}


# The picture


def _picture(boxes: dict[Node, list[str]], path: str | os.PathLike | None) -> Any:
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

    nodes = list(boxes)
    depth: dict[Any, int] = dict(depths_of(nodes))
    routes = routes_of(nodes, depth)
    width = {place: CHARACTER * (2 + max(map(len, boxes[place]))) if place in boxes else 0.1 for place in depth}
    x = columns_of(routes, depth, width)
    y = {place: -ROW_HEIGHT * row for place, row in depth.items()}

    left, right = min(x[p] - width[p] / 2 for p in x) - GAP, max(x[p] + width[p] / 2 for p in x) + GAP
    bottom, top = min(y.values()) - BOX_HEIGHT / 2 - GAP, max(y.values()) + BOX_HEIGHT / 2 + GAP
    dpi = min(120, 60000 / max(right - left, top - bottom))
    with drawing(path, right - left, top - bottom, dpi=dpi, layout=None) as figure:
        axes = figure.add_axes((0, 0, 1, 1), xlim=(left, right), ylim=(bottom, top))
        axes.set_axis_off()
        for route in routes:
            arrow = _curve([(x[place], y[place]) for place in route])
            axes.add_patch(FancyArrowPatch(path=arrow, arrowstyle="-|>", mutation_scale=9, color="0.35", linewidth=0.9))
        for node, lines in boxes.items():
            corner = (x[node] - width[node] / 2, y[node] - BOX_HEIGHT / 2)
            color = "#e3f0d9" if isinstance(node, Tensor) else "#dce8f6"
            style = "round,pad=0,rounding_size=0.06"
            axes.add_patch(FancyBboxPatch(corner, width[node], BOX_HEIGHT, style, facecolor=color, edgecolor="0.35"))
            axes.text(x[node], y[node], "\n".join(lines), ha="center", va="center_baseline", family="monospace",
                      fontsize=9, linespacing=1.15, parse_math=False)  # fmt: skip
    return figure


def _curve(points: list[tuple[float, float]]) -> Any:
    """From below the first box to above the last, upright where it passes between boxes."""
    from matplotlib.path import Path as Curve

    half = BOX_HEIGHT / 2
    (x, y), *rest = points
    vertices, codes = [(x, y - half)], [Curve.MOVETO]
    for x, y in rest:
        (from_x, from_y), to_y = vertices[-1], y + half
        middle = (from_y + to_y) / 2
        vertices += [(from_x, middle), (x, middle), (x, to_y), (x, y - half)]
        codes += [Curve.CURVE4] * 3 + [Curve.LINETO]
    return Curve(vertices[:-1], codes[:-1])
