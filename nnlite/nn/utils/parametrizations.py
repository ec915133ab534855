"""Spectral normalisation: a weight that is computed from another each time it is used."""

from ...errors import ShapeError, guarded
from ...function import axis_of, no_grad
from ...tensor import Tensor
from .. import init
from ..container import ModuleDict, ModuleList
from ..conv import ConvTranspose2d
from ..module import Module, Parameter


class _SpectralNorm(Module):
    """W / sigma(W), where sigma is the largest singular value of W as a matrix with axis `dim` for its rows.

    The power method finds sigma and its singular vectors: u = W v / |W v| and v = W^T u / |W^T u|, again and again,
    turn u and v towards them. One step whenever W is used is enough, since training changes W slowly and u and v are
    kept. Then sigma = u^T W v. Only W has a gradient here: u and v already maximise sigma.
    A vector W is a matrix with one row: its sigma is its length.
    """

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int, eps: float, dim: int):
        super().__init__()
        self.n_power_iterations, self.eps, self.dim = n_power_iterations, eps, axis_of(dim, weight.shape)
        if weight.ndim > 1:
            matrix = self._matrix(weight).detach()
            self.register_buffer("_u", self._unit(init.normal_(matrix[:, 0].clone())))
            self.register_buffer("_v", self._unit(init.normal_(matrix[0].clone())))
            self._iterate(matrix, 15)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return self._unit(weight)
        matrix = self._matrix(weight)
        if self.training:
            self._iterate(matrix.detach(), self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # the next forward may change them before this backward
        return weight / (u @ (matrix @ v))

    def _matrix(self, weight):
        others = [axis for axis in range(weight.ndim) if axis != self.dim]
        return weight.permute(self.dim, *others).flatten(1)

    def _iterate(self, matrix, times):
        for _ in range(times):
            self._u.copy_(self._unit(matrix @ self._v))
            self._v.copy_(self._unit(self._u @ matrix))

    def _unit(self, vector):
        return vector / vector.norm().clip(self.eps)


class ParametrizationList(ModuleList):
    """A trained weight, `original`, and the modules that make the weight the layer uses of it, one after the other."""

    def __init__(self, original: Parameter, module: Module):
        super().__init__([module])
        self.original = original

    def forward(self) -> Tensor:
        weight = self.original
        for module in self:
            weight = module(weight)
        return weight


@guarded
def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Spectral normalisation (Miyato et al. 2018): the layer uses W / sigma(W), so that it stretches nothing.

    sigma is the largest singular value of W, taken as a matrix whose rows are axis `dim` (the outputs: 0, or 1 for
    ConvTranspose2d). While training each use of W refines the estimate by n_power_iterations steps of the power
    method; eval() leaves it. Returns the module itself, with W as `parametrizations.<name>.original` and the two
    singular vectors as `parametrizations.<name>.0._u` and `_v` in its state_dict. Assigning a Tensor to module.<name>
    writes its values into W.

    Raises ValueError if the module has no parameter of this name or there are no iterations, IndexError for dim.
    """
    weight = vars(module)[name]
    if dim is None:
        dim = 1 if isinstance(module, ConvTranspose2d) else 0
    parametrized = ParametrizationList(weight, _SpectralNorm(weight, n_power_iterations, eps, dim))
    parametrized.train(module.training)
    delattr(module, name)
    # Properties belong to a class, so this module gets one of its own. In it, module.weight computes the weight.
    if "parametrizations" not in vars(module):
        module.add_module("parametrizations", ModuleDict())
        module.__class__ = type(f"Parametrized{type(module).__name__}", (type(module),), {})
    vars(module)["parametrizations"][name] = parametrized
    setattr(type(module), name, _computed(name))
    return module


def _computed(name: str) -> property:
    """The attribute of a layer that is computed from `parametrizations.<name>.original`."""

    def get(layer: Module) -> Tensor:
        return vars(layer)["parametrizations"][name]()

    def put(layer: Module, value: Tensor) -> None:
        original = vars(layer)["parametrizations"][name].original
        computed = f"{type(layer).__name__}.{name} is computed from parametrizations.{name}.original"
        if not isinstance(value, Tensor) or isinstance(value, Parameter):  # a Parameter is not what would be trained
            raise TypeError(f"{computed}, which takes the values of a Tensor; got {type(value).__name__}")
        if value.shape != original.shape:
            raise ShapeError(f"{computed}; expected a Tensor {original.shape}, got {value.shape}")
        with no_grad():
            original.copy_(value)

    return property(get, put)
