"""Samples joined into a batch, as PyTorch's default_collate joins them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..backend import to_device
from ..backend.layout import channels_first, channels_last
from ..creation import tensor
from ..errors import ShapeError
from ..functional import stack
from ..tensor import Tensor


def collate(samples: Sequence[Any], device: str | None = None) -> Any:
    """One batch of samples of the same structure, that of the first.

    tensors, arrays, numbers    a Tensor (N, *shape); a Python float becomes float64, an int int64
    tuples, lists               a list with a batch of each part; a named tuple stays one
    dictionaries                a dictionary of the same kind with a batch of each value
    strings                     as they are

    Images (C, H, W) become (N, C, H, W) with channels-last memory. Raises TypeError for anything else, ShapeError for
    parts that differ in number or shape.
    """
    first = samples[0]
    if isinstance(first, Tensor):
        return stack(samples).to(device=device)
    if isinstance(first, int | float) and not isinstance(first, np.generic):
        return tensor(samples, np.float64 if isinstance(first, float) else None, device)
    if getattr(getattr(first, "dtype", None), "kind", "?") in "biuf":
        batch = np.stack(samples)
        batch = channels_first(np.ascontiguousarray(channels_last(batch))) if batch.ndim == 4 else batch
        return Tensor(to_device(batch, "cpu" if device is None else device))
    if isinstance(first, str | bytes):
        return samples
    if isinstance(first, Mapping):
        return type(first)({key: collate([sample[key] for sample in samples], device) for key in first})  # type: ignore[call-arg]
    if isinstance(first, Sequence):
        if len(lengths := {len(sample) for sample in samples}) > 1:
            raise ShapeError(f"collate: samples of one batch have {sorted(lengths)} parts; give all the same number")
        parts = [collate(part, device) for part in zip(*samples, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    raise TypeError(f"collate: {getattr(first, 'dtype', type(first))} makes no batch; use a transform or a collate_fn")
