"""functional/products.py and einsum.py: what gradients and PyTorch are compared on, and what bad input is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, op
from tests.operations.arguments import tensors

OPERATIONS = {
    "mm": op(lambda lib, F, a, b: lib.mm(a, b), (2, 3), (3, 4)),
    "bmm": op(lambda lib, F, a, b: a.bmm(b), (2, 3, 4), (2, 4, 1)),
    "mv": op(lambda lib, F, a, b: a.mv(b), (2, 3), (3,)),
    "dot": op(lambda lib, F, a, b: lib.dot(a, b), (3,), (3,)),
    "outer": op(lambda lib, F, a, b: a.outer(b), (3,), (2,)),
    "einsum product": op(lambda lib, F, a, b: lib.einsum("ij,jk->ki", a, b), (2, 3), (3, 4)),
    "einsum attention": op(lambda lib, F, q, k: lib.einsum("bhqd,bhkd->bhqk", q, k), (2, 3, 5, 4), (2, 3, 2, 4)),
    "einsum implicit": op(lambda lib, F, a, b: lib.einsum("cB, bA", a, b), (2, 3), (4, 2)),
    "einsum of one": op(lambda lib, F, a: lib.einsum("nchw->cn", a), IMAGE),
    "einsum permuted": op(lambda lib, F, a: lib.einsum("...ij->...ji", a), IMAGE),
    "einsum of three": op(
        lambda lib, F, a, b, c: lib.einsum("bn,anm,bm->ba", [a, b, c]), (2, 3), (5, 3, 4), (2, 4)
    ),  # a bilinear layer
    "einsum with ...": op(lambda lib, F, a, b: lib.einsum("...ij,...jk->...ik", a, b), (2, 1, 3, 4), (5, 4, 2)),
    "einsum of ...": op(lambda lib, F, a, b: lib.einsum("i...,...->i", a, b), (2, 3, 4), (4,)),
    "einsum trace": op(lambda lib, F, a: lib.einsum("ii", a), (3, 3)),
    "einsum diagonals": op(lambda lib, F, a, b: lib.einsum("iiji,j->ij", a, b), (2, 2, 3, 2), (3,)),
    "einsum elementwise": op(lambda lib, F, a, b: lib.einsum("ij,ij->ij", a, b), (1, 3), (2, 3)),
    "einsum scalars": op(lambda lib, F, a, b: lib.einsum(",i->", a, b), (), (3,)),
}

ARGUMENTS = {
    **{name: (tensors, tensors) for name in ("mm", "bmm", "dot", "outer")},
    "einsum": (st.sampled_from(["ij,jk->ik", "ii,i", "...i,...", "i,j", "ij", "a,b->c", ""]), tensors, tensors),
}
