"""Boxes: overlaps by hand, suppression by a loop, RoI align by a loop over points, and torchvision where it is."""

import math

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import ShapeError, Tensor
from nnlite.torch.vision import ops
from tests.helpers import assert_close, backward, leaf
from tests.operations.boxes import BOXES

SETTINGS = [((2, 3), 1.0, -1, False), ((3, 2), 0.8, 2, True), ((1, 2), 1.3, 5, False), ((2, 1), 1.7, 0, True)]


@pytest.fixture(scope="module")
def torchvision(torch):
    """The tests need no more than PyTorch; where torchvision is as well, its rules are compared with."""
    try:
        import torchvision
    except ImportError as error:
        pytest.skip(f"torchvision is not installed ({error})")
    return torchvision


def some_boxes(rng, n):
    start = rng.uniform(0, 9, (n, 2))
    return np.concatenate([start, start + rng.uniform(5, 12, (n, 2))], axis=1).astype(np.float32)


# Overlap


def test_overlaps_by_hand():
    """Squares of 4x4: the same, shifted by 2 (8 of 24 in common), touching, apart, and one inside."""
    one = Tensor(np.array([[0, 0, 4, 4]], np.float32))
    others = Tensor(np.array([[0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4], [9, 9, 10, 10], [1, 1, 3, 3]], np.float32))
    np.testing.assert_allclose(F.box_iou(one, others).numpy(), [[1, 8 / 24, 0, 0, 4 / 16]], rtol=1e-6)
    assert F.box_area(others).tolist() == [16, 16, 16, 1, 4]
    assert ops.box_iou is F.box_iou and ops.roi_align is F.roi_align


def test_two_boxes_without_an_area_are_nothing_over_nothing():
    point = nnlite.zeros(1, 4)
    assert math.isnan(F.box_iou(point, point).item())
    assert F.nms(nnlite.zeros(2, 4), nnlite.ones(2), 0.5).tolist() == [0, 1]


# Suppression


def suppressed_by_hand(boxes, scores, classes, threshold):
    """As it is told: take the best that is left, drop all of its class that overlap it, and so on."""
    left, kept = list(np.argsort(-scores, kind="stable")), []
    overlap = F.box_iou(Tensor(boxes), Tensor(boxes)).numpy()
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [k for k in left if classes[k] != classes[best] or overlap[best, k] <= threshold]
    return kept


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7])
def test_suppression_is_that_of_a_loop(rng, threshold):
    boxes, scores, classes = some_boxes(rng, 60), rng.integers(0, 30, 60).astype(np.float32), rng.integers(0, 3, 60)
    tensors = Tensor(boxes), Tensor(scores)
    one_class = suppressed_by_hand(boxes, scores, np.zeros(60), threshold)
    assert F.nms(*tensors, threshold).tolist() == one_class and 1 < len(one_class) < 60
    kept = F.batched_nms(*tensors, Tensor(classes), threshold)
    assert kept.tolist() == suppressed_by_hand(boxes, scores, classes, threshold) and kept.dtype == "int64"


def test_nothing_to_suppress():
    assert F.nms(nnlite.zeros(0, 4), nnlite.zeros(0), 0.5).tolist() == []


# RoI align


def read(image, y, x):
    """An image (H, W) between its pixels: the border's value up to a pixel outside, 0 beyond."""
    height, width = image.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0
    y, x = min(max(y, 0.0), height - 1.0), min(max(x, 0.0), width - 1.0)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    v, h = y - top, x - left
    upper = (1 - h) * image[top, left] + h * image[top, right]
    return (1 - v) * upper + v * ((1 - h) * image[bottom, left] + h * image[bottom, right])


def aligned_by_hand(x, rows, size, scale, ratio, aligned):
    """Point by point, as He et al. describe it."""
    y = np.zeros((len(rows), x.shape[1], *size))
    for k, (image, *box) in enumerate(rows):
        left, top, right, bottom = (scale * edge - 0.5 * aligned for edge in box)
        high, wide = (n if aligned else max(n, 1.0) for n in (bottom - top, right - left))
        for (_, c, i, j), _ in np.ndenumerate(y[:1]):
            cell = high / size[0], wide / size[1]
            count = [ratio if ratio > 0 else math.ceil(n) for n in cell]
            points = [
                read(
                    x[int(image), c],
                    top + (i + (u + 0.5) / count[0]) * cell[0],
                    left + (j + (v + 0.5) / count[1]) * cell[1],
                )
                for u in range(count[0])
                for v in range(count[1])
            ]
            y[k, c, i, j] = np.mean(points)
    return y


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_roi_align_is_that_of_a_loop_over_points(rng, settings):
    x = rng.standard_normal((2, 3, 5, 4))
    assert_close(
        F.roi_align(Tensor(x), Tensor(np.array(BOXES)), *settings), aligned_by_hand(x, BOXES, *settings), 1e-12
    )


def test_boxes_of_each_image_as_a_list(rng):
    """The same as rows with the number of the image, in another order, gradients too; an image may have none."""
    boxes = [some_boxes(rng, 3) / 4, some_boxes(rng, 0), some_boxes(rng, 2) / 4]
    rows = [np.column_stack([np.full(len(b), n), b]) for n, b in enumerate(boxes)]
    rows = np.concatenate(rows)[[4, 0, 3, 2, 1]]
    x, same = (leaf(np.random.default_rng(0).standard_normal((3, 2, 9, 8))) for _ in "ab")
    listed = F.roi_align(x, [Tensor(b.astype(np.float64)) for b in boxes], 3)
    by_row = F.roi_align(same, Tensor(rows), (3, 3))
    np.testing.assert_array_equal(listed[np.array([4, 0, 3, 2, 1])].detach().numpy(), by_row.detach().numpy())
    u = backward(listed)
    by_row.backward(Tensor(u[[4, 0, 3, 2, 1]]))
    assert_close(x.grad, same.grad, 1e-12)
    assert not x.grad.numpy()[1].any() and x.grad.numpy()[0].any()


def test_no_boxes_at_all():
    assert F.roi_align(nnlite.ones(2, 3, 5, 4), nnlite.zeros(0, 5), 7).shape == (0, 3, 7, 7)


def test_a_box_on_whole_pixels_is_cut_out_as_it_is(rng):
    x = rng.standard_normal((1, 2, 6, 7))
    box = Tensor(np.array([[0, 2.0, 1.0, 5.0, 5.0]]))
    assert_close(F.roi_align(Tensor(x), box, (4, 3), sampling_ratio=1, aligned=True), x[:, :, 1:5, 2:5], 1e-14)


# What is refused


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x: F.roi_align(x, nnlite.ones(2, 4), 3), ShapeError, r"boxes must be \(K, 5\), got \(2, 4\)"),
        (lambda x: F.roi_align(x, [nnlite.ones(2, 4)], 3), ShapeError, r"list of 1 for input \(2, 3, 5, 4\)"),
        (lambda x: F.roi_align(x, 2 * nnlite.ones(1, 5), 3), IndexError, "must name an image, 0 to 1"),
        (lambda x: F.roi_align(x, nnlite.ones(1, 5) * math.nan, 3), IndexError, "must name an image"),
        (lambda x: F.roi_align(x, [nnlite.ones(1, 4) * math.inf] * 2, 3), ValueError, "not finite"),
        (lambda x: F.roi_align(x, nnlite.ones(1, 5), 0), ValueError, "output_size must be"),
        (lambda x: F.roi_align(x, nnlite.ones(1, 5), 1, 0.0), ValueError, "spatial_scale must be a number above 0"),
        (
            lambda x: F.box_iou(nnlite.ones(1, 4).long(), nnlite.ones(1, 4)),
            TypeError,
            r"boxes1 .* int64; use .float\(\)",
        ),
        (lambda x: F.nms(nnlite.ones(2, 4), nnlite.ones(3), 0.5), ShapeError, r"scores has shape \(3,\)"),
    ],
)
def test_one_line_says_what_is_wrong(call, error, says):
    with pytest.raises(error, match=says) as caught:
        call(nnlite.ones(2, 3, 5, 4))
    assert "\n" not in str(caught.value)


# torchvision


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_roi_align_is_torchvisions(torch, torchvision, rng, settings):
    x = rng.standard_normal((2, 3, 5, 4))
    ours, theirs = leaf(x), torch.tensor(x, requires_grad=True)
    y, z = F.roi_align(ours, Tensor(np.array(BOXES)), *settings), None
    z = torchvision.ops.roi_align(theirs, torch.tensor(BOXES, dtype=torch.float64), *settings)
    z.backward(torch.tensor(backward(y)))
    assert_close(y, z, 1e-12)
    assert_close(ours.grad, theirs.grad, 1e-12)


def test_overlap_and_suppression_are_torchvisions(torch, torchvision, rng):
    boxes, scores, classes = some_boxes(rng, 60), rng.random(60, np.float32), rng.integers(0, 3, 60)
    ours, theirs = ((make(boxes), make(scores), make(classes)) for make in (Tensor, torch.tensor))
    for name in ("box_area", "box_iou", "nms", "batched_nms"):
        arguments = {"box_area": (0,), "box_iou": (0, 0), "nms": (0, 1), "batched_nms": (0, 1, 2)}[name]
        last = (0.4,) if "nms" in name else ()
        y = getattr(F, name)(*(ours[i] for i in arguments), *last)
        z = getattr(torchvision.ops, name)(*(theirs[i] for i in arguments), *last)
        np.testing.assert_allclose(y.numpy(), z.numpy(), rtol=1e-6)
