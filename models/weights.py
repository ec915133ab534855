"""Load the weights of a file into a network."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike

import numpy as np

from nnlite import CheckpointError, Tensor, nn


def load_weights(network: nn.Module, state: Mapping[str, Tensor], path: str | PathLike) -> None:
    """Load `state`, the result of `nnlite.load(path)`, into a network.

    Raises CheckpointError, which names the file, for weights that do not fit or are not finite: a single NaN can turn
    every output of the network into NaN.
    """
    try:
        with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite
            network.load_state_dict(state)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    for name, weight in network.state_dict().items():
        if weight.dtype.kind == "f" and state[name].dtype.kind != "f":
            raise CheckpointError(
                f"{path}: {name} holds {state[name].dtype}, not floating-point numbers; use other weights"
            )
        if not np.isfinite(weight.cpu().numpy()).all():
            raise CheckpointError(
                f"{path}: {name} has values that are infinite or not a number; the file is damaged, or its training "
                "went wrong; use other weights"
            )
