"""Sizes that are fine one by one but take too much memory together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from demos.common import UserError


def check_together(options: Any, names: Sequence[str], most: int) -> None:
    """Raise UserError if the product of these options is above `most`; a name given twice counts squared.

    The product is the number of values in the output of one layer, or of all layers, so no network has to be built.
    """
    product = math.prod(getattr(options, name) for name in names)
    if product > most:
        flags = {name: f"--{name.replace('_', '-')}" for name in names}
        given = ", ".join(f"{flag} {getattr(options, name)}" for name, flag in flags.items())
        factors = " x ".join(flags[name] for name in names)
        raise UserError(
            f"{given} take too much memory together: {factors} must be at most {most}, not {product}; "
            "make one of them smaller"
        )
