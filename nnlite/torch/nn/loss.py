"""nnlite's loss modules with the old arguments size_average and reduce."""

from typing import Any

from ...nn.loss import _Loss
from .reduction import is_loss, old_signature, translated


def losses(layers: dict[str, Any]) -> dict[str, type]:
    """Name -> a subclass with the old arguments, for each of the layers that is a loss and had them."""
    classes = {n: x for n, x in layers.items() if isinstance(x, type) and issubclass(x, _Loss)}
    return {name: _with_old_arguments(loss) for name, loss in classes.items() if is_loss(loss.function)}


def _with_old_arguments(loss: Any) -> type:
    signature = old_signature(loss.function)
    settings = [p for p in signature.parameters.values() if p.name not in loss.inputs]
    signature = signature.replace(parameters=settings)

    def __init__(self, *args, **kwargs):
        loss.__init__(self, **translated(signature, args, kwargs))

    return type(loss.__name__, (loss,), {"__init__": __init__, "__doc__": loss.__doc__, "__module__": __name__})
