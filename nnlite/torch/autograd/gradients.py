"""Gradients without `.grad`: returned by `grad`, or shown to a function on their way (`register_hook`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import backend as backends
from ...autograd import topological_order
from ...errors import GraphError, guard
from ...function import arrays_in
from ...nn.module import RemovableHandle
from ...tensor import Tensor
from ..names import refuse


def grad(
    outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
    only_inputs: bool = True, allow_unused: bool | None = None, is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:  # fmt: skip
    """d(sum of outputs)/d(input) for each input (one or several of both), weighed by `grad_outputs`.

    No `.grad` changes. What lies between is freed unless `retain_graph`; what lies behind an input is not entered.
    Raises GraphError for an input that the outputs do not depend on (with `allow_unused` its gradient is None), and
    for create_graph=True, as there are first derivatives only.
    """
    refuse("torch.autograd.grad", is_grads_batched=is_grads_batched, materialize_grads=materialize_grads)
    outputs, inputs = (tuple([given] if isinstance(given, Tensor) else given) for given in (outputs, inputs))
    weights = [grad_outputs] if isinstance(grad_outputs, Tensor) else grad_outputs or [None] * len(outputs)
    places = [x if x.grad_fn is None else x.grad_fn for x in inputs]
    found: dict[Any, Any] = {}  # place -> its gradient
    for i, (output, weight) in enumerate(zip(outputs, weights, strict=True), 1):
        guard("Tensor.backward", output, weight, create_graph)
        for place, array in _gradients(output, weight, set(places), keep=retain_graph or i < len(outputs)):
            found[place] = found[place] + array if place in found else array
    unused = [x.shape for x, place in zip(inputs, places, strict=True) if place not in found]
    if unused and not allow_unused:
        raise GraphError(f"grad: the outputs do not depend on the input of shape {unused[0]}; use allow_unused=True")
    for leaf in {x for x in inputs if x in found}:
        for hook in (leaf._hooks or {}).values():
            found[leaf] = hook(found[leaf])
    return tuple(Tensor(found[place].copy(order="K")) if place in found else None for place in places)


def _gradients(output, weight, places, keep):
    """(place, gradient) for each node or leaf in places that lies behind the output; a leaf may come several times."""
    root = output if output.grad_fn is None else output.grad_fn
    pending = {root: backends.of(output.array).xp.ones_like(output.array) if weight is None else arrays_in(weight)}
    if root is output:
        yield from pending.items()
        return
    order = topological_order(root)
    between: set[Any] = set()  # nodes from which a place can be reached
    for node in reversed(order):
        if any(edge in places or edge in between for edge in ([] if node.freed else node.edges)):
            between.add(node)
    for node in order:
        if node not in pending:
            continue
        dy = pending.pop(node)
        for hook in node.hooks.values():
            dy = hook(dy)
        if node in places:
            yield node, dy
        if node in between:
            for edge, array in node.gradients(dy):
                if isinstance(edge, Tensor) and edge in places:
                    yield edge, array
                elif edge in between or edge in places:
                    pending[edge] = pending[edge] + array if edge in pending else array
            if not keep:
                node.free()


def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Call hook(gradient) when this tensor's gradient is complete; what it returns, if not None, takes its place.

    The handle's remove() takes the hook off. Raises GraphError for a tensor that requires no gradient.
    """
    if not self.requires_grad:
        raise GraphError("register_hook() of a tensor that requires no gradient")

    def change(array: Any) -> Any:
        changed = hook(Tensor(array))
        return array if changed is None else changed.array

    if self.grad_fn is not None:
        return RemovableHandle(vars(self.grad_fn).setdefault("hooks", {}), change)
    self._hooks = {} if self._hooks is None else self._hooks
    return RemovableHandle(self._hooks, change)
