"""The backward pass: from a result back to the leaves, through every operation between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .function import Function


def propagate(root: Function, gradient: Any, retain_graph: bool) -> None:
    """Add to `.grad` of every leaf what reaches it; free the graph unless `retain_graph`."""
    for node, dy, grads in walk(root, gradient):
        if dy is not None:
            _retain(node, dy)
            _deliver(node, dy, grads)
        if not retain_graph:
            node.free()
        del dy, grads  # their memory is free for the next node


def walk(root: Function, gradient: Any) -> Iterator[tuple[Function, Any, list]]:
    """Visit each node after all that use its output, with its gradient dy, and what it hands on: (edge, gradient)s.

    dy is None where no gradient arrives. Gradients of intermediate values live only in `pending`.
    """
    pending = {root: gradient}
    for node in topological_order(root):
        dy = pending.pop(node, None)
        grads = [] if dy is None else node.gradients(dy)
        for edge, grad in grads:
            if isinstance(edge, Function):
                pending[edge] = pending[edge] + grad if edge in pending else grad
        yield node, dy, grads
        del dy, grads


def topological_order(root: Function) -> list[Function]:
    """Every node before the nodes it was computed from. Iterative: graphs are deeper than Python's stack."""
    finished: list[Function] = []
    seen = {root}
    stack = [(root, iter(_parents(root)))]
    while stack:
        node, parents = stack[-1]
        for parent in parents:
            if parent not in seen:
                seen.add(parent)
                stack.append((parent, iter(_parents(parent))))
                break
        else:
            finished.append(node)
            stack.pop()
    return finished[::-1]


def _parents(node: Function) -> list[Function]:
    return [] if node.freed else [edge for edge in node.edges if isinstance(edge, Function)]


def _deliver(node: Function, dy: Any, grads: list) -> None:
    """Give the leaves their gradients. A leaf keeps its own, so that it must not lie in memory of somebody else."""
    xp, others = node.xp, [dy, *vars(node).values()]
    for edge, grad in grads:
        if not isinstance(edge, Function) and edge.requires_grad:
            shared = any(isinstance(a, xp.ndarray) and xp.may_share_memory(grad, a) for a in others)
            kept = grad.copy(order="K") if shared or 0 in grad.strides else grad
            edge.accumulate_grad(kept)
            others.append(kept)


def _retain(node: Function, dy: Any) -> None:
    """Keep the gradient of a computed tensor for the reader who called `retain_grad`."""
    output = node.retained and node.retained()
    if output is not None:
        output.accumulate_grad(dy.copy())
