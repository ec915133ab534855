"""Cross-entropy. The target is written as q, one number for each class: 1 for the right one and 0 for the rest, or
probabilities. All are then one formula, -sum of q ln p, with weights and label smoothing inside q.
"""

from __future__ import annotations

from ..errors import guarded
from ..function import Function
from ..tensor import Tensor


class CrossEntropy(Function):
    """y = -sum over the classes of q ln p,  p = softmax(x)    dx = dy (p sum(q) - q),  dq = -dy ln p

    So where q sums to 1, the slope for each class is what was predicted minus what is right.
    """

    def forward(self, x, q, *, axis):
        self.q, self.axis = q, axis
        self.log_p = log_shares(self.xp, x, axis)
        terms = self.backend.elementwise(lambda q, log_p: q * self.xp.where(q != 0, log_p, 0.0), q, self.log_p)
        return -terms.sum(axis=axis)  # where q is 0 nothing is added, even if log_p is -infinity

    def backward(self, dy):
        dy = self.xp.expand_dims(dy, self.axis)
        dx = dy * (self.xp.exp(self.log_p) * self.q.sum(axis=self.axis, keepdims=True) - self.q)
        return dx, -dy * self.log_p if self.needs_input_grad[1] else None


def log_shares(xp, x, axis):
    """ln softmax. The largest of the powers is e^0 = 1, so their sum is neither 0 nor infinite."""
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - xp.log(xp.exp(shifted).sum(axis=axis, keepdims=True))


class OneHot(Function):
    """y = 1 at the class, 0 elsewhere and where ignored; a new axis holds the classes    no gradient"""

    whole_numbers = True

    def forward(self, target, *, classes, axis, ignore_index, dtype):
        index = target.astype("int64")[..., None]
        hot = (index == self.xp.arange(classes)) & (index != ignore_index)
        return self.xp.moveaxis(hot, -1, axis).astype(dtype)


@guarded
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
    axis, weights = class_axis(input), class_weights(input, weight)
    classes = input.shape[axis]
    if target.dtype.kind == "f":
        q, total, counted = target, input.numel() // classes, 1.0
    else:
        q = one_hot(input, target, ignore_index)
        total, counted = (q * weights).sum(), q.sum(axis, keepdim=True)  # counted is 0 where the target is ignored
    if label_smoothing:
        q = (1.0 - label_smoothing) * q + (label_smoothing / classes) * counted
    return averaged("cross_entropy", CrossEntropy.apply(input, q * weights, axis=axis), total, reduction)


def class_axis(input):
    """(N, C), (N, C, d1, ...) or (C,)"""
    return min(1, input.ndim - 1)


def class_weights(input, weight):
    """weight (C,) along the axis of the classes, 1 by default."""
    return 1.0 if weight is None else weight.reshape(-1, *[1] * (input.ndim - class_axis(input) - 1))


def one_hot(input, target, ignore_index):
    """The classes in `target` as a tensor of input's shape and dtype."""
    axis = class_axis(input)
    options = {"classes": input.shape[axis], "axis": axis, "ignore_index": ignore_index, "dtype": input.dtype}
    return OneHot.apply(target, **options)


@guarded
def averaged(name, values, total, reduction):
    """The values of a loss as `reduction` asks, the mean by dividing by a total weight."""
    return values.sum() / total if reduction == "mean" else values.sum() if reduction == "sum" else values
