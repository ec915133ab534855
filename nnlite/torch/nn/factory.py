"""device= and dtype=, which PyTorch's layers with weights take: nnlite's layers, moved once they are made."""

import inspect
from typing import Any

from ...nn import Module
from ...nn.layer import bound

LAYERS = (
    "Linear", "Conv2d", "ConvTranspose2d", "BatchNorm1d", "BatchNorm2d", "InstanceNorm1d", "InstanceNorm2d",
    "LayerNorm", "GroupNorm", "Embedding", "PReLU", "Conv1d", "ConvTranspose1d",
    "RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell",
)  # fmt: skip


def with_factory_arguments(layer: type[Module]) -> type[Module]:
    """A subclass of the layer, of the same name, whose constructor takes device and dtype too."""
    signature = _signature(layer)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        given = bound(layer.__name__, signature, args, kwargs).arguments
        device, dtype = given.pop("device", None), given.pop("dtype", None)
        layer.__init__(self, **given)
        self.to(device=device, dtype=dtype)

    members = {"__init__": __init__, "__signature__": signature}
    return type(layer.__name__, (layer,), {**members, "__module__": layer.__module__, "__doc__": layer.__doc__})


def _signature(layer):
    """The layer's, with the two after what it takes by position. Embedding lacks some of these, so by name only."""
    parameters = list(inspect.signature(layer).parameters.values())
    by_name = [p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
    by_position = [p for p in parameters if p not in by_name]
    kind = by_position[0].KEYWORD_ONLY if layer.__name__ == "Embedding" else by_position[0].POSITIONAL_OR_KEYWORD
    extra = [inspect.Parameter(name, kind, default=None) for name in ("device", "dtype")]
    return inspect.Signature([*by_position, *extra, *by_name])
