"""functional/truth.py: what bad input it is fed."""

from hypothesis import strategies as st

from tests.operations.arguments import axes, tensors

ARGUMENTS = {
    "any": (tensors, axes, st.booleans()),
    "all": (tensors, axes, st.booleans()),
    "nonzero": (tensors, {"as_tuple": st.booleans()}),
    "equal": (tensors, tensors),
}
