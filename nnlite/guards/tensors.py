"""Guards of Tensor and Function."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend as backends
from ..errors import DeviceError, GraphError, ShapeError
from ..function import arrays_in, is_tensor
from .common import guards, require_tensors

guards("require_tensors")(require_tensors)

SAME_DTYPE = ("MatMul", "Linear", "Conv2d", "ConvTranspose2d")  # operations that convert nothing, as in PyTorch


@guards("set_default_dtype")
def set_default_dtype(d: Any) -> None:
    if np.dtype(d).kind != "f":
        raise TypeError(f"set_default_dtype: expected a floating-point type such as nnlite.float64, got {d}")


@guards("Tensor")
def tensor(array, requires_grad):
    if is_tensor(array) or not hasattr(array, "dtype"):
        raise TypeError(f"Tensor wraps an array, not {type(array).__name__}; use nnlite.tensor(...)")
    if not backends.is_array(array):
        raise TypeError(f"Tensor holds real numbers or bools, not {array.dtype}")
    if requires_grad and array.dtype.kind != "f":
        raise TypeError(f"only floating-point tensors can require gradients, not {array.dtype}; use .float()")


@guards("Tensor.__len__")
def length(self):
    if not self.shape:
        raise TypeError("len() of a 0-d tensor")


@guards("Tensor.item")
def item(self):
    if self.array.size != 1:
        raise ShapeError(f"item() needs one element, this tensor has shape {self.shape}; reduce it first")


@guards("Tensor.__index__")
def index(self):
    if self.dtype.kind not in "iub":
        raise TypeError(f"an index is a whole number, not {self.dtype}; use .long()")


@guards("Tensor.numpy")
def numpy(self):
    if self.requires_grad:
        raise GraphError("numpy() of a tensor that requires a gradient, which would be lost; use .detach().numpy()")
    if self.device != "cpu":
        raise DeviceError("numpy() of a tensor on the gpu; use .cpu().numpy()")


@guards("Tensor.backward")
def backward(self, gradient, create_graph=False):
    if create_graph:
        raise GraphError(
            "create_graph=True asks for a gradient that can be differentiated again, and nnlite has first derivatives "
            "only; docs/from-pytorch.md says what to do for WGAN-GP"
        )
    if not self.requires_grad:
        raise GraphError("backward() of a tensor that requires no gradient; was it computed inside no_grad()?")
    if self._recorded not in (None, self._version[1]):
        overwritten(self.grad_fn)
    if gradient is None:
        if self.array.size != 1:
            raise GraphError(
                f"backward() starts from one number, this tensor has shape {self.shape}; "
                "call .mean() or .sum() first, or pass gradient="
            )
        return
    dy = arrays_in(gradient)
    if not backends.is_array(dy):
        raise TypeError(f"backward: gradient is a Tensor of shape {self.shape}, not {type(gradient).__name__}")
    backends.of(dy, self.array)  # raises DeviceError for different devices
    if dy.shape != self.shape:
        raise ShapeError(f"backward: gradient has shape {dy.shape}, the tensor {self.shape}; make them equal")


@guards("overwritten")
def overwritten(node):
    raise GraphError(
        f"{type(node).__name__}: a tensor here shares memory with one that was changed in place later, and its "
        "gradient would miss the change; use the one that was changed, or write x = x + y instead of x += y"
    )


@guards("operands")
def operands(inputs, node):
    """What Function.apply takes: arrays of numbers that the operation has a meaning for."""
    name, dtypes = type(node).__name__, [x.dtype for x in inputs if hasattr(x, "dtype")]
    strange = [x for x in inputs if not (x is None or isinstance(x, (int, float)) or backends.is_array(x))]
    if strange or not dtypes:
        given = ", ".join(map(_described, strange or inputs))
        raise TypeError(f"{name}: expected a Tensor, got {given}; make one with nnlite.tensor(...)")
    if name in SAME_DTYPE and len(set(dtypes)) > 1:
        raise TypeError(f"{name}: dtypes {', '.join(map(str, dtypes))} must be equal; use .float() or .double()")
    if name in ("Sub", "Neg") and any(dtype.kind == "b" for dtype in dtypes):
        raise TypeError(f"{name}: bools cannot be subtracted; use ~mask for the opposite, or .int()")
    if not node.whole_numbers and all(dtype.kind != "f" for dtype in dtypes):
        raise TypeError(f"{name}: expected floating-point numbers, got {dtypes[0]}; use .float()")


@guards("Function.gradients")
def gradients(node, grads):
    """What backward has returned: an array of the input's shape for each, or None."""
    name = type(node).__name__
    if not all(grad is None or backends.is_array(grad) for grad in grads):
        raise TypeError(f"{name}.backward returns arrays or None, not {', '.join(type(g).__name__ for g in grads)}")
    if len(grads) != len(node.edges):
        raise GraphError(f"{name}.backward returned {len(grads)} gradients for {len(node.edges)} inputs")
    for i, (edge, grad, expected) in enumerate(zip(node.edges, grads, node.expected, strict=True)):
        if edge is not None and grad is not None and grad.shape != expected[0]:
            raise ShapeError(
                f"{name}.backward returned shape {grad.shape} for input {i} of shape {expected[0]}; "
                "a gradient has its input's shape (did you forget unbroadcast?)"
            )


def _described(x):
    """float, numpy.ndarray of complex128, torch.Tensor of torch.float32"""
    module = type(x).__module__.partition(".")[0]
    dtype = f" of {x.dtype}" if hasattr(x, "dtype") else ""
    return ("" if module == "builtins" else f"{module}.") + type(x).__name__ + dtype
