"""Losses over classes. The target is written as q, one number for each class: 1 for the right one and 0 for the rest,
or probabilities. All are then one formula, -sum of q ln p, with weights and label smoothing inside q.
"""

from __future__ import annotations

from .. import backend as backends
from ..errors import ShapeError
from ..function import Function
from ..tensor import Tensor
from ._checks import check_number
from .activation import log_shares
from .loss import reduced


class NLL(Function):
    """y = -sum over the classes of q x, for log-probabilities x    dx = -dy q,  dq = -dy x"""

    def forward(self, x, q, *, axis):
        self.x, self.q, self.axis = x, q, axis
        return -weighted_sum(self, q, x)

    def backward(self, dy):
        dy = self.xp.expand_dims(dy, self.axis)
        return -dy * self.q, -dy * self.x if self.needs_input_grad[1] else None


class CrossEntropy(Function):
    """y = -sum over the classes of q ln p,  p = softmax(x)    dx = dy (p sum(q) - q),  dq = -dy ln p

    So where q sums to 1, the slope for each class is what was predicted minus what is right.
    """

    def forward(self, x, q, *, axis):
        self.q, self.axis = q, axis
        self.log_p = log_shares(self.xp, x, axis)
        return -weighted_sum(self, q, self.log_p)

    def backward(self, dy):
        dy = self.xp.expand_dims(dy, self.axis)
        dx = dy * (self.xp.exp(self.log_p) * self.q.sum(axis=self.axis, keepdims=True) - self.q)
        return dx, -dy * self.log_p if self.needs_input_grad[1] else None


def weighted_sum(node, q, log_p):
    """The sum of q log_p over the node's axis, with 0 for q = 0 even where log_p is -infinity."""
    xp = node.xp
    return node.backend.elementwise(lambda q, log_p: q * xp.where(q != 0, log_p, 0.0), q, log_p).sum(axis=node.axis)


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """-weight[t] input[t], for log-probabilities input (N, C), (N, C, d1, ...) or (C,) and the right classes t.

    target: whole numbers 0 .. C-1, of input's shape without C; where it is ignore_index, the loss is 0. weight (C,)
    is 1 by default. The mean is over what is not ignored, and divides by the weights that were used.

    Raises TypeError for a target that is not whole numbers, ShapeError for shapes that do not fit, and, on the CPU,
    IndexError for a class that is not there and ValueError for a mean over nothing. (On the GPU a look at the target
    would stop the training step until it has come back: there such a class counts as ignored, and the mean is NaN.)
    """
    axis, weight = _classes("nll_loss", input, weight)
    q = _one_hot("nll_loss", input, target, ignore_index, axis) * weight
    return _averaged("nll_loss", NLL.apply(input, q, axis=axis), q.sum(), reduction)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """nll_loss(log_softmax(input), target, weight): -weight[t] ln softmax(input)[t], for scores of any size.

    target may also hold probabilities in input's shape (N, C, ...): -sum of weight q ln softmax(input), whose mean
    is over all places. label_smoothing moves that part of the target onto all C classes evenly (Szegedy et al. 2016):
    q becomes (1 - label_smoothing) q + label_smoothing / C.

    Raises what nll_loss does, and ValueError for a label_smoothing outside 0..1.
    """
    name = "cross_entropy"
    check_number(name, label_smoothing=label_smoothing)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"{name}: label_smoothing must lie between 0 and 1, got {label_smoothing}")
    axis, weight = _classes(name, input, weight)
    classes = input.shape[axis]
    if isinstance(target, Tensor) and target.dtype.kind == "f" and target.shape == input.shape:
        q, total, counted = target, input.numel() // classes, 1.0
    else:
        q = _one_hot(name, input, target, ignore_index, axis)
        total, counted = (q * weight).sum(), q.sum(axis, keepdim=True)  # counted is 0 where the target is ignored
    if label_smoothing:
        q = (1.0 - label_smoothing) * q + (label_smoothing / classes) * counted
    return _averaged(name, CrossEntropy.apply(input, q * weight, axis=axis), total, reduction)


def _averaged(name, values, total, reduction):
    """`reduced`, but that the mean divides by a total weight."""
    if reduction != "mean":
        return reduced(name, values, reduction)
    if values.device == "cpu" and float(total) == 0.0:
        raise ValueError(f"{name}: nothing to take the mean of: every target is ignored or has weight 0")
    return values.sum() / total


def _classes(name, input, weight):
    """The axis of the classes, and the weights with their axis there (1.0 for None)."""
    if not isinstance(input, Tensor) or not isinstance(weight, Tensor | None):
        given = ", ".join(type(x).__name__ for x in (input, weight))
        raise TypeError(f"{name}: input must be a Tensor and weight one or None, got {given}")
    if 0 in (input.shape or (0,)):
        raise ShapeError(f"{name}: expected input (N, C), (N, C, d1, ...) or (C,), none of them 0, got {input.shape}")
    axis = min(1, input.ndim - 1)
    if weight is None:
        return axis, 1.0
    if weight.shape != (input.shape[axis],):
        expected = (input.shape[axis],)
        raise ShapeError(f"{name}: weight has shape {weight.shape}, expected {expected} (input {input.shape})")
    return axis, weight.reshape(-1, *[1] * (input.ndim - axis - 1))


def _one_hot(name, input, target, ignore_index, axis):
    """The classes in `target` as a tensor of input's shape and dtype: 1 at the class, 0 elsewhere and where ignored."""
    classes, expected = input.shape[axis], input.shape[:axis] + input.shape[axis + 1 :]
    if not isinstance(target, Tensor) or target.dtype.kind not in "iu":
        given = f"{target.dtype} of shape {target.shape}" if isinstance(target, Tensor) else type(target).__name__
        raise TypeError(
            f"{name}: target must hold classes as whole numbers of shape {expected} (use .long()), got {given}"
        )
    if target.shape != expected:
        raise ShapeError(f"{name}: target has shape {target.shape}, expected {expected} (input {input.shape})")
    if not isinstance(ignore_index, int):
        raise TypeError(f"{name}: ignore_index must be a whole number, got {ignore_index!r}")
    xp = backends.of(input.array, target.array).xp
    index = target.array.astype("int64")
    if target.device == "cpu":
        outside = index[((index < 0) | (index >= classes)) & (index != ignore_index)]
        if outside.size:
            raise IndexError(
                f"{name}: target holds {outside[0]}, expected classes 0 to {classes - 1} (input {input.shape}) "
                f"or the ignore_index {ignore_index}"
            )
    hot = (index[..., None] == xp.arange(classes)) & (index != ignore_index)[..., None]
    return Tensor(xp.moveaxis(hot, -1, axis).astype(input.dtype))
