"""torch.nn.parallel: DataParallel on the one device there is."""

from typing import Any

from ...cuda import is_available
from ...nn.module import Module
from ..names import missing


class DataParallel(Module):
    """Calls `module`: with a single device there is nothing to distribute.

    The state_dict has "module." in front of each name, as in PyTorch. device_ids and output_device are ignored.
    """

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0):
        super().__init__()
        self.module = module
        self.dim, self.device_ids, self.output_device = dim, [0] if is_available() else [], output_device

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module, inputs: Any, device_ids: Any = None, output_device: Any = None, dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:  # fmt: skip
    """module(*inputs): DataParallel without an object."""
    return module(*(inputs if isinstance(inputs, tuple) else (inputs,)), **(module_kwargs or {}))


__getattr__ = missing(__name__)
