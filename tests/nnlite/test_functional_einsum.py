"""einsum against PyTorch's on equations at random; whole numbers; what is refused. Gradients: tests/operations."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
from nnlite import ShapeError, einsum


@st.composite
def equations(draw):
    """An equation of up to three operands, and their shapes: sizes 0 to 3, some stretched, letters twice, ..."""
    sizes = {c: draw(st.integers(0, 3)) for c in "abcd"}
    front = draw(st.lists(st.integers(1, 3), max_size=2))
    parts, shapes = [], []
    for _ in range(draw(st.integers(1, 3))):
        letters = draw(st.text("abcd", max_size=4))
        once = [letters.count(c) == 1 for c in letters]
        shape = [
            1 if alone and draw(st.integers(0, 5)) == 0 else sizes[c] for c, alone in zip(letters, once, strict=True)
        ]
        dots = draw(st.integers(0, 2)) == 0
        at = draw(st.integers(0, len(letters)))
        own = front[draw(st.integers(0, len(front))) :]
        parts.append(letters[:at] + "..." * dots + letters[at:])
        shapes.append((*shape[:at], *own * dots, *shape[at:]))
    equation = ",".join(parts)
    if draw(st.booleans()):
        used = sorted({*equation} - {*".,"})
        output = draw(st.permutations(used))[: draw(st.integers(0, len(used)))]
        equation += " -> " + "..." * ("..." in equation and draw(st.booleans())) + "".join(output)
    return equation, shapes


@given(drawn=equations(), seed=st.integers(0, 2**32 - 1))
def test_einsum_is_pytorchs(torch, drawn, seed):
    equation, shapes = drawn
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(shape) for shape in shapes]
    ours, theirs = ([lib.tensor(a, requires_grad=True) for a in arrays] for lib in (nnlite, torch))
    y, z = einsum(equation, *ours), torch.einsum(equation, *theirs)
    assert y.shape == tuple(z.shape)
    u = rng.standard_normal(y.shape)
    y.backward(nnlite.tensor(u))
    z.backward(torch.tensor(u))
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), atol=1e-12)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.grad.numpy(), np.zeros(a.shape) if b.grad is None else b.grad.numpy(), atol=1e-12)


def test_einsum_of_whole_numbers(torch):
    a = np.arange(6).reshape(2, 3)
    for equation in ("ij,kj->ik", "ij,ij->ij", "ij,ij->"):
        ours, theirs = (
            f(equation, lib.tensor(a), lib.tensor(a)) for lib, f in ((nnlite, einsum), (torch, torch.einsum))
        )
        assert ours.tolist() == theirs.tolist() and ours.dtype == np.int64


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij", [(2,)]), ("i", [(2, 3)]), ("ii", [(2, 3)]), ("ij,jk", [(2, 3), (4, 5)]), ("ij->ik", [(2, 3)]),
        ("ij->ii", [(2, 3)]), ("i.", [(2, 3)]), ("...ijk", [(2, 3)]), ("i1->i", [(2, 3)]), ("i->...i...", [(2,)]),
        ("...i->i...i", [(2, 3)]), ("......", [(2,)]),
    ],
)  # fmt: skip
def test_equations_that_do_not_fit_are_refused_as_in_pytorch(torch, equation, shapes):
    with pytest.raises(RuntimeError):
        torch.einsum(equation, *[torch.ones(shape) for shape in shapes])
    with pytest.raises(ShapeError, match=re.escape(f"einsum: {equation!r} does not fit the shapes {shapes[0]}")):
        einsum(equation, *[nnlite.ones(shape) for shape in shapes])


def test_what_einsum_refuses():
    with pytest.raises(TypeError, match="einsum: input is float32"):
        einsum("i,i", nnlite.ones(2), nnlite.ones(2).double())
    with pytest.raises(ValueError, match="is for 2 operands, got 1"):
        einsum("i,i", nnlite.ones(2))
    with pytest.raises(TypeError, match="equation"):
        einsum(nnlite.ones(2), [0])
