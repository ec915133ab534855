"""PyTorch's way to define an operation: static methods over Tensors, with a context that passes values on.

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            return 2 * x * dy

nnlite's own (nnlite.Function) is a node of the graph and works on arrays; here it calls the two methods above.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from ... import function as ours
from ...tensor import Tensor


class Context:
    """`ctx`: what forward leaves for backward. Attributes may be added freely."""

    def __init__(self, needs_input_grad: tuple[bool, ...]):
        self.needs_input_grad = needs_input_grad
        self.saved_tensors: tuple[Tensor | None, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        self.saved_tensors = tensors

    def mark_non_differentiable(self, *outputs: Tensor) -> NoReturn:
        raise TypeError("ctx.mark_non_differentiable is not covered; return what has no gradient another way")

    def mark_dirty(self, *inputs: Tensor) -> NoReturn:
        raise TypeError("ctx.mark_dirty is not covered; forward must not change its inputs")

    def set_materialize_grads(self, value: bool) -> None:
        """Nothing to do: backward is only called with a gradient."""


class _Node(ours.Function):
    """The call of a PyTorch-style Function as a node. Its inputs are the Tensors among the arguments."""

    whole_numbers = True

    def forward(self, *arrays, function, arguments):
        needed = iter(self.needs_input_grad)
        ctx = Context(tuple(next(needed) if isinstance(x, Tensor) else False for x in arguments))
        given = [x.detach() if isinstance(x, Tensor) else x for x in arguments]
        with ours.no_grad():
            if function.setup_context is None:
                output = function.forward(ctx, *given)
            else:
                output = function.forward(*given)
                function.setup_context(ctx, tuple(given), output)
        if not isinstance(output, Tensor):
            raise TypeError(f"{function.__name__}.forward: expected one Tensor as result, got {type(output).__name__}")
        self.function, self.ctx = function, ctx
        self.shares_memory = bool(arrays) and self.xp.may_share_memory(output.array, arrays[0])
        self.strides = output._strides
        self.places = [i for i, x in enumerate(arguments) if isinstance(x, Tensor)]
        saved = [t.array for t in ctx.saved_tensors if t is not None]
        vars(self).update({f"saved{i}": array for i, array in enumerate(saved)})  # so that changes to them are noticed
        return output.array

    def backward(self, dy):
        with ours.no_grad():
            grads = self.function.backward(self.ctx, Tensor(dy))
        grads = grads if isinstance(grads, tuple) else (grads,)
        if len(grads) < len(self.ctx.needs_input_grad):
            name, expected = self.function.__name__, len(self.ctx.needs_input_grad)
            raise TypeError(f"{name}.backward: expected {expected} gradients, one for each input, got {len(grads)}")
        return [ours.arrays_in(grads[i]) for i in self.places]


class Function:
    """Base of operations as PyTorch defines them; call `apply`. forward returns one Tensor."""

    setup_context: Callable[..., None] | None = None

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("a torch.autograd.Function needs a static method forward(ctx, *inputs)")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise NotImplementedError("a torch.autograd.Function needs a static method backward(ctx, dy)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """forward(ctx, *args) as an operation that is recorded."""
        return _Node.apply(*(x for x in args if isinstance(x, Tensor)), function=cls, arguments=args)


def once_differentiable(function: Callable) -> Callable:
    """The function itself: there are first derivatives only."""
    return function
