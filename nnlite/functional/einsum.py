"""einsum: any sum of products, as products of matrices two operands at a time."""

import math
from string import ascii_letters

from .. import backend as backends
from ..errors import guard
from ..tensor import Tensor
from .arithmetic import mul
from .index import getitem
from .linear import matmul
from .reduce import sum
from .shape import permute, reshape, squeeze, unpack


def einsum(equation: str, *operands: Tensor) -> Tensor:
    """Products of elements, summed over the indices that are not in the result (Einstein's convention).

        einsum("ij,jk->ik", a, b)       y[i, k] = sum over j of a[i, j] b[j, k]: a matrix product
        einsum("bhqd,bhkd->bhqk", q, k) the products of all queries with all keys
        einsum("ii->", a)               the trace
        einsum("...ij->...ji", a)       transposed matrices, whatever is in front of them

    A letter for each axis of each operand; a letter twice is a diagonal, `...` stands for all other axes. Without
    `->` the result has the letters that occur once, in alphabetical order. Operands are combined two at a time, from
    the left, each time by one product of matrices. Raises ShapeError if letters and sizes do not fit, TypeError for
    dtypes that differ.
    """
    tensors = unpack(operands)
    guard("einsum", equation, tensors)
    inputs, output, sizes = _letters_of_axes(equation, [x.shape for x in tensors])
    guard("letters", equation, [x.shape for x in tensors], inputs, output, sizes)
    (result, letters), *others = [_distinct(x, names, sizes) for x, names in zip(tensors, inputs, strict=True)]
    for i, (x, names) in enumerate(others, 1):
        later = [c for _, waiting in others[i:] for c in waiting]
        result, letters = _contract(result, letters, x, names, [*output, *later])
    summed = tuple(i for i, c in enumerate(letters) if c not in output)
    result, kept = sum(result, summed) if summed else result, [c for c in letters if c in output]
    return permute(result, [kept.index(c) for c in output])


def _letters_of_axes(equation, shapes):
    """The letters of each operand's axes and of the result's, with letters in place of `...`; the size of each."""
    left, arrow, output = equation.replace(" ", "").partition("->")
    parts = left.split(",")
    unnamed = [len(shape) - len(part.replace("...", "")) for part, shape in zip(parts, shapes, strict=True)]
    spare = "".join(c for c in ascii_letters if c not in equation)[: max(*unnamed, 0)]
    inputs = [part.replace("...", spare[len(spare) - n :]) for part, n in zip(parts, unnamed, strict=True)]
    once = sorted(c for c in {*left} - {*",."} if left.count(c) == 1)
    output = output.replace("...", spare) if arrow else "".join([spare, *once])
    axes = [axis for letters, shape in zip(inputs, shapes, strict=True) for axis in zip(letters, shape, strict=False)]
    return inputs, output, dict(axes) | {c: n for c, n in axes if n != 1}  # an axis of size 1 is stretched


def _distinct(x, letters, sizes):
    """x with no letter twice (its diagonal there), and without axes of size 1 along which it would be stretched."""
    for c in letters:
        if letters.count(c) > 1:
            first, last = letters.index(c), letters.rindex(c)
            steps = backends.of(x.array).xp.arange(x.shape[first])
            others = [i for i in range(x.ndim) if i not in (first, last)]
            x = getitem(permute(x, [*others, first, last]), (..., steps, steps))
            letters = letters[:first] + letters[first + 1 : last] + letters[last + 1 :] + c
    stretched = tuple(i for i, c in enumerate(letters) if x.shape[i] != sizes[c])
    return squeeze(x, stretched), [c for i, c in enumerate(letters) if i not in stretched]


def _contract(a, a_letters, b, b_letters, needed):
    """The product of two, summed over the letters that both have and nothing needs any more; and its letters."""
    sizes = dict(zip([*a_letters, *b_letters], a.shape + b.shape, strict=True))
    rows, columns = [c for c in a_letters if c not in b_letters], [c for c in b_letters if c not in a_letters]
    batch = [c for c in a_letters if c in b_letters and c in needed]
    inner = [c for c in a_letters if c in b_letters and c not in needed]

    def matrices(x, letters, down, across):
        shape = [sizes[c] for c in batch] + [math.prod(sizes[c] for c in side) for side in (down, across)]
        return reshape(permute(x, [letters.index(c) for c in batch + down + across]), shape)

    product = matmul if inner else mul  # a product of columns and rows of one element, without a sum
    y = product(matrices(a, a_letters, rows, inner), matrices(b, b_letters, inner, columns))
    return reshape(y, [sizes[c] for c in batch + rows + columns]), batch + rows + columns
