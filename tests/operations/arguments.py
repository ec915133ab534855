"""Strategies for arguments, most of them bad."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import nnlite

sizes = array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=3)
dtypes = st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_])
proper = st.builds(lambda shape, dtype: nnlite.Tensor(np.ones(shape, dtype)), sizes, dtypes)
strangers = st.sampled_from([np.ones((2, 3)), np.ones(3, complex), [1.0, 2.0], "text", 2.0, None])
tensors = st.one_of(proper, proper, proper, proper, strangers)
maybe = st.one_of(st.none(), tensors)
whole = st.integers(-2, 4)
pair = st.one_of(whole, st.tuples(whole, whole), st.just((1, 1, 1)), st.just(0.5), st.none())
axes = st.one_of(st.none(), whole, st.lists(whole, max_size=3).map(tuple), st.just(0.5))
numbers = st.sampled_from([0, 1, 0.5, -1.0, 2, "2", None])
probabilities = st.sampled_from([0.0, 0.5, 1.0, -1.0, 2.0])
reductions = {"reduction": st.sampled_from(["mean", "sum", "none", "average", None])}
