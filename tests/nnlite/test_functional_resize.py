"""Padding and resizing against NumPy and PyTorch over all sizes; images stay channels-last."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from nnlite import ShapeError
from nnlite.backend.layout import channels_last
from tests.helpers import leaf, orders, seeds

NUMPY_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}
border = st.integers(0, 3)


@given(
    shape=st.tuples(*[st.integers(1, 2)] * 2, *[st.integers(4, 5)] * 2),
    pad=st.tuples(border, border, border, border),
    mode=st.sampled_from(list(NUMPY_MODES)),
    order=orders,
    seed=seeds,
)
def test_pad_is_numpys(shape, pad, mode, order, seed):
    x = leaf(np.random.default_rng(seed).standard_normal(shape), order=order)
    expected = np.pad(x.detach().numpy(), [(0, 0), (0, 0), pad[2:], pad[:2]], NUMPY_MODES[mode])
    assert np.array_equal(F.pad(x, pad, mode).detach().numpy(), expected)
    nnlite.gradcheck(lambda x: F.pad(x, pad, mode), [x], seed=seed)


scales = st.one_of(st.sampled_from([0.5, 0.7, 1.0, 1.3, 1.9, 2.0, 2.2, 2.5, 3.0, 3.3]), st.floats(0.5, 6.0))
lengths = st.integers(2, 40)  # so that half of it is something
MODES = {
    "nearest": {"mode": "nearest"},
    **{mode: {"mode": mode} for mode in ("bilinear", "bicubic")},
    **{f"{mode}, corners": {"mode": mode, "align_corners": True} for mode in ("bilinear", "bicubic")},
    **{f"{mode}, antialias": {"mode": mode, "antialias": True} for mode in ("bilinear", "bicubic")},
}


@given(
    old=st.tuples(lengths, lengths),
    new=st.one_of(
        st.builds(lambda *size: {"size": size}, st.integers(1, 50), st.integers(1, 50)),
        st.builds(lambda scale: {"scale_factor": scale}, scales),
        st.builds(lambda *scale: {"scale_factor": scale}, scales, scales),
    ),
    mode=st.sampled_from(list(MODES)),
    seed=seeds,
)
@example(old=(3, 3), new={"scale_factor": 1.3}, mode="nearest", seed=0)  # nothing changes
@example(old=(3, 3), new={"scale_factor": 1.3}, mode="bilinear", seed=0)
@example(old=(3, 4), new={"scale_factor": 1.3}, mode="bilinear", seed=0)  # one axis does not
@example(old=(3, 3), new={"scale_factor": 3.3}, mode="nearest", seed=0)  # thrice the size, but no plain repetition
@example(old=(4, 3), new={"scale_factor": 2.2}, mode="nearest", seed=0)  # twice the size
@example(old=(45, 1), new={"size": (129, 1)}, mode="nearest", seed=0)  # where single precision decides
@example(old=(32, 24), new={"scale_factor": 0.25}, mode="bicubic, antialias", seed=0)  # as super-resolution has it
@example(old=(9, 7), new={"scale_factor": 4.0}, mode="bicubic, antialias", seed=0)
@example(old=(37, 1), new={"size": (5, 6)}, mode="bicubic, antialias", seed=0)
@example(old=(1, 40), new={"size": (3, 1)}, mode="bicubic", seed=0)
def test_interpolate_is_pytorchs_at_every_size(torch, old, new, mode, seed):
    x = np.random.default_rng(seed).standard_normal((2, 4, *old))
    options = new | MODES[mode]
    results = []
    for lib, G in ((nnlite, F), (torch, torch.nn.functional)):
        t = lib.tensor(x, requires_grad=True)
        # as nnlite's images lie; PyTorch takes another neighbour for others, or 3 channels, where rounding decides
        images = t if lib is nnlite else t.contiguous(memory_format=torch.channels_last)
        y = G.interpolate(images, **options)
        (y * y).sum().backward()
        results.append((y.detach().numpy(), t.grad.numpy()))
    stays = any(n == m for n, m in zip(x.shape[2:], results[0][0].shape[2:], strict=True))
    if stays and "scale_factor" in new and (mode == "bicubic" or "antialias" in mode):
        results = [(y,) for y, _ in results]  # PyTorch then copies in one direction, forward or backward, but not both
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("scale", [1.3, 2.0, (2.0, 3.0), 0.5])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nearest_hands_a_pixel_on_and_spoils_no_other(scale, value):
    one = np.zeros((1, 2, 4, 4))
    one[0, 0, 2, 2] = 1.0
    places = F.interpolate(leaf(one), scale_factor=scale).detach().numpy() == 1.0
    assert 0 < places.sum() < places.size / 4
    spoilt = F.interpolate(leaf(np.where(one, value, 0.0)), scale_factor=scale).detach().numpy()
    assert np.array_equal(spoilt, np.where(places, value, 0.0), equal_nan=True)


def test_pixel_shuffle_by_its_formula(rng):
    x, r = rng.standard_normal((2, 12, 3, 4)), 2
    y = F.pixel_shuffle(nnlite.tensor(x), r).numpy()
    for n, c, h, w in np.ndindex(y.shape):
        assert y[n, c, h, w] == x[n, c * r * r + h % r * r + w % r, h // r, w // r]


def test_images_stay_channels_last(rng):
    x = leaf(rng.standard_normal((2, 4, 6, 5)), order="channels last")
    for y in (
        F.pad(x, (1, 1, 2, 0)), F.pad(x, (1, 2, 0, 0), "reflect"), F.pad(x, (-1, 2)), F.interpolate(x, 3),
        F.interpolate(x, 9, mode="bilinear"), F.pixel_shuffle(x, 2), x.flip(2),
    ):  # fmt: skip
        assert np.shares_memory(channels_last(y.detach().numpy()), y.detach().numpy())


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x: F.pad(x, (1,)), ValueError, r"pairs .* got \(1,\)"),
        (lambda x: F.pad(x, (-1, 0.5)), ValueError, r"whole numbers, got \(-1, 0\.5\)"),
        (lambda x: F.pad(x, (-3, -2)), ShapeError, r"border of \(-3, -2\) of an axis of 4 .* cannot be constant"),
        (lambda x: F.pad(x, (-5, 6)), ShapeError, r"border of \(-5, 6\) of an axis of 4"),
        (
            lambda x: F.pad(x, (5, 0, 0, 0), "circular"),
            ShapeError,
            r"of \(5, 0\) of an axis of 4 .* cannot be circular",
        ),
        (
            lambda x: F.pad(x, (1, 1), "reflect"),
            ShapeError,
            r"all axes but the first one or two, got \(1, 1\) for \(1, 2",
        ),
        (lambda x: F.pad(x, (1, 1, 0, 0), "reflect", 2.0), ValueError, "value goes with mode 'constant' only, got 2.0"),
        (lambda x: F.pad(x, (1, 1) * 5), ShapeError, r"10 numbers are more than two for each axis of shape \(1, 2"),
        (lambda x: F.pad(x, (1, 1), "edge"), ValueError, "pad: mode must be .* got 'edge'"),
        (
            lambda x: F.pad(x, (4, 0, 0, 0), "reflect"),
            ShapeError,
            r"border of \(4, 0\) of an axis of 4 .* cannot be reflect",
        ),
        (lambda x: F.interpolate(x), ValueError, "either size or scale_factor"),
        (lambda x: F.interpolate(x, 3, 2.0), ValueError, "either size or scale_factor"),
        (lambda x: F.interpolate(x, 3, mode="area"), ValueError, "interpolate: mode must be .* got 'area'"),
        (lambda x: F.interpolate(x, 3, antialias=True), ValueError, "antialias goes with modes 'bilinear' and"),
        (lambda x: F.interpolate(x, 3, None, "bicubic", True, antialias=True), ValueError, "leave out one of them"),
        (lambda x: F.interpolate(x, 3, align_corners=True), ValueError, "align_corners"),
        (lambda x: F.interpolate(x, (3, 4, 5)), ValueError, r"size .* got \(3, 4, 5\)"),
        (lambda x: F.interpolate(x, scale_factor=0.1), ShapeError, r"leaves nothing of images \(1, 2, 3, 4\)"),
        (lambda x: F.interpolate(x[0], 3), ShapeError, r"\(N, C, H, W\), got \(2, 3, 4\)"),
        (lambda x: F.pixel_shuffle(x, 2), ShapeError, r"a multiple of 4, got \(1, 2, 3, 4\)"),
    ],
)
def test_what_does_not_fit_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call(nnlite.ones(1, 2, 3, 4))
