"""What all distributions share."""

from __future__ import annotations

from typing import Any

from ... import creation
from ...function import no_grad
from ...functional import add
from ...tensor import Tensor
from ...views import Size


class Distribution:
    """Base of the distributions: batch_shape is the shape of the parameters, a number is drawn for each.

    Subclasses define `draw(shape)` and log_prob(value); those with rsample have samples with a gradient.
    """

    has_rsample = False

    def __init__(self, batch_shape: Any):
        self.batch_shape, self.event_shape = Size(batch_shape), Size()

    def draw(self, shape: tuple[int, ...]) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} cannot be drawn from")

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Numbers (*sample_shape, *batch_shape), without a gradient."""
        with no_grad():
            return self.draw((*sample_shape, *self.batch_shape)).detach()

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Numbers whose gradient goes to the parameters. Raises NotImplementedError for a distribution without."""
        if not self.has_rsample:
            raise NotImplementedError(f"{type(self).__name__} has no rsample; use sample() and log_prob()")
        return self.draw((*sample_shape, *self.batch_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} has no log_prob")


def together(*values: Any) -> list[Tensor]:
    """Numbers and tensors as tensors of one shape and dtype."""
    tensors = [x for x in values if isinstance(x, Tensor)]
    kind: Any = {"dtype": tensors[0].dtype, "device": tensors[0].device} if tensors else {}
    given = [x if isinstance(x, Tensor) else creation.tensor(float(x), **kind) for x in values]
    zero: Any = 0.0
    for x in given:
        zero = add(x.detach() * 0.0, zero)  # of the common shape
    return [x + zero for x in given]


def check(name: str, what: str, holds: Tensor | bool) -> None:
    """Raise ValueError unless a condition holds everywhere (which waits for a GPU)."""
    if not bool(holds if isinstance(holds, bool) else holds.array.all()):
        raise ValueError(f"{name}: {what}")
