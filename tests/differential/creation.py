"""The table of functions that make new tensors; see functions.py."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.differential.arguments import args, ends, kind, like, made, size, x
from tests.differential.compare import Entry
from tests.differential.draws import Array, maybe, python_numbers

CREATION: dict[str, Entry] = {
    "tensor": args(
        data=st.one_of(
            x,
            x.map(lambda r: Array(r.values)),
            x.map(lambda r: r.values.tolist()),
            st.lists(x, max_size=2),
            python_numbers,
        ),
        keywords=made,
    ),
    "as_tensor": args(
        data=st.one_of(x, x.map(lambda r: Array(r.values)), x.map(lambda r: r.values.tolist()), python_numbers),
        keywords=kind,
    ),
    "from_numpy": args(ndarray=st.one_of(x.map(lambda r: Array(r.values)), x.map(lambda r: r.values.tolist()))),
    "zeros": args(**{"*size": size}, keywords=made),
    "ones": args(**{"*size": size}, keywords=made),
    "empty": args(**{"*size": size}, keywords=made, random=True),
    "full": args(size=st.one_of(size, size.map(tuple)), fill_value=python_numbers, keywords=made),
    "eye": args(n=st.integers(0, 3), m=maybe(st.integers(0, 3)), keywords=made),
    "arange": args(start=ends, end=maybe(ends), step=maybe(st.sampled_from((1, 2, 0.5, -1, 0))), keywords=made),
    "linspace": args(start=ends, end=ends, steps=st.integers(0, 5), keywords=made),
    "rand": args(**{"*size": size}, keywords=made, random=True),
    "randn": args(**{"*size": size}, keywords=made, random=True),
    "randint": args(
        low=st.sampled_from((0, 3, -2)), high=st.sampled_from((5, 4, 0)), size=size, keywords=made, random=True
    ),
    "randint, one bound": args(
        lambda lib, high, size: lib.randint(high, size), high=st.integers(0, 3), size=size, random=True
    ),
    "randperm": args(n=st.integers(0, 5), keywords=made, random=True),
    "full_like": args(input=x, fill_value=python_numbers, keywords=made),
    "zeros_like": args(input=x, keywords=made),
    "ones_like": args(input=x, keywords=made),
    "empty_like": args(input=x, keywords=made, random=True),
    "rand_like": args(input=x, keywords=made, random=True),
    "randn_like": args(input=x, keywords=made, random=True),
    "randint_like": args(
        input=x, low=st.sampled_from((0, 3, -2)), high=maybe(st.sampled_from((5, 4, 0))), keywords=like, random=True
    ),
}
