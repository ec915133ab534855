"""Function: what every differentiable operation is, and the switches that decide whether it is recorded.

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

from contextlib import contextmanager
from typing import Any

import numpy as np

from . import backend as backends
from .errors import GraphError, NonFiniteError, ShapeError

_recording = True
_detecting = False


class Function:
    """One operation in a graph. Subclasses define `forward(*arrays, **options)` and `backward(dy)`.

    Inside both, `self.xp` is numpy or cupy and `self.backend` the backend of the inputs. `backward` returns an
    array (or None) for each input, in order; it may skip those for which `self.needs_input_grad` is False. It
    must not change dy; what it returns is fresh memory (perhaps spread by broadcasting), dy or a view of dy.
    """

    shares_memory = False  # forward may return a view of its first input: both then count changes together
    whole_numbers = False  # takes integers too; elsewhere they would be a mistake, or need .float()
    freed = False
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
        from .tensor import Tensor  # tensor.py needs this module first

        self = cls()
        arrays = cls._operands([x.array if isinstance(x, Tensor) else x for x in inputs])
        options = {name: value.item() if isinstance(value, np.generic) else value for name, value in options.items()}
        self.backend = backends.of(*arrays)
        self.xp = self.backend.xp
        self.needs_input_grad = [_recording and isinstance(x, Tensor) and x.requires_grad for x in inputs]
        try:
            result = Tensor(self.forward(*arrays, **options))
        except OverflowError as error:  # a Python number that the arrays' dtype cannot hold
            raise ValueError(f"{cls.__name__}: {error}; use a wider dtype, such as .long() or .double()") from error
        if _detecting:
            self._refuse_non_finite(arrays, result.array)
        first = inputs[0]
        if self.shares_memory and isinstance(first, Tensor) and self.xp.may_share_memory(result.array, first.array):
            result._version = first._version
        if any(self.needs_input_grad) and result.dtype.kind == "f":
            result.requires_grad = True
            result.grad_fn = self
            self._record(inputs, result)
        return result

    @classmethod
    def _operands(cls, inputs):
        """Arrays, Python numbers and Nones, such that float32 stays float32, as in PyTorch.

        NumPy would make float64 of float32 with one of its own float64 numbers, or with an array of int64.
        """
        inputs = [x.item() if isinstance(x, np.generic) else x for x in inputs]
        dtypes = [x.dtype for x in inputs if hasattr(x, "dtype")]
        strange = [x for x in inputs if not (x is None or isinstance(x, (int, float)) or backends.is_array(x))]
        if strange or not dtypes:
            given = ", ".join(map(_described, strange or inputs))
            raise TypeError(f"{cls.__name__}: expected a Tensor, got {given}; make one with nnlite.tensor(...)")
        floats = [dtype for dtype in dtypes if dtype.kind == "f"]
        if not floats and not cls.whole_numbers:
            raise TypeError(f"{cls.__name__}: expected floating-point numbers, got {dtypes[0]}; use .float()")
        return [x.astype(floats[0]) if floats and hasattr(x, "dtype") and x.dtype.kind in "iub" else x for x in inputs]

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
            if hasattr(t, "_version") and any(self.xp.may_share_memory(t.array, a) for a in saved)
        ]

    def gradients(self, dy: Any) -> list:
        """Run backward; return (edge, gradient) pairs. Raises GraphError when a saved value has been changed."""
        name = type(self).__name__
        if self.freed:
            raise GraphError(
                f"backward through {name} a second time: the graph was freed after the first; "
                "call backward(retain_graph=True) the first time, or run the forward pass again"
            )
        for version, at_forward, shape in self.watched:
            if version[0] != at_forward:
                raise GraphError(
                    f"a tensor of shape {shape} that the backward of {name} needs was changed in place after it "
                    "was used; write x = x + y instead of x += y, or change a copy"
                )
        grads = self.backward(dy)
        grads = list(grads) if isinstance(grads, (tuple, list)) else [grads]
        if not all(grad is None or backends.is_array(grad) for grad in grads):
            raise TypeError(f"{name}.backward returns arrays or None, not {', '.join(type(g).__name__ for g in grads)}")
        if len(grads) != len(self.edges):
            raise GraphError(f"{name}.backward returned {len(grads)} gradients for {len(self.edges)} inputs")
        if _detecting:
            self._refuse_non_finite([dy], *(g for g in grads if g is not None), where=".backward")
        return [
            (edge, self._conform(grad, i))
            for i, (edge, grad) in enumerate(zip(self.edges, grads, strict=True))
            if edge is not None and grad is not None
        ]

    def _conform(self, grad, index):
        shape, dtype = self.expected[index]
        if grad.shape != shape:
            raise ShapeError(
                f"{type(self).__name__}.backward returned shape {grad.shape} for input {index} of shape {shape}; "
                "a gradient has its input's shape (did you forget unbroadcast?)"
            )
        return grad.astype(dtype, copy=False)

    def free(self) -> None:
        """Drop everything that was kept for backward."""
        self.__dict__.clear()
        self.freed = True

    def _refuse_non_finite(self, inputs, *outputs, where=""):
        def finite(arrays):
            return all(bool(self.xp.isfinite(a).all()) for a in arrays if hasattr(a, "dtype"))

        if not finite(outputs):
            shapes = ", ".join(str(a.shape) for a in inputs if hasattr(a, "dtype"))
            cause = "from finite inputs" if finite(inputs) else "but an input already had one: look at data and weights"
            raise NonFiniteError(f"{type(self).__name__}{where} made a NaN or infinity, {cause} (shapes {shapes})")


def _described(x):
    """float, numpy.ndarray of complex128, torch.Tensor of torch.float32"""
    module = type(x).__module__.partition(".")[0]
    dtype = f" of {x.dtype}" if hasattr(x, "dtype") else ""
    return ("" if module == "builtins" else f"{module}.") + type(x).__name__ + dtype


def unbroadcast(grad, shape):
    """Sum the gradient over the axes along which an input of `shape` was broadcast: the transpose of broadcasting."""
    if grad.shape == shape:
        return grad
    extra = grad.ndim - len(shape)
    stretched = [i for i, n in enumerate(shape, extra) if n == 1 and grad.shape[i] != 1]
    return total(grad, (*range(extra), *stretched), keepdims=True).reshape(shape)


def total(x, axis, keepdims=False):
    """The sum of x along axes, in its own dtype, but added up in float64: a float32 sum of many loses digits."""
    if x.dtype.kind != "f":
        return x.sum(axis=axis, keepdims=keepdims)
    return x.sum(axis=axis, keepdims=keepdims, dtype="float64").astype(x.dtype)


def shape_of(x) -> tuple[int, ...]:
    """The shape of an array; () for a Python number."""
    return x.shape if hasattr(x, "shape") else ()


def axis_of(dim, shape):
    """The axis `dim`, which may count from the end, counted from 0. Raises IndexError if there is none."""
    if not -len(shape) <= dim < len(shape):
        raise IndexError(f"dim {dim} of a tensor with shape {shape}; expected {-len(shape)} to {len(shape) - 1}")
    return dim % len(shape)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded."""
    return _recording


@contextmanager
def no_grad():
    """Inside, operations are not recorded: nothing can be differentiated and nothing is kept for it."""
    with _recorded(False):
        yield


@contextmanager
def enable_grad():
    """Inside, operations are recorded again, though it be inside no_grad()."""
    with _recorded(True):
        yield


@contextmanager
def _recorded(recording):
    global _recording
    before, _recording = _recording, recording
    try:
        yield
    finally:
        _recording = before


@contextmanager
def detect_anomaly():
    """Inside, the first operation that makes a NaN or infinity raises NonFiniteError with its name (slow)."""
    global _detecting
    before, _detecting = _detecting, True
    try:
        yield
    finally:
        _detecting = before
