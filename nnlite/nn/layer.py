"""What layers without weights have in common: a function of nnlite.functional, and settings for it."""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import guard
from ..tensor import Tensor
from .module import Module


class Layer(Module):
    """Applies the function that its class names. The constructor takes that function's arguments, except its inputs.

    nn.LeakyReLU(0.2)(x) is functional.leaky_relu(x, 0.2). The settings are attributes, and are printed. The
    constructor refuses those that make no sense: guard("settings") checks each by its name (guards/layers.py).
    """

    function: Callable[..., Any]
    _accepted: inspect.Signature
    inputs: tuple[str, ...] = ("input",)
    __signature__: inspect.Signature | None  # what help() and editors show

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...  # the settings

    def __init_subclass__(cls) -> None:
        if hasattr(cls, "function"):
            parameters = inspect.signature(cls.function).parameters.values()
            cls._accepted = inspect.Signature([p for p in parameters if p.name not in cls.inputs])
            cls.__signature__ = None if "__init__" in vars(cls) else cls._accepted

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()
        given = bound(type(self).__name__, self._accepted, args, kwargs)
        given.apply_defaults()
        for name, value in given.arguments.items():
            if name in ("weight", "pos_weight"):  # saved and moved with a loss, but not trained
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)
        guard("settings", self)

    def forward(self, input: Tensor) -> Any:
        return self.compute(input)

    def compute(self, *inputs: Any, **others: Any) -> Any:
        """The function of these inputs, with this layer's settings."""
        return type(self).function(*inputs, **others, **self._settings())

    def _settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._accepted.parameters}

    def extra_repr(self) -> str:
        shown = [(name, v) for name, v in self._settings().items() if isinstance(v, (int, float, str, tuple, list))]
        return ", ".join(f"{name}={v!r}" for name, v in shown if v or name not in ("inplace", "return_indices"))


def bound(name: str, signature: inspect.Signature, args: tuple, kwargs: dict[str, Any]) -> inspect.BoundArguments:
    """The arguments by name. Raises TypeError, naming the layer, for those that its signature does not have."""
    try:
        return signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from error
