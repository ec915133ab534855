"""What happens in a graph of numbers, step by step: forward, then nnlite.autograd.walk. Numbers only, no drawing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from demos.explain.formula import TIMES, Formula, in_brackets, short, sum_of
from demos.shared.program import UserError
from nnlite.autograd import walk
from nnlite.function import Function
from nnlite.graph import Node

Edge = tuple[Function, int]  # an operation, and which of its inputs


@dataclass(frozen=True)
class Step:
    """What is known at one moment.

    text      one line that says what happens
    node      the operation that it is about
    edge      the edge along which a gradient has just gone
    computed  nodes that have their value
    on_edge   what operations have handed to their inputs
    pending   the table of `walk`: for each operation that waits for its visit, the gradients that have arrived
    visited   for each operation that has been visited, the gradient that it had
    grad      for each leaf, the gradients that have arrived
    """

    text: str
    node: Function | None = None
    edge: Edge | None = None
    computed: tuple[Node, ...] = ()
    on_edge: Mapping[Edge, float] = field(default_factory=dict)
    pending: Mapping[Node, tuple[float, ...]] = field(default_factory=dict)
    visited: Mapping[Node, float] = field(default_factory=dict)
    grad: Mapping[Node, tuple[float, ...]] = field(default_factory=dict)


def steps(formula: Formula) -> list[Step]:
    """The values, operation by operation; then each visit of `walk`, and each gradient that it hands on."""
    with np.errstate(all="ignore"):  # what is not finite is refused
        return [*forward_steps(formula), *backward_steps(formula)]


def forward_steps(formula: Formula) -> Iterator[Step]:
    leaves = tuple(node for node in formula.nodes if not isinstance(node, Function))
    operations = [node for node in formula.nodes if isinstance(node, Function)]
    yield Step("Forward begins with the numbers that are given.", computed=leaves)
    for i, node in enumerate(operations):
        yield Step(f"Forward: {formula.equation(node)}.", node, computed=(*leaves, *operations[: i + 1]))


def backward_steps(formula: Formula) -> Iterator[Step]:
    name, root = formula.name, formula.root
    text = f"Backward begins: gradient 1 waits for {name[root]}."
    step = Step(text, computed=tuple(formula.nodes), pending={root: (1.0,)})
    yield step
    for node, dy, grads in walk(root, np.ones(())):
        step = _visit(step, node, float(dy), name)
        yield step
        inputs = [i for i, edge in enumerate(node.edges) if edge is not None]
        slopes = [float(slope) for _, slope in node.gradients(np.ones(()))]
        for i, (target, grad), slope in zip(inputs, grads, slopes, strict=True):
            if not math.isfinite(grad):
                raise UserError(f"the gradient of {name[target]} is {float(grad)} with these values")
            step = _hand_on(step, (node, i), target, float(grad))
            product = f"gradient {short(float(dy))} {TIMES} slope {in_brackets(slope)} = {short(float(grad))}"
            step = replace(step, text=f"{name[node]} hands {product} to {name[target]}.")
            yield step
    result = ", ".join(f"{name[leaf]}.grad = {short(sum(grads))}" for leaf, grads in step.grad.items())
    yield replace(step, text=f"Done: {result}.", node=None, edge=None)


def _visit(step: Step, node: Function, dy: float, name: Mapping[Node, str]) -> Step:
    pending = dict(step.pending)
    text = f"Visit {name[node]}: its gradient is {sum_of(pending.pop(node))}. It leaves the table."
    return replace(step, text=text, node=node, edge=None, pending=pending, visited={**step.visited, node: dy})


def _hand_on(step: Step, edge: Edge, target: Node, grad: float) -> Step:
    """A gradient goes along an edge: into the table, or into the `.grad` of a leaf."""
    change: dict[str, Any] = {"edge": edge, "on_edge": {**step.on_edge, edge: grad}}
    table = "pending" if isinstance(target, Function) else "grad"
    arrived = getattr(step, table)
    change[table] = {**arrived, target: (*arrived.get(target, ()), grad)}
    return replace(step, **change)
