"""torch.autograd: gradients of chosen inputs, the checker, anomaly detection, Variable and user-defined functions."""

from collections.abc import Callable, Sequence
from typing import Any

from ... import gradcheck as _gradcheck
from ...errors import GradcheckError
from ...function import Function as _Node
from ...tensor import Tensor
from ..grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from ..names import missing, refuse
from . import function
from .anomaly import detect_anomaly, set_detect_anomaly
from .function import Function
from .gradients import grad
from .variable import Variable


def backward(
    tensors: Any, grad_tensors: Any = None, retain_graph: bool | None = None, create_graph: bool = False
) -> None:
    """tensor.backward(gradient) of one tensor, or of several that may share a graph."""
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    given = [grad_tensors] if grad_tensors is None or isinstance(grad_tensors, Tensor) else list(grad_tensors)
    gradients = given if len(given) == len(tensors) else given * len(tensors) if grad_tensors is None else given
    for i, (tensor, gradient) in enumerate(zip(tensors, gradients, strict=True), 1):
        tensor.backward(gradient, bool(retain_graph) or i < len(tensors), create_graph)


def gradcheck(
    func: Callable[..., Tensor], inputs: Tensor | Sequence[Any], *, eps: float = 1e-4, atol: float = 1e-5,
    rtol: float = 1e-3, raise_exception: bool = True, nondet_tol: float = 0.0, fast_mode: bool = False,
) -> bool:  # fmt: skip
    """nnlite.gradcheck to within rtol; atol, nondet_tol and fast_mode are for PyTorch's own way of checking.

    Raises GradcheckError, or returns False with raise_exception=False.
    """
    try:
        return _gradcheck(func, inputs, eps=eps, tolerance=rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False


# What scripts that print a graph read from a tensor's grad_fn.
_Node.next_functions = property(lambda self: tuple((edge, 0) for edge in self.edges))  # type: ignore[attr-defined]

__getattr__ = missing(__name__)
