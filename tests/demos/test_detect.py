"""Scenes of digits and of flowcharts, what finds things without learning, and the demo at a tiny size."""

import json

import numpy as np
import pytest

import nnlite
from demos.detect import __main__ as detect
from demos.detect import flowchart
from demos.detect.digits import COVERED, LARGER, MOST, SIDE, blobs_read, normalised, scenes_of
from demos.detect.scenes import box_around, in_common
from demos.shared.digits import Digits, load_digits, load_lenet5
from demos.shared.images import to_image
from models.classifiers import Classifier
from models.detection import Detector, FasterRCNN, Found
from nnlite.metrics import iou, mean_average_precision
from stylize import read_image

from .runner import refused

GREY = [np.full((120, 120, 3), 0.5, np.float32)]


def here(scene):
    """The boxes and labels that are not padding."""
    _, boxes, labels = scene
    return boxes[labels >= 0], labels[labels >= 0]


# Boxes


def test_a_box_holds_all_of_a_mask_and_no_more():
    mask = np.zeros((9, 12), bool)
    mask[2:5, 7], mask[4, 3] = True, True
    assert box_around(mask).tolist() == [3, 2, 8, 5]


def test_what_two_boxes_have_in_common():
    others = np.array([[0, 0, 10, 10], [5, 5, 25, 25], [20, 0, 30, 10], [2, 2, 4, 4]], np.float32)
    np.testing.assert_allclose(in_common(others[0], others), [1.0, 0.25, 0.0, 1.0])
    assert in_common(others[0], others[:0]).shape == (0,)


# Scenes of digits


def test_all_ink_is_in_boxes_and_each_box_is_tight():
    """On a photo of one colour: what changed, but for the faintest ink, lies in the boxes and reaches their edges."""
    digits, _ = load_digits()
    counts = set()
    for seed in range(30):
        scene = scenes_of(digits, GREY)((0,), np.random.default_rng(seed))
        image, (boxes, labels) = scene[0], here(scene)
        assert image.shape == (3, SIDE, SIDE) and image.dtype == np.float32 and scene[1].shape == (MOST, 4)
        changed = np.linalg.norm(image, axis=0) / 2  # from the middle grey, which is 0
        counts.add(len(boxes))
        outside = changed.copy()
        for left, top, right, bottom in boxes.astype(int).tolist():
            outside[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1] = 0.0
            edges = [changed[top, left:right], changed[bottom - 1, left:right]]
            edges += [changed[top:bottom, left], changed[top:bottom, right - 1]]
            assert min(edge.max() for edge in edges) > 0.1
        assert outside.max() < 0.35 and set(labels.tolist()) <= set(range(10))
        for k, box in enumerate(boxes):
            assert (in_common(box, np.delete(boxes, k, 0)) <= COVERED).all()
    assert min(counts) == 1 and max(counts) >= 5


def test_digits_have_all_sizes_and_their_own_labels():
    digits, _ = load_digits()
    one = Digits(digits.images[:1], digits.labels[:1])
    tall = box_around(one.images[0, 0] > 0.3)[3] - box_around(one.images[0, 0] > 0.3)[1]
    heights = []
    for seed in range(40):
        boxes, labels = here(scenes_of(one, GREY)((0,), np.random.default_rng(seed)))
        assert set(labels.tolist()) == set(one.labels.tolist())
        heights += (boxes[:, 3] - boxes[:, 1]).tolist()
    low, high = LARGER
    assert low * tall - 2 <= min(heights) < low * tall + 3 and high * tall - 3 < max(heights) <= high * tall + 2


def test_blobs_are_read_on_plain_paper(rng):
    """Of digits on grainy grey, where little else looks like one, more are found and read right than not."""
    grainy = [(GREY[0] + rng.normal(0.0, 0.02, (120, 120, 1))).astype(np.float32)]
    compose, lenet = scenes_of(load_digits()[1], grainy), Classifier(load_lenet5())
    scenes = [compose((0,), np.random.default_rng(seed)) for seed in range(12)]
    found = [blobs_read(to_image(image), lenet) for image, *_ in scenes]
    assert mean_average_precision(found, [here(scene) for scene in scenes]) >= 0.6
    assert len(blobs_read(np.zeros((96, 96, 3), np.uint8), lenet).boxes) == 0


def test_a_blob_becomes_a_digit_in_the_middle():
    points = np.stack(np.meshgrid(np.arange(5), np.arange(10)), 2).reshape(-1, 2)
    digit = normalised(points, np.array([5, 10]))
    assert digit.shape == (1, 28, 28)
    np.testing.assert_allclose(box_around(digit[0] > 0.5), [9, 4, 19, 24], atol=1)


# Flowcharts


def test_a_page_has_an_arrow_between_each_symbol_and_the_next():
    for seed in range(10):
        boxes, labels = here(flowchart.compose((0,), np.random.default_rng(seed)))
        symbols = (labels != flowchart.ARROW).sum()
        assert 2 <= symbols <= flowchart.SYMBOLS[1] and (labels == flowchart.ARROW).sum() == symbols - 1
        assert (boxes >= 0).all() and (boxes <= flowchart.SIDE).all()
        overlap = iou(boxes[:symbols], boxes[:symbols])
        assert (overlap[~np.eye(symbols, dtype=bool)] == 0).all()


def test_a_walk_goes_from_neighbour_to_neighbour(rng):
    for _ in range(50):
        way = np.array(flowchart.walk(rng))
        assert (np.abs(np.diff(way, axis=0)).sum(1) == 1).all() and len({*map(tuple, way.tolist())}) == len(way)
        assert way.min() >= 0 and way.max() < flowchart.CELLS


def test_contours_find_what_is_closed(monkeypatch):
    """With outlines that end where they began nearly all is right; with wide gaps, it is not."""
    for gap, least, most in ((0.001, 0.93, 1.0), (9.0, 0.0, 0.9)):
        monkeypatch.setattr(flowchart, "GAP", gap)
        scenes = [flowchart.compose((0,), np.random.default_rng(seed)) for seed in range(12)]
        found = [flowchart.contours_named(to_image(image)) for image, *_ in scenes]
        assert least <= mean_average_precision(found, [here(scene) for scene in scenes]) <= most
    assert len(flowchart.contours_named(np.full((64, 64, 3), 200, np.uint8)).boxes) == 0


# The demo


@pytest.mark.slow
@pytest.mark.parametrize("scene", ["digits", "flowchart"])
def test_a_run_of_the_detector(scene, tmp_path, monkeypatch, capsys):
    """It writes what it promises, and the figures are those of the saved weights."""
    for name, value in (("JUDGED", 6), ("AT_ONCE", 3), ("LOOKED_AT", 3), ("SHOWN", 3)):
        monkeypatch.setattr(detect, name, value)
    arguments = ["--out", str(tmp_path), "--device", "cpu", "--scene", scene, "--steps", "2"]
    monkeypatch.setattr("sys.argv", ["detect", *arguments, "--batch", "2", "--width", "2"])
    assert detect.main() == 0
    figures = json.loads((tmp_path / "metrics.json").read_text())
    assert f"{figures['map']:.3f}" in capsys.readouterr().out
    assert all(0 <= figures[name] <= 1 for name in ("map", "map_whatever_it_is", "map_baseline"))
    assert read_image(tmp_path / "found.png").std() > 5 and read_image(tmp_path / "progress.png").std() > 5

    kind = detect.KINDS[scene]("bundled")
    model = Detector(FasterRCNN(len(kind.names), 2))
    model.network.load_state_dict(nnlite.load(tmp_path / "detector.safetensors"))
    images, truth = detect.held_out_scenes(kind)
    assert mean_average_precision(model.predict(nnlite.tensor(images)), truth) == pytest.approx(figures["map"])


def test_held_out_scenes_are_not_among_those_trained_on(monkeypatch):
    """Their seed is above all that --seed takes; with the same, a page would be the same."""
    monkeypatch.setattr(detect, "JUDGED", 2)
    images, truth = detect.held_out_scenes(flowchart.flowchart_scenes())
    trained_on, _, _ = flowchart.compose((0,), np.random.default_rng((0, 0, 0)))
    assert detect.HELD_OUT > 2**63 - 1 and np.abs(images[0] - trained_on).max() > 0.1 and len(truth) == 2


def test_nameless_finds_count_by_place_only():
    box = np.array([[0, 0, 9, 9]], np.float32)
    found, truth = [Found(box, np.ones(1), np.array([3]))], [(box, np.array([5]))]
    assert mean_average_precision(found, truth) == 0.0
    assert mean_average_precision(detect.nameless(found), detect.nameless(truth)) == 1.0


def test_bad_options(tmp_path):
    assert "invalid choice: 'cats'" in refused("--out", tmp_path / "x", "--scene", "cats", demo="detect")
