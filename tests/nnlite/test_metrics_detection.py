"""Mean average precision: an example worked out by hand, the definition, and what is refused."""

import numpy as np
import pytest

from nnlite import ShapeError
from nnlite.metrics import average_precision, iou, mean_average_precision

NOTHING = np.zeros((0, 4)), np.zeros(0), np.zeros(0, int)


def boxes(*rows):
    return np.array(rows, np.float64).reshape(-1, 4)


def test_an_example_by_hand():
    """Class 0 has three true boxes, class 1 one. In the order of their scores, the finds of class 0 are

        .9   image 1, exactly the first box                                      right   precision 1/1, recall 1/3
        .8   image 2, 5 pixels off: 50 in common of 150 covered, IoU 1/3         wrong             1/2         1/3
        .7   image 1, the first box again                                        wrong             1/3         1/3
        .6   image 1, 2 pixels off the second: 80 of 120, IoU 2/3                right             2/4         2/3
        .5   image 2, exactly the box there                                      right             3/5         3/3

    The best precision from each recall on is 1, 3/5, 3/5: average precision (1 + .6 + .6) / 3. Those of class 1 are

        .9   in an image without one                                             wrong             0/1         0/1
        .4   exactly                                                             right             1/2         1/1

    so 1/2. Class 2 is found and nowhere there: it does not count.
    """
    truth = [
        (boxes([0, 0, 10, 10], [20, 0, 30, 10]), np.array([0, 0])),
        (boxes([0, 0, 10, 10], [0, 20, 10, 30]), np.array([0, 1])),
    ]
    found = [
        (
            boxes([0, 0, 10, 10], [0, 0, 10, 10], [22, 0, 32, 10], [0, 0, 10, 10]),
            np.array([0.7, 0.9, 0.6, 0.9]),
            np.array([0, 0, 0, 1]),
        ),
        (
            boxes([5, 0, 15, 10], [0, 0, 10, 10], [0, 20, 10, 30], [0, 20, 10, 30]),
            np.array([0.8, 0.5, 0.4, 1.0]),
            np.array([0, 0, 1, 2]),
        ),
    ]
    class_0, class_1 = (1 + 0.6 + 0.6) / 3, 1 / 2
    assert mean_average_precision(found, truth) == pytest.approx((class_0 + class_1) / 2)
    # From an IoU of 1/3 on, the find of .8 is right and that of .5 comes too late: R R W R W, (1 + 1 + 3/4) / 3.
    assert mean_average_precision(found, truth, 0.33) == pytest.approx(((1 + 1 + 3 / 4) / 3 + 1 / 2) / 2)


def test_the_curve_by_its_definition(rng):
    """The area under max over r' >= r of precision(r'), by small steps of r."""
    right, scores = rng.random(40) < 0.5, rng.permutation(40) / 40
    order, positives = np.argsort(-scores), 30
    curve = [(right[order[:n]].sum() / positives, right[order[:n]].mean()) for n in range(1, 41)]
    steps = (np.arange(3000) + 0.5) / 3000
    area = np.mean([max((p for recall, p in curve if recall >= r - 1e-12), default=0.0) for r in steps])
    assert average_precision(scores, right, positives) == pytest.approx(area, abs=1e-9)


def test_the_best_and_the_worst(rng):
    truth = [(boxes([0, 0, 9, 9], [20, 0, 29, 9]), np.array([3, 5]))] * 2
    perfect = [(b, np.array([0.2, 0.9]), labels) for b, labels in truth]
    assert mean_average_precision(perfect, truth) == 1.0
    assert mean_average_precision([NOTHING] * 2, truth) == 0.0
    assert mean_average_precision([perfect[0], NOTHING], truth) == 0.5


def test_overlap_of_arrays():
    np.testing.assert_allclose(iou(boxes([0, 0, 4, 4]), boxes([2, 0, 6, 4], [4, 4, 5, 5])), [[1 / 3, 0]])


def test_what_is_refused():
    truth = [(boxes([0, 0, 9, 9]), np.array([0]))]
    with pytest.raises(ShapeError, match="finds in 2 images, truth of 1"):
        mean_average_precision([NOTHING] * 2, truth)
    with pytest.raises(ShapeError, match=r"image 0 has boxes \(1, 4\) with .*expected \(K, 4\)"):
        mean_average_precision([(truth[0][0], np.zeros(2), np.zeros(2))], truth)
    with pytest.raises(ValueError, match="not one true box"):
        mean_average_precision([NOTHING], [(NOTHING[0], NOTHING[2])])
