"""functional/products.py and einsum: what gradients and PyTorch are compared on, and what bad input is fed."""

from nnlite.torch.einsum import einsum as our_einsum
from tests.helpers import IMAGE, op
from tests.operations.arguments import tensors


def einsum(lib, equation, *operands):
    """einsum of PyTorch, or ours for nnlite."""
    return getattr(lib, "einsum", our_einsum)(equation, *operands)


OPERATIONS = {
    "mm": op(lambda lib, F, a, b: lib.mm(a, b), (2, 3), (3, 4)),
    "bmm": op(lambda lib, F, a, b: a.bmm(b), (2, 3, 4), (2, 4, 1)),
    "mv": op(lambda lib, F, a, b: a.mv(b), (2, 3), (3,)),
    "dot": op(lambda lib, F, a, b: lib.dot(a, b), (3,), (3,)),
    "outer": op(lambda lib, F, a, b: a.outer(b), (3,), (2,)),
    "einsum product": op(lambda lib, F, a, b: einsum(lib, "ij,jk->ki", a, b), (2, 3), (3, 4)),
    "einsum attention": op(lambda lib, F, q, k: einsum(lib, "bhqd,bhkd->bhqk", q, k), (2, 3, 5, 4), (2, 3, 2, 4)),
    "einsum implicit": op(lambda lib, F, a, b: einsum(lib, "cB, bA", a, b), (2, 3), (4, 2)),
    "einsum of one": op(lambda lib, F, a: einsum(lib, "nchw->cn", a), IMAGE),
    "einsum permuted": op(lambda lib, F, a: einsum(lib, "...ij->...ji", a), IMAGE),
    "einsum of three": op(
        lambda lib, F, a, b, c: einsum(lib, "bn,anm,bm->ba", [a, b, c]), (2, 3), (5, 3, 4), (2, 4)
    ),  # a bilinear layer
    "einsum with ...": op(lambda lib, F, a, b: einsum(lib, "...ij,...jk->...ik", a, b), (2, 1, 3, 4), (5, 4, 2)),
    "einsum of ...": op(lambda lib, F, a, b: einsum(lib, "i...,...->i", a, b), (2, 3, 4), (4,)),
    "einsum trace": op(lambda lib, F, a: einsum(lib, "ii", a), (3, 3)),
    "einsum diagonals": op(lambda lib, F, a, b: einsum(lib, "iiji,j->ij", a, b), (2, 2, 3, 2), (3,)),
    "einsum elementwise": op(lambda lib, F, a, b: einsum(lib, "ij,ij->ij", a, b), (1, 3), (2, 3)),
    "einsum scalars": op(lambda lib, F, a, b: einsum(lib, ",i->", a, b), (), (3,)),
}

ARGUMENTS = {name: (tensors, tensors) for name in ("mm", "bmm", "dot", "outer")}
