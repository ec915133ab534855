"""The walk back: from a result to the leaves, through every operation between them (Tensor.backward drives it)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .function import Function


def walk(root: Function, gradient: Any) -> Iterator[tuple[Function, Any, list]]:
    """Visit each node after all that use its output, with its gradient dy, and what it hands on: (edge, gradient)s.

    dy is None where no gradient arrives. Until a node is visited, the gradients that reach it add up in `pending`.
    """
    pending = {root: gradient}
    for node in topological_order(root):
        dy = pending.pop(node, None)
        for hook in node.hooks.values() if dy is not None else ():
            dy = hook(dy)
        grads = [] if dy is None else node.gradients(dy)
        for edge, grad in grads:
            if isinstance(edge, Function):
                pending[edge] = pending[edge] + grad if edge in pending else grad
        yield node, dy, grads
        del dy, grads  # their memory is free for the next node


def topological_order(root: Function) -> list[Function]:
    """Every node before the nodes it was computed from. Iterative: graphs are deeper than Python's stack."""
    finished: list[Function] = []
    seen: set[Function] = set()
    stack = [(root, False)]
    while stack:
        node, everything_behind_is_finished = stack.pop()
        if everything_behind_is_finished:
            finished.append(node)
        elif node not in seen:
            seen.add(node)
            edges = [] if node.freed else [edge for edge in node.edges if isinstance(edge, Function)]
            stack += [(node, True), *((edge, False) for edge in reversed(edges))]
    return finished[::-1]
