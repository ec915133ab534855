"""nnlite's loss modules with the old arguments size_average and reduce."""

from typing import Any

from ...nn.loss import _Loss
from .reduction import is_loss, old_signature, translated


def losses(layers: dict[str, Any]) -> dict[str, type]:
    """Name -> a subclass of each loss among them whose function has had the old arguments."""
    classes = {n: x for n, x in layers.items() if isinstance(x, type) and issubclass(x, _Loss)}
    return {name: _with_old_arguments(loss) for name, loss in classes.items() if is_loss(loss.function)}


def _with_old_arguments(loss: Any) -> type:
    signature = old_signature(loss.function)
    of_the_module = [p for p in signature.parameters.values() if p.name not in loss.inputs]
    signature = signature.replace(parameters=of_the_module)

    def __init__(self, *args, **kwargs):
        loss.__init__(self, **translated(signature, args, kwargs))

    return type(loss.__name__, (loss,), {"__init__": __init__, "__doc__": loss.__doc__, "__module__": __name__})
