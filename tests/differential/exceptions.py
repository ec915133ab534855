"""Where nnlite does not do as PyTorch, on purpose. Whatever is not listed here must be the same.

REFUSALS    PyTorch computes it, nnlite refuses it by name
EXTENSIONS  PyTorch refuses it, nnlite computes it
OURS        public names that PyTorch has not, or has with another meaning
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Known(NamedTuple):
    """A call (its name, a pattern), the message of the one that raises (a pattern), why, and an example."""

    name: str
    message: str
    reason: str
    example: Callable[[Any], Any]


REFUSALS: list[Known] = []
EXTENSIONS: list[Known] = []
OURS: dict[str, str] = {}
