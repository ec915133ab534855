"""Guards of the layers in nn/: a bad setting is found where it was written, not in forward."""

import warnings
from collections.abc import Iterable, Mapping
from functools import partial
from numbers import Integral

import numpy as np

from .. import backend as backends
from .. import nn
from ..errors import CheckpointError, ShapeError
from ..function import is_tensor, shape_of
from . import common

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")

# A setting of one name means the same in every layer that has it.
SETTINGS = (
    (common.check_number, ("negative_slope", "alpha", "beta", "threshold", "value", "min_val", "max_val", "margin")),
    (common.check_share, ("label_smoothing",)),
    (common.check_positive, ("delta", "eps")),
    (common.check_whole, ("dim", "start_dim", "end_dim", "ignore_index")),
    (partial(common.check_whole, least=0), ("in_features", "out_features", "num_embeddings", "embedding_dim")),
    (partial(common.check_whole, least=1), ("in_channels", "out_channels", "groups", "num_features", "num_channels")),
    (partial(common.check_whole, least=1), ("num_groups", "num_parameters", "upscale_factor", "downscale_factor")),
)


@common.guards("settings")
def settings(layer):
    """Check each setting of a layer by its name."""
    name, own = type(layer).__name__, vars(layer)
    for check, known in SETTINGS:
        check(name, **{key: own[key] for key in known if key in own and (key, own[key]) != ("dim", None)})
    if isinstance(layer, nn.Dropout):
        common.check_share(name, p=layer.p)
    if "approximate" in own:
        common.check_choice(name, "approximate", layer.approximate, ("none", "tanh"))
    if "reduction" in own:
        batchmean = ["batchmean"] if name == "KLDivLoss" else []
        common.check_choice(name, "reduction", layer.reduction, ("mean", "sum", "none", *batchmean))
        common.check_not_negative(name, beta=own.get("beta", 0))
    if "kernel_size" in own and "in_channels" not in own:
        windows = layer.kernel_size, layer.stride, layer.padding, own.get("dilation", 1)
        common.check_windows(name, *windows, own.get("return_indices", False))
        common.check_divisor(name, own.get("divisor_override"))
    if "output_size" in own:
        common.check_cells(name, layer.output_size)
    if "align_corners" in own:
        common.check_resizing(name, **layer._settings())
    if name == "Softplus" and layer.beta == 0:
        raise ValueError("Softplus: beta must not be 0, the result is divided by it")


@common.guards("PReLU")
def prelu(layer, init):
    common.check_number("PReLU", init=init)
    settings(layer)


@common.guards("_Pad.__init__")
def pad(self, padding):
    sides = padding if isinstance(padding, (tuple, list)) else (padding,) * self.sides
    if len(sides) != self.sides or not all(isinstance(n, Integral) for n in sides):
        expected = f"one or {self.sides} whole numbers"
        raise ValueError(f"{type(self).__name__}: padding must be {expected}, got {padding!r}")


@common.guards("Unflatten.__init__")
def unflatten(self, dim, unflattened_size):
    common.check_whole("Unflatten", dim=dim)
    if not isinstance(unflattened_size, (tuple, list)):
        raise TypeError(f"Unflatten: unflattened_size must be a tuple of sizes, got {unflattened_size!r}")
    for size in unflattened_size:
        common.check_whole("Unflatten", -1, unflattened_size=size)


@common.guards("_Row.extend")
def extend(self, modules):
    if not isinstance(modules, Iterable):
        raise TypeError(f"{type(self).__name__}: expected several Modules, such as a list, got {modules!r}")


# Layers with weights


@common.guards("Embedding")
def embedding(layer):
    settings(layer)
    rows, index = layer.num_embeddings, layer.padding_idx
    if index is not None:
        common.check_whole("Embedding", padding_idx=index)
        if not -rows <= index < rows:
            raise IndexError(f"Embedding: padding_idx {index} is not one of the {rows} rows")


@common.guards("_Conv.__init__")
def convolution(self, in_channels, out_channels, kernel_size, stride, dilation, groups, bias, channels):
    name = type(self).__name__
    common.check_whole(name, 1, in_channels=in_channels, out_channels=out_channels, groups=groups)
    if in_channels % groups or out_channels % groups:
        given = f"in_channels {in_channels} and out_channels {out_channels}"
        raise ValueError(f"{name}: {groups} groups must divide {given}")
    for what, value in (("kernel_size", kernel_size), ("stride", stride), ("dilation", dilation)):
        common.pair(name, what, value, 1)


@common.guards("Conv2d")
def conv2d(self, padding, padding_mode):
    common.check_padding("Conv2d", padding, self.stride)
    if padding_mode not in PADDING_MODES:
        known = ", ".join(PADDING_MODES)
        raise ValueError(f"Conv2d: padding_mode {padding_mode!r} is not covered; expected one of {known}")


@common.guards("ConvTranspose2d")
def conv_transpose2d(self, padding, output_padding, padding_mode):
    common.pair("ConvTranspose2d", "padding", padding, 0)
    common.check_output_padding("ConvTranspose2d", output_padding, self.stride, self.dilation)
    if padding_mode != "zeros":
        raise ValueError(f"ConvTranspose2d: padding_mode must be 'zeros', got {padding_mode!r}")


@common.guards("PerChannel")
def per_channel(self, num_features, eps, momentum):
    name = type(self).__name__
    common.check_whole(name, 1, num_features=num_features)
    common.check_positive(name, eps=eps)
    if momentum is not None:
        common.check_share(name, momentum=momentum)
    if eps > 0.1:
        level = 4 if type(self).__init__.__qualname__ == "PerChannel.__init__" else 5  # whoever made the layer
        message = f"{name}(eps={eps}) flattens everything; did you mean momentum={eps}?"
        warnings.warn(message, stacklevel=level)


@common.guards("PerChannel.forward")
def per_channel_forward(self, input):
    shape, name = shape_of(input), type(self).__name__
    forms = " or ".join(f"({', '.join(axes)})" for axes in self._axes)
    message = f"{name}: expected {forms} with C = {self.num_features}, got {shape}"
    other = len(shape) > 1 and shape[1] != self.num_features
    used = self.weight is not None or self.running_mean is not None
    if len(shape) not in map(len, self._axes) or (other and used):
        raise ShapeError(message)
    if other:
        warnings.warn(f"{message}; it has no weights, so that this does not matter", stacklevel=5)


@common.guards("LayerNorm.__init__")
def layer_norm(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True):
    shape = normalized_shape if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
    if not shape:
        raise ValueError("LayerNorm: normalized_shape must name at least one axis, got ()")
    for size in shape:
        common.check_whole("LayerNorm", 1, normalized_shape=size)


@common.guards("GroupNorm.__init__")
def group_norm(self, num_groups, num_channels, *others, **settings):
    common.check_whole("GroupNorm", 1, num_groups=num_groups, num_channels=num_channels)
    if num_channels % num_groups:
        raise ValueError(f"GroupNorm: {num_channels} channels do not make {num_groups} groups of one size")


@common.guards("GroupNorm.forward")
def group_norm_forward(self, input):
    shape = shape_of(input)
    if len(shape) < 2 or shape[1] != self.num_channels:
        raise ShapeError(f"GroupNorm: expected (N, C, ...) with C = {self.num_channels}, got {shape}")


@common.guards("spectral_norm")
def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    if not isinstance(module, nn.Module):
        raise TypeError(f"spectral_norm: expected a Module, got {type(module).__name__}")
    if not isinstance(vars(module).get(name), nn.Parameter):
        owner = type(module).__name__
        raise ValueError(f"spectral_norm: {owner} has no parameter {name!r}, or one that is normalised already")
    if not isinstance(n_power_iterations, int) or n_power_iterations < 1:
        raise ValueError(f"spectral_norm: n_power_iterations is at least 1, not {n_power_iterations!r}")
    common.check_positive("spectral_norm", eps=eps)
    common.check_whole("spectral_norm", dim=0 if dim is None else dim)


# Module


@common.guards("Module.__setattr__")
def set_attribute(self, name, value):
    """Refuse modules before super().__init__(), and what would quietly end a Parameter's training: another Tensor."""
    if isinstance(value, (nn.Module, nn.Parameter)) and "training" not in vars(self):
        kind = "module" if isinstance(value, nn.Module) else "parameter"
        raise AttributeError(
            f"cannot assign {kind} {name!r} before Module.__init__() call; {type(self).__name__}.__init__ begins with "
            "super().__init__()"
        )
    if isinstance(vars(self).get(name), nn.Parameter) and not (value is None or isinstance(value, nn.Parameter)):
        raise TypeError(
            f"{type(self).__name__}.{name} is a Parameter, which {type(value).__name__} cannot replace; "
            "assign nn.Parameter(tensor) or None, or write into it: with no_grad(): module.weight.copy_(tensor)"
        )


@common.guards("Module.register_buffer")
def register_buffer(self, name, tensor, persistent=True):
    if name not in self._buffer_names:
        _claim(self, name, "register_buffer")
    if not (tensor is None or is_tensor(tensor)):
        raise TypeError(f"register_buffer: {name!r} must be a Tensor or None, not {type(tensor).__name__}")


@common.guards("Module.register_parameter")
def register_parameter(self, name, param):
    if not isinstance(vars(self).get(name), nn.Parameter):
        _claim(self, name, "register_parameter")
    if not (param is None or isinstance(param, nn.Parameter)):
        raise TypeError(f"register_parameter: {name!r} must be a Parameter or None, not {type(param).__name__}")


@common.guards("Module.add_module")
def add_module(self, name, module):
    if not isinstance(vars(self).get(name), nn.Module):
        _claim(self, name, "add_module")
    if not isinstance(module, nn.Module):
        raise TypeError(f"{type(self).__name__} holds Modules, not {type(module).__name__}")


@common.guards("Module.to")
def to(self, *target, device=None, dtype=None, non_blocking=False):
    for wanted in (*target, device):
        if isinstance(wanted, (str, int)):
            backends.canonical(wanted)
    for wanted in (*target, dtype):
        if not (wanted is None or isinstance(wanted, (str, int)) or is_tensor(wanted)) and np.dtype(wanted).kind != "f":
            raise TypeError(f"Module.to: expected a floating-point dtype such as nnlite.float64, got {wanted}")


@common.guards("Module.load_state_dict")
def load_state_dict(self, state_dict, strict=True):
    if not isinstance(state_dict, Mapping):
        raise TypeError(
            f"load_state_dict: expected a dictionary of names to tensors, got {type(state_dict).__name__}; "
            "read a file with nnlite.load(path) first"
        )
    own = self.state_dict()
    misshaped = [
        f"{name} (file {_shape(state_dict[name])}, model {own[name].shape})"
        for name in own
        if name in state_dict and _shape(state_dict[name]) != own[name].shape
    ]
    faults = {"of another shape": misshaped}
    if strict or misshaped:
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        faults = {"missing": missing, "unexpected": unexpected, **faults}
    if any(faults.values()):
        listed = "; ".join(f"{what}: {', '.join(map(str, names))}" for what, names in faults.items() if names)
        raise CheckpointError(
            f"this state does not fit {type(self).__name__} — {listed}; "
            "build the model with the options it was saved with"
        )


def _claim(module, name, caller):
    """Raise unless the name is one that dotted names can be made of, and free."""
    if not isinstance(name, str):
        raise TypeError(f"{caller}: a name is a string, not {type(name).__name__}")
    if not name or "." in name:
        raise ValueError(f"{caller}: {name!r} cannot be a name; a name is not empty and has no dot")
    if getattr(module, name, None) is not None:
        raise ValueError(f"{caller}: {type(module).__name__} already has an attribute {name!r}; choose another name")


def _shape(value):
    """The shape of an array of numbers, () of a plain number; for anything else, its type."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 2**63:
        return ()
    if not hasattr(value, "dtype"):
        return type(value).__name__
    return value.shape if getattr(value.dtype, "kind", "f") in "fiub" else f"of dtype {value.dtype}"
