"""What exists only for speed, each piece under a name by which it can be switched off, to see what it gains.

    with nnlite.backends.without("winograd"):
        ...                                         # the same numbers up to rounding, only slower

`python -m benchmarks.tricks` measures each of them; docs/speed.md has the table. NNLITE_WITHOUT=winograd,blocks in the
environment switches them off from the start.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# Each with the file that holds and explains it. Without it, the plain primitive (plain.py) or the next simpler way is
# taken.
TRICKS = {
    "im2col": "im2col.py: a convolution is one matrix product",
    "phases": "phases.py: the transpose of a convolution is s*s small convolutions",
    "scatter": "scatter.py: ... or one product, added up by taps, for few channels or few pixels",
    "two_parts": "two_parts.py: the last digits of a mean without float64",
    "winograd": "cpu/winograd.py: convolution with fewer multiplications",
    "shared_weights": "cpu/products.py: deep in a network the cores share the weights instead of the pixels",
    "by_tap": "cpu/products.py: windows of one channel are copied tap by tap",
    "blocks": "cpu/blocks.py: formulas run over blocks that stay in the cache",
    "threads": "cpu/threads.py: all cores work",
    "one_blas_thread": "cpu/blas.py: NumPy's own threads sleep while ours work",
}

_off: list[str] = []


def on(name: str) -> bool:
    """Whether this trick is in use."""
    return name not in _off


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Inside, these tricks are switched off, in all threads. Raises ValueError for an unknown name."""
    _switch_off(names)
    try:
        yield
    finally:
        for name in names:
            _off.remove(name)


def _switch_off(names) -> None:
    for name in names:
        if name not in TRICKS:
            raise ValueError(f"there is no trick {name!r}; the tricks are {', '.join(TRICKS)}")
    _off.extend(names)


_switch_off([name.strip() for name in os.environ.get("NNLITE_WITHOUT", "").split(",") if name.strip()])
