"""Function: what every differentiable operation is, and the switch that decides whether it is recorded.

An operation is a class with `forward` directly above `backward`, both over plain arrays:

    class Exp(Function):
        def forward(self, x):
            self.y = self.xp.exp(x)         # what backward needs is kept on self
            return self.y

        def backward(self, dy):             # dy: gradient of the loss with respect to y
            return dy * self.y              # one gradient for each input

`Exp.apply(tensor)` unwraps the tensors, runs forward and, if a gradient may be asked for, leaves the
instance behind as a node of the graph: `result.grad_fn`. Functions keep arrays, never their output Tensor
(that would be a reference cycle and keep every intermediate value alive until a garbage collection).
"""

import functools
import threading
from collections.abc import Callable, Mapping
from contextlib import ContextDecorator
from typing import Any

import numpy as np

from . import backend as backends
from .dtype import get_default_dtype
from .errors import GraphError, guard


class _State(threading.local):
    """What each thread has for itself, so that no_grad() in one does not stop another from recording."""

    recording = True
    inspect: Callable[..., None] | None = None  # called with every result: detect_anomaly's look for a NaN


state = _State()


class Function:
    """One operation in a graph. Subclasses define `forward(*arrays, **options)` and `backward(dy)`.

    Inside both, `self.xp` is numpy or cupy and `self.backend` the backend of the inputs (backend/plain.py). `backward`
    returns an array (or None) for each input, in order; it may skip those for which `self.needs_input_grad` is False.
    It must not change dy; what it returns is fresh memory (perhaps spread by broadcasting), dy or a view of dy.
    """

    shares_memory = False  # forward may return a view of its first input: both then count changes together
    whole_numbers = False  # takes integers too; elsewhere they would be a mistake, or need .float()
    freed = False
    hooks: Mapping[Any, Callable[[Any], Any]] = {}  # each makes another gradient of the one that arrives
    retained: Any = None  # weak reference to the output, if it asked to retain its gradient
    backend: Any
    xp: Any
    needs_input_grad: list[bool]

    # The inputs may be Tensors, arrays or Python numbers; options are everything that has no gradient.
    def forward(self, *arrays: Any, **options: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} defines no forward")

    def backward(self, dy: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} defines no backward")

    @classmethod
    def apply(cls, *inputs: Any, **options: Any) -> Any:
        """Run forward on the inputs' arrays; return its result as a Tensor that knows how it was made."""
        from .tensor import Tensor  # which is made of operations

        self = cls()
        if state.recording and any(is_tensor(x) and x._recorded not in (None, x._version[1]) for x in inputs):
            guard("overwritten", self)
        arrays = _operands([python_number(x.array if is_tensor(x) else x) for x in inputs], self)
        self.backend = backends.of(*arrays)
        self.xp = self.backend.xp
        self.needs_input_grad = [state.recording and is_tensor(x) and x.requires_grad for x in inputs]
        try:
            result = Tensor(self.forward(*arrays, **{name: python_number(value) for name, value in options.items()}))
        except OverflowError as error:  # a Python number that the arrays' dtype cannot hold
            raise ValueError(f"{cls.__name__}: {error}; use a wider dtype, such as .long() or .double()") from error
        if state.inspect:
            state.inspect(self, arrays, [result.array])
        first = inputs[0]
        if self.shares_memory and is_tensor(first):
            if self.xp.may_share_memory(result.array, first.array):
                result._version, result._recorded = first._version, first._recorded
            guard("view", self, first, result)
        if any(self.needs_input_grad) and result.dtype.kind == "f":
            result.requires_grad = True
            result.grad_fn = self
            self._record(inputs, result)
        return result

    def _record(self, inputs, result):
        """Note where each gradient goes, what it must look like, and which values must not change until then."""
        wanted = [x if needed else None for x, needed in zip(inputs, self.needs_input_grad, strict=True)]
        self.edges = [x if x is None or x.grad_fn is None else x.grad_fn for x in wanted]
        self.output_shape = result.shape  # for graph.py
        self.expected = [x if x is None else (x.shape, x.dtype) for x in wanted]
        saved = [a for a in vars(self).values() if isinstance(a, self.xp.ndarray)]
        self.watched = [
            (t._version, t._version[0], t.shape)
            for t in (*inputs, result)
            if is_tensor(t) and any(self.xp.may_share_memory(t.array, a) for a in saved)
        ]

    def gradients(self, dy: Any) -> list:
        """Run backward; return (edge, gradient) pairs. Raises GraphError when a saved value has been changed."""
        if self.freed:
            raise GraphError(
                f"backward through {type(self).__name__} a second time: the graph was freed after the first; "
                "call backward(retain_graph=True) the first time, or run the forward pass again"
            )
        for version, at_forward, shape in self.watched:
            if version[0] != at_forward:
                raise GraphError(
                    f"a tensor of shape {shape} that the backward of {type(self).__name__} needs was changed in place "
                    "after it was used; write x = x + y instead of x += y, or change a copy"
                )
        grads = self.backward(dy)
        grads = list(grads) if isinstance(grads, (tuple, list)) else [grads]
        wanted = [
            (edge, grad, expected)
            for edge, grad, expected in zip(self.edges, grads, self.expected, strict=False)
            if edge is not None and grad is not None
        ]
        arrays = self.xp.ndarray, np.generic
        sound = [isinstance(grad, arrays) and grad.shape == shape for _, grad, (shape, _) in wanted]
        if len(grads) != len(self.edges) or not all(sound):
            guard("Function.gradients", self, grads)
        if state.inspect:
            state.inspect(self, [dy], [g for g in grads if g is not None], ".backward")
        return [(edge, grad.astype(dtype, copy=False)) for edge, grad, (_, dtype) in wanted]

    def free(self) -> None:
        """Drop everything that was kept for backward."""
        self.__dict__.clear()
        self.freed = True


def _operands(inputs, node):
    """The inputs, arrays in the dtype that they are computed in."""
    dtypes = [getattr(x, "dtype", None) for x in inputs if x is not None and not isinstance(x, (int, float))]
    if len(set(dtypes)) == 1 and getattr(dtypes[0], "kind", None) == "f":
        return inputs
    guard("operands", inputs, node)
    common = result_type(*inputs)
    return [x.astype(common, copy=False) if hasattr(x, "dtype") else x for x in inputs]


def result_type(*inputs: Any) -> np.dtype:
    """The dtype that arrays and Python numbers are computed in, by PyTorch's rules.

    Arrays with axes decide. A single number, first of an array and then of Python, only counts if it is of a higher
    kind (bool < whole < floating): float32 stays float32 next to a float64 without axes, but an int64 does not.
    """
    result: Any = None
    arrays = [x for x in inputs if hasattr(x, "dtype")]
    numbers = [x for x in inputs if isinstance(x, (int, float))]
    for dtypes in (
        [x.dtype for x in arrays if x.ndim],
        [x.dtype for x in arrays if not x.ndim],
        [get_default_dtype() if isinstance(x, float) else np.asarray(x).dtype for x in numbers],
    ):
        together = functools.reduce(_promoted, dtypes) if dtypes else None
        if result is None or (together is not None and _kind(together) > _kind(result)):
            result = _promoted(result, together) if result is not None else together
    return result


def _promoted(a, b):
    """NumPy's common dtype, but float32 for float32 and whole numbers of any size."""
    return max(a, b, key=_kind) if {_kind(a), _kind(b)} == {1, 2} else np.promote_types(a, b)


def _kind(dtype):
    return {"b": 0, "i": 1, "u": 1, "f": 2}[dtype.kind]


def python_number(x):
    """A number of NumPy's as Python's own, next to which float32 stays float32; anything else as it is."""
    return x.item() if isinstance(x, np.generic) else x


def is_tensor(x) -> bool:
    return hasattr(x, "_version")


def arrays_in(value):
    """The value with its array for a Tensor, also inside a tuple or list."""
    if isinstance(value, (tuple, list)):
        return type(value)(arrays_in(v) for v in value)
    return value.array if is_tensor(value) else value


def unbroadcast(grad, shape):
    """Sum the gradient over the axes along which an input of `shape` was broadcast: the transpose of broadcasting."""
    if grad.shape == shape:
        return grad
    extra = grad.ndim - len(shape)
    stretched = [i for i, n in enumerate(shape, extra) if n == 1 and grad.shape[i] != 1]
    return total(grad, (*range(extra), *stretched), keepdims=True).reshape(shape)


def total(x, axis, keepdims=False):
    """The sum of x along axes in its own dtype, added up in float64: float32 would lose digits. Integers: in int64."""
    if x.dtype.kind != "f":
        return x.sum(axis=axis, keepdims=keepdims, dtype="int64")
    return x.sum(axis=axis, keepdims=keepdims, dtype="float64").astype(x.dtype)


def shape_of(x) -> tuple[int, ...]:
    """The shape of an array; () for a Python number."""
    return x.shape if hasattr(x, "shape") else ()


def axis_of(dim, shape):
    """The axis `dim`, which may count from the end, counted from 0. Raises IndexError if there is none.

    As in PyTorch, a single number may be asked for along an axis that it does not have.
    """
    axes = len(shape) or 1
    if not -axes <= dim < axes:
        raise IndexError(f"dim {dim} of a tensor with shape {shape}; expected {-axes} to {axes - 1}")
    return dim % axes


def is_grad_enabled() -> bool:
    """Whether this thread records its operations."""
    return state.recording


class set_grad_enabled(ContextDecorator):
    """Inside `with`, or in a function decorated with it, this thread records its operations, or does not."""

    def __init__(self, mode: bool):
        self.mode = mode
        self.before: list[bool] = []  # one entry for each `with` that it is in

    def _recreate_cm(self):  # for ContextDecorator: each call of a function gets its own, whatever other threads do
        return set_grad_enabled(self.mode)

    def __enter__(self):
        self.before.append(state.recording)
        state.recording = self.mode

    def __exit__(self, *exception):
        state.recording = self.before.pop()


def no_grad():
    """Inside, this thread records no operation: nothing can be differentiated and nothing is kept for it."""
    return set_grad_enabled(False)


def enable_grad():
    """Inside, this thread records its operations again, even inside no_grad()."""
    return set_grad_enabled(True)
