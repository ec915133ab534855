"""torch.nn.utils.spectral_norm: the older of PyTorch's two, with its names in the state_dict.

parametrizations.spectral_norm is the newer one; the method is explained there (nnlite/nn/utils/parametrizations.py).
This one starts from random vectors without iterating, and in each step updates v first.
"""

from typing import Any

from ....errors import GraphError
from ....function import no_grad
from ....functional import matmul
from ....nn import init
from ....nn.conv import ConvTranspose2d
from ....nn.module import Module, Parameter
from ....tensor import Tensor


class _SpectralNorm:
    """A hook that computes a layer's weight before each forward: W / sigma, from weight_orig, weight_u and weight_v."""

    def __init__(self, name: str, n_power_iterations: int, eps: float, dim: int):
        self.name, self.n_power_iterations, self.eps, self.dim = name, n_power_iterations, eps, dim

    def attach(self, module: Module) -> None:
        name = self.name
        weight = getattr(module, name)
        matrix = self._matrix(weight).detach()
        delattr(module, name)
        module.register_parameter(f"{name}_orig", weight)
        setattr(module, name, weight.data)
        module.register_buffer(f"{name}_u", self._unit(init.normal_(matrix[:, 0].clone())))
        module.register_buffer(f"{name}_v", self._unit(init.normal_(matrix[0].clone())))

    def __call__(self, module: Module, inputs: Any = None) -> None:
        setattr(module, self.name, self.compute(module, self.n_power_iterations if module.training else 0))

    def compute(self, module: Module, steps: int) -> Tensor:
        weight, u, v = (getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v"))
        matrix = self._matrix(weight)
        with no_grad():
            for _ in range(steps):
                v.copy_(self._unit(matmul(u, matrix)))
                u.copy_(self._unit(matmul(matrix, v)))
        sigma = matmul(u.clone(), matmul(matrix, v.clone()))  # the next forward may change them before this backward
        return weight / sigma

    def _matrix(self, weight):
        others = [axis for axis in range(weight.ndim) if axis != self.dim]
        return weight.permute(self.dim, *others).flatten(1)

    def _unit(self, vector):
        return vector / vector.norm().clip(self.eps)


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Spectral normalisation (Miyato et al. 2018) of a layer's weight, as weight_orig, weight_u and weight_v.

    Raises GraphError if the weight is normalised already, ValueError unless n_power_iterations is at least 1.
    """
    if n_power_iterations < 1:
        raise ValueError(f"spectral_norm: n_power_iterations must be at least 1, got {n_power_iterations}")
    if f"{name}_orig" in vars(module):
        raise GraphError(f"spectral_norm: {type(module).__name__}.{name} is normalised already; leave out one of them")
    if dim is None:
        dim = 1 if isinstance(module, ConvTranspose2d) else 0
    hook = _SpectralNorm(name, n_power_iterations, eps, dim)
    hook.attach(module)
    vars(module).setdefault("_spectral_norms", {})[name] = hook, module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Replace the normalisation by its current weight, as a plain parameter."""
    hook, handle = vars(module)["_spectral_norms"].pop(name)
    weight = hook.compute(module, 0).detach()
    handle.remove()
    for part in ("", "_orig", "_u", "_v"):
        delattr(module, f"{name}{part}")
    gone = f"{name}_u", f"{name}_v"
    module._buffer_names = {other: saved for other, saved in module._buffer_names.items() if other not in gone}
    module.register_parameter(name, Parameter(weight))
    return module
