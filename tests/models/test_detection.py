"""Faster R-CNN: anchors and boxes by arithmetic, examples and proposals by hand, and a scene learnt by heart."""

import numpy as np
import pytest

import nnlite
from models import anchors as on_anchors
from models.anchors import KINDS, RATIOS, SCALES, anchors_on, choose, decode, encode, match
from models.detection import Detector, FasterRCNN, anchors_of, find, inside, propose
from nnlite import Tensor
from nnlite.metrics import iou

# Anchors


def test_anchors_have_the_sizes_and_shapes_around_each_place():
    anchors = anchors_on((2, 3), 8)
    sides = anchors[:, 2:] - anchors[:, :2]
    assert anchors.shape == (2 * 3 * KINDS, 4) and anchors.dtype == np.float32
    middles = ((anchors[:, :2] + anchors[:, 2:]) / 2).reshape(2, 3, KINDS, 2)
    np.testing.assert_allclose(middles[1, 2], [[20.0, 12.0]] * KINDS, atol=1e-5)
    np.testing.assert_allclose(middles[0, 0], [[4.0, 4.0]] * KINDS, atol=1e-5)
    np.testing.assert_allclose(np.sqrt(sides.prod(1))[:KINDS], np.repeat(SCALES, len(RATIOS)), rtol=1e-5)
    np.testing.assert_allclose((sides[:, 1] / sides[:, 0])[:KINDS], RATIOS * len(SCALES), rtol=1e-5)


def test_a_box_in_numbers_and_back(rng):
    """By hand: 2 right of an anchor 10 wide is .2 of its width, twice its height is a logarithm of ln 2."""
    anchor = np.array([[10.0, 10.0, 20.0, 30.0]])
    box = np.array([[12.0, 0.0, 22.0, 40.0]])
    np.testing.assert_allclose(encode(box, anchor), [[0.2 / 0.1, 0.0, 0.0, np.log(2.0) / 0.2]], atol=1e-12)
    anchors = anchors_on((3, 3), 8)
    start = rng.uniform(0, 9, (len(anchors), 2))
    boxes = np.concatenate([start, start + rng.uniform(3, 30, start.shape)], 1)
    np.testing.assert_allclose(decode(encode(boxes, anchors), anchors), boxes, rtol=1e-4, atol=1e-4)


def test_no_number_makes_a_box_infinite():
    assert np.isfinite(decode(np.full((1, 4), 1e6, np.float32), np.array([[0, 0, 9, 9]], np.float32))).all()


# What is learnt from


def test_each_true_box_gets_a_box_however_little_they_overlap():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 5], [30, 0, 40, 10], [34, 0, 44, 10]], np.float32)
    truth = np.array([[0, 0, 10, 10], [36, 8, 50, 20]], np.float32)
    number, overlap = match(boxes, truth)
    assert number.tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(
        overlap, [1.0, 0.5, 8 / 260, 1.0], rtol=1e-6
    )  # the last has 16 of 252, the most there is
    assert match(boxes, truth[:0])[1].tolist() == [0.0] * 4


def test_examples_are_positive_and_negative_as_overlaps_say(rng):
    anchors, truth = anchors_on((12, 12), 8), np.array([[20, 20, 40, 50], [60, 10, 84, 34]], np.float32)
    overlap = iou(anchors, truth).max(1)
    chosen = choose(anchors, truth, 0.5, 0.3, 32)
    assert 2 <= len(chosen.positive) <= 16 and len(chosen.positive) + len(chosen.negative) == 32
    assert (overlap[chosen.negative] < 0.3).all() and len(set(chosen.negative.tolist())) == len(chosen.negative)
    best = iou(anchors, truth).argmax(0)
    assert ((overlap[chosen.positive] >= 0.5) | np.isin(chosen.positive, best)).all()
    assert (chosen.number == iou(anchors, truth)[chosen.positive].argmax(1)).all()
    few = choose(anchors, truth, 0.5, 0.3, 4)
    assert len(few.positive) == 2 and len(few.negative) == 2
    nothing = choose(anchors, truth[:0], 0.5, 0.3, 8)
    assert len(nothing.positive) == 0 and len(nothing.negative) == 8


# What is proposed and found


def test_proposals_are_the_best_boxes_and_no_near_copies():
    anchors = np.array([[0, 0, 20, 20], [1, 0, 21, 20], [50, 50, 70, 70], [90, 40, 110, 60]], np.float32)
    logits, numbers = nnlite.tensor([[1.0, 2.0, 0.5, -3.0]]), nnlite.zeros(1, 4, 4)
    [proposals] = propose(logits, numbers, anchors, (96, 96))
    np.testing.assert_allclose(proposals, [[1, 0, 21, 20], [50, 50, 70, 70], [90, 40, 96, 60]], atol=1e-5)


def test_finds_keep_one_of_each_class_in_a_place():
    boxes = np.array([[0, 0, 20, 20], [1, 0, 21, 20], [50, 50, 70, 70]], np.float32)
    p = np.array([[0.6, 0.3], [0.7, 0.01], [0.0, 0.2]], np.float32)  # the rest is background
    found = find(boxes, p, (96, 96))
    np.testing.assert_allclose(found.scores, [0.7, 0.3, 0.2])
    assert found.labels.tolist() == [0, 1, 1]
    np.testing.assert_array_equal(found.boxes, boxes[[1, 0, 2]])
    assert inside(boxes - 5, (10, 96)).tolist() == [[0, 0, 15, 10], [0, 0, 16, 10], [45, 10, 65, 10]]


# Training


def scene():
    """Two images, one with a bright square of class 1 and a dark bar of class 0, one with nothing."""
    images = np.zeros((2, 3, 64, 64), np.float32)
    images[0, :, 10:34, 8:32], images[0, :, 40:56, 20:56] = 1.0, -1.0
    boxes, labels = np.zeros((2, 3, 4), np.float32), np.full((2, 3), -1)
    boxes[0, :2], labels[0, :2] = [[8, 10, 32, 34], [20, 40, 56, 56]], [1, 0]
    return Tensor(images), Tensor(boxes), Tensor(labels)


def test_a_step_teaches_every_layer_and_returns_its_losses():
    model = Detector(FasterRCNN(3, width=2))
    losses = model.train_step(*scene())
    assert set(losses) == {"something", "anchor_box", "class", "box"}
    assert all(loss.shape == () and not loss.requires_grad and np.isfinite(loss.item()) for loss in losses.values())
    for name, parameter in model.network.named_parameters():
        assert parameter.grad is not None and parameter.grad.numpy().any(), name


def test_one_seed_fixes_what_is_learnt():
    def weights():
        nnlite.manual_seed(5)
        model = Detector(FasterRCNN(3, width=2))
        model.train_step(*scene())
        return np.concatenate([p.detach().numpy().ravel() for p in model.network.parameters()])

    np.testing.assert_array_equal(weights(), weights())


def test_a_gpu_learns_the_same(gpu):
    """What is chosen on the CPU is the same for both, and nothing is converted on the way that must not be."""

    def losses(device):
        nnlite.manual_seed(1)
        model = Detector(FasterRCNN(3, width=2)).to(device)
        step = model.train_step(*(part.to(device) for part in scene()))
        assert len(model.predict(scene()[0].to(device))) == 2
        return [float(loss) for loss in step.values()]

    np.testing.assert_allclose(losses("gpu"), losses("cpu"), rtol=1e-4)


@pytest.mark.slow
def test_a_scene_is_learnt_by_heart():
    """Both things are found where they are, sure of it, and nothing in the empty image; before, nothing was."""
    model, (images, boxes, labels) = Detector(FasterRCNN(2, width=4), lr=3e-3), scene()
    for _ in range(40):
        model.train_step(images, boxes, labels)
    found, nothing = model.predict(images)
    sure = found.scores > 0.5
    assert found.labels[sure].tolist() in ([0, 1], [1, 0]) and not (nothing.scores > 0.5).any()
    for box, label in zip(found.boxes[sure], found.labels[sure], strict=True):
        assert iou(box[None], boxes.numpy()[0, labels.numpy()[0] == label]) > 0.6


def test_sizes_that_no_anchors_fit_are_refused():
    with pytest.raises(nnlite.ShapeError, match=r"multiples of 8, got \(1, 3, 60, 64\)"):
        anchors_of(nnlite.zeros(1, 3, 60, 64))
    assert anchors_of(nnlite.zeros(1, 3, 64, 32)).shape == (8 * 4 * on_anchors.KINDS, 4)
