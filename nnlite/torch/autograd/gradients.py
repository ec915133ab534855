"""Gradients without `.grad`: returned by `grad`, or shown to a function on their way (`register_hook`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ... import backend as backends
from ...autograd import walk
from ...errors import GraphError, guard
from ...function import arrays_in
from ...nn.module import RemovableHandle
from ...tensor import Tensor


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    retain_graph: bool = False,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool = False,
) -> tuple[Tensor | None, ...]:
    """d(sum of outputs)/d(input) for each input, weighed by `grad_outputs`; no `.grad` changes.

    Frees the graph unless `retain_graph`. Raises GraphError for an input that the outputs do not depend on (with
    `allow_unused` its gradient is None), and for create_graph=True: nnlite has first derivatives only.
    """
    outputs, inputs = (tuple([given] if isinstance(given, Tensor) else given) for given in (outputs, inputs))
    if create_graph:
        raise GraphError(
            "grad(create_graph=True) asks for a gradient that can be differentiated again, and nnlite has first "
            "derivatives only; for WGAN-GP clip the weights instead (models/gan.py), or use spectral_norm"
        )
    weights = [grad_outputs] if isinstance(grad_outputs, Tensor) else grad_outputs or [None] * len(outputs)
    found: dict[Any, Any] = {}  # an input's node, or the input itself if it is a leaf -> its gradient
    wanted = [x if x.grad_fn is None else x.grad_fn for x in inputs]
    places = set(wanted)
    for i, (output, weight) in enumerate(zip(outputs, weights, strict=True)):
        guard("Tensor.backward", output, weight)
        last = i == len(outputs) - 1
        for edge, array in _gradients(output, weight, keep=retain_graph or not last):
            if edge in places:
                found[edge] = found[edge] + array if edge in found else array
    unused = [x.shape for x, edge in zip(inputs, wanted, strict=True) if edge not in found]
    if unused and not allow_unused:
        raise GraphError(f"grad: the outputs do not depend on the input of shape {unused[0]}; use allow_unused=True")
    for leaf in {x for x in inputs if x in found}:
        for hook in (leaf._hooks or {}).values():
            found[leaf] = hook(found[leaf])
    return tuple(Tensor(found[edge].copy(order="K")) if edge in found else None for edge in wanted)


def _gradients(output, weight, keep):
    """(edge, gradient) for every node, and every leaf, behind the output; a leaf may come several times."""
    dy = backends.of(output.array).xp.ones_like(output.array) if weight is None else arrays_in(weight)
    if output.grad_fn is None:
        yield output, dy
        return
    for node, arrived, grads in walk(output.grad_fn, dy):
        if arrived is not None:
            yield node, arrived
        yield from ((edge, array) for edge, array in grads if isinstance(edge, Tensor))
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
