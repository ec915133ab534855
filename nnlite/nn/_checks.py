"""What the constructors of layers refuse, so that a bad setting is found where it was written, not in forward.

Each check takes the layer's name, and its settings by their own names for the message. They add to the checks of
functional/_checks.py.
"""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any

from ..functional._checks import check_number


def check_whole(name: str, least: float = -math.inf, **settings: Any) -> None:
    """Raise ValueError unless they are whole numbers of at least `least`; NumPy's will do, as sizes are computed."""
    for what, value in settings.items():
        if not isinstance(value, Integral) or value < least:
            limit = f" of at least {least}" if math.isfinite(least) else ""
            raise ValueError(f"{name}: {what} must be a whole number{limit}, got {value!r}")


def check_positive(name: str, **settings: Any) -> None:
    """Raise TypeError for what is no number, ValueError unless it is above 0."""
    check_number(name, **settings)
    for what, value in settings.items():
        if not value > 0:
            raise ValueError(f"{name}: {what} must be a number above 0, got {value!r}")


def check_share(name: str, **settings: Any) -> None:
    """Raise TypeError for what is no number, ValueError unless it lies between 0 and 1."""
    check_number(name, **settings)
    for what, value in settings.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name}: {what} must lie between 0 and 1, got {value!r}")
