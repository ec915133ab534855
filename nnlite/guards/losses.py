"""Guards of the losses."""

from __future__ import annotations

import warnings

from .. import backend as backends
from ..errors import ShapeError
from ..function import arrays_in, is_tensor
from ..functional.cross_entropy import class_axis
from . import common
from .arrays import broadcast

REDUCTIONS = ("mean", "sum", "none")

# Losses that compare two tensors element by element


def _compared(name, input, target, *others, reduction="mean"):
    common.check_pair(name, input=input, target=target)
    common.check_choice(name, "reduction", reduction, REDUCTIONS)


def _regression(name, input, target, *others, reduction="mean", level=4):
    """As in PyTorch, shapes that differ are only warned of if they broadcast: each pair of numbers then counts."""
    common.check_floats(name, input, target)
    common.check_choice(name, "reduction", reduction, REDUCTIONS)
    if input.shape != target.shape:
        broadcast(name, input.shape, target.shape)
        given = f"input has shape {input.shape}, target {target.shape}"
        if reduction == "mean" and 0 in (*input.shape, *target.shape):
            raise ShapeError(f"{name}: {given}, which leaves no elements to take the mean of")
        warnings.warn(f"{name}: {given}, and they broadcast; give both one shape if that is a slip", stacklevel=level)


common.share(_compared, "hinge_loss")
common.share(_regression, "l1_loss", "mse_loss")


def huber_loss(input, target, reduction="mean", delta=1.0):
    common.check_positive("huber_loss", delta=delta)
    _regression("huber_loss", input, target, reduction=reduction, level=5)
    common.check_dtypes("huber_loss", input, target=target)


def smooth_l1_loss(input, target, *, reduction="mean", beta=1.0):
    _regression("smooth_l1_loss", input, target, reduction=reduction, level=5)
    common.check_not_negative("smooth_l1_loss", beta=beta)


def binary_cross_entropy(input, target, weight=None, *, reduction="mean"):
    _compared("binary_cross_entropy", input, target, reduction=reduction)
    common.check_dtypes("binary_cross_entropy", input, target=target)
    _weight("binary_cross_entropy", "weight", weight, input)
    p = arrays_in(input)
    if bool(((p < 0) | (p > 1)).any()):
        raise ValueError(
            "binary_cross_entropy: input must hold probabilities between 0 and 1; "
            "apply sigmoid first, or use binary_cross_entropy_with_logits"
        )


def binary_cross_entropy_with_logits(input, target, weight=None, *, reduction="mean", pos_weight=None):
    name = "binary_cross_entropy_with_logits"
    _compared(name, input, target, reduction=reduction)
    if target.dtype.kind != "f":
        raise TypeError(f"{name}: target holds probabilities, not {target.dtype}; use .float()")
    _weight(name, "weight", weight, input)
    _weight(name, "pos_weight", pos_weight, input)


def _weight(name, what, weight, input):
    """Raise unless the weight broadcasts to the input's shape, and not the other way round."""
    if weight is None:
        return
    if not is_tensor(weight):
        raise TypeError(f"{name}: {what} must be a Tensor, got {type(weight).__name__}")
    given, shape = weight.shape, input.shape
    if len(given) > len(shape) or any(n not in (1, m) for n, m in zip(given[::-1], shape[::-1], strict=False)):
        raise ShapeError(f"{name}: {what} has shape {given}, which does not broadcast to the input's {shape}")


def kl_div(input, target, *, reduction="mean", log_target=False):
    common.check_pair("kl_div", input=input, target=target)
    _batchmean("kl_div", input, reduction)


def gaussian_kl(mu, log_var, *, reduction="mean"):
    common.check_pair("gaussian_kl", mu=mu, log_var=log_var)
    _batchmean("gaussian_kl", mu, reduction)


def _batchmean(name, input, reduction):
    """A reduction may be 'batchmean' too, where there is a batch to divide by."""
    common.check_choice(name, "reduction", reduction, (*REDUCTIONS, "batchmean"))
    if reduction == "batchmean" and 0 in (input.shape or (0,)):
        raise ShapeError(f"{name}: 'batchmean' divides by the batch size, and shape {input.shape} has no batch")


# Losses over classes


def cross_entropy(input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    common.check_share("cross_entropy", label_smoothing=label_smoothing)
    _scores("cross_entropy", input, weight, reduction)
    if not (is_tensor(target) and target.dtype.kind == "f" and target.shape == input.shape):
        _classes("cross_entropy", input, target, ignore_index)
    elif ignore_index >= 0:
        raise ValueError(f"cross_entropy: probabilities have no class {ignore_index} to ignore; give weight=, with a 0")


def nll_loss(input, target, weight=None, *, ignore_index=-100, reduction="mean"):
    _scores("nll_loss", input, weight, reduction)
    _classes("nll_loss", input, target, ignore_index)


def _scores(name, input, weight, reduction):
    common.check_choice(name, "reduction", reduction, REDUCTIONS)
    common.require_tensors(name, input, *([] if weight is None else [weight]))
    if 0 in (input.shape or (0,)):
        raise ShapeError(f"{name}: expected input (N, C), (N, C, d1, ...) or (C,), none of them 0, got {input.shape}")
    common.check_shape(name, input, (input.shape[class_axis(input)],), weight=weight)
    common.check_dtypes(name, input, weight=weight)


def _classes(name, input, target, ignore_index):
    """Refuse a target of other things than classes, and on the CPU, where a look costs little, of classes not there."""
    axis = class_axis(input)
    classes, expected = input.shape[axis], input.shape[:axis] + input.shape[axis + 1 :]
    if not is_tensor(target) or target.dtype not in ("int64", "uint8"):
        given = f"{target.dtype} of shape {target.shape}" if is_tensor(target) else type(target).__name__
        raise TypeError(
            f"{name}: target must hold classes as whole numbers of shape {expected} (use .long()), got {given}"
        )
    common.check_shape(name, input, expected, target=target)
    if not isinstance(ignore_index, int):
        raise TypeError(f"{name}: ignore_index must be a whole number, got {ignore_index!r}")
    backends.of(input.array, target.array)  # raises DeviceError for different devices
    if target.device == "cpu":
        index = target.array.astype("int64")
        outside = index[((index < 0) | (index >= classes)) & (index != ignore_index)]
        if outside.size:
            raise IndexError(
                f"{name}: target holds {outside[0]}, expected classes 0 to {classes - 1} (input {input.shape}) "
                f"or the ignore_index {ignore_index}"
            )


def averaged(name, values, total, reduction):
    if reduction == "mean" and values.device == "cpu" and float(total) == 0.0:
        raise ValueError(f"{name}: nothing to take the mean of: every target is ignored or has weight 0")
