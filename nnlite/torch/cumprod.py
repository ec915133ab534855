"""Products along an axis as they grow."""

from typing import Any

from ..function import Function
from ..functional.cumulative import along, grown, product_before
from ..guards.common import require_tensors
from ..tensor import Tensor


class CumProd(Function):
    """y_i = x_0 ... x_i    dx_i = x_0 ... x_(i-1) s_i with s_i = dy_i + x_(i+1) s_(i+1), right for zeros too"""

    whole_numbers = True

    def forward(self, x, *, axis):
        self.x, self.axis = x, axis
        return grown(x, x.cumprod, axis)

    def backward(self, dy):
        x, s = self.xp.moveaxis(self.x, self.axis, 0), self.xp.moveaxis(dy.copy(), self.axis, 0)
        for i in range(len(x) - 2, -1, -1):
            s[i] += x[i + 1] * s[i + 1]
        return self.xp.moveaxis(s, 0, self.axis) * product_before(self.xp, self.x, self.axis)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """y_i = x_0 ... x_i along `dim`. Raises IndexError for an axis that is not there."""
    require_tensors("cumprod", input)
    return along(CumProd, input, dim, dtype)
