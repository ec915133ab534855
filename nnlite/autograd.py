"""The backward pass: from a result back to the leaves, through every operation between them."""

from __future__ import annotations

from typing import Any

from .function import Function


def propagate(root: Function, gradient: Any, retain_graph: bool) -> None:
    """Visit each node after all that use its output; gradients of intermediate values live only in `pending`."""
    pending = {root: gradient}
    for node in topological_order(root):
        dy = pending.pop(node, None)
        if dy is not None:
            _retain(node, dy)
            for edge, grad in node.gradients(dy):
                if isinstance(edge, Function):
                    pending[edge] = pending[edge] + grad if edge in pending else grad
                elif edge.requires_grad:  # a leaf: it keeps its gradient, which must be memory of its own
                    shared = 0 in grad.strides or (type(grad) is type(dy) and node.xp.may_share_memory(grad, dy))
                    edge.accumulate_grad(grad.copy(order="K") if shared else grad)
        if not retain_graph:
            node.free()


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


def _retain(node: Function, dy: Any) -> None:
    """Keep the gradient of a computed tensor for the reader who called `retain_grad`."""
    output = node.retained and node.retained()
    if output is not None:
        output.accumulate_grad(dy.copy())
