"""The negative log-likelihood: cross-entropy for those who have taken the logarithm of softmax already."""

from __future__ import annotations

from ..errors import guarded
from ..function import Function
from ..tensor import Tensor
from .cross_entropy import averaged, class_axis, class_weights, one_hot, weighted_sum


class NLL(Function):
    """y = -sum over the classes of q x, for log-probabilities x    dx = -dy q,  dq = -dy x"""

    def forward(self, x, q, *, axis):
        self.x, self.q, self.axis = x, q, axis
        return -weighted_sum(self, q, x)

    def backward(self, dy):
        dy = self.xp.expand_dims(dy, self.axis)
        return -dy * self.q, -dy * self.x if self.needs_input_grad[1] else None


@guarded
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
    axis = class_axis(input)
    q = one_hot(input, target, ignore_index) * class_weights(input, weight)
    return averaged("nll_loss", NLL.apply(input, q, axis=axis), q.sum(), reduction)
