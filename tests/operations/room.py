"""Operations of nnlite/torch/ with guards of their own: what bad input they are fed."""

from hypothesis import strategies as st

import nnlite
from tests.operations.arguments import numbers, tensors, whole
from tests.operations.gather import places

masks = st.one_of(tensors, st.sampled_from([[True], [[True, False, True]], [[True], [False]]]).map(nnlite.tensor))

ROOM_ARGUMENTS = {name: (tensors,) for name in "cos log2 log10 expm1 rsqrt reciprocal floor ceil trunc".split()} | {
    "cumprod": (tensors, whole),
    "diagonal": (tensors, whole, whole, whole),
    "masked_fill": (tensors, masks, st.one_of(tensors, numbers)),
    "masked_select": (tensors, masks),
    "mv": (tensors, tensors),
    "triu": (tensors, whole),
    "scatter_add": (tensors, whole, places, tensors),
}
