"""functional/compare.py: what bad input it is fed."""

from tests.operations.arguments import tensors

ARGUMENTS = {name: (tensors, tensors) for name in ("eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or")} | {
    "logical_not": (tensors,)
}
