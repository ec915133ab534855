"""The classifier two-sample test on crops whose answer is known, at a tiny size."""

import numpy as np
import pytest

import nnlite
from demos.cartoonize import two_sample
from demos.cartoonize.two_sample import accuracy, cut, inputs, two_sample_test


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """Crops of 16 pixels, and few steps."""
    for name, value in {"SIDE": 16, "STEPS": 60, "REPEATS": 1}.items():
        monkeypatch.setattr(two_sample, name, value)


def pictures(seed, noise, count=6):
    """Flat colours with this much noise, in levels."""
    rng = np.random.default_rng(seed)
    colours = rng.integers(40, 200, (count, 1, 1, 3))
    return list(np.rint(colours + noise * rng.normal(size=(count, 48, 64, 3))).clip(0, 255).astype(np.uint8))


def test_what_differs_is_told_apart_and_what_does_not_is_not():
    answers = two_sample_test(*(pictures(0, noise, count=12) for noise in (3, 1, 0)))
    assert list(answers) == ["photo", "generated", "target"]
    assert answers["photo"] > 0.95 and answers["generated"] > 0.95
    assert 0.4 < answers["target"] < 0.6  # one flat crop is like the other


def test_two_sets_of_one_distribution():
    noisy = [np.random.default_rng(1).permutation(cut(picture)) for picture in pictures(2, 3)]
    assert 0.35 < accuracy([crops[::2] for crops in noisy], [crops[1::2] for crops in noisy]) < 0.65


def test_a_seed_fixes_the_figure_and_nothing_else_is_disturbed(monkeypatch):
    monkeypatch.setattr(two_sample, "STEPS", 5)
    one, other = ([cut(picture) for picture in pictures(seed, noise)] for seed, noise in ((5, 2), (6, 3)))
    state = nnlite.get_rng_state()
    figures = [accuracy(one, other, seed) for seed in (0, 0, 1)]
    assert nnlite.get_rng_state() == state
    nnlite.randn(3)  # another place in the library's numbers
    assert accuracy(one, other, 0) == figures[0] == figures[1] != figures[2]


def test_no_classifier_is_asked_about_photos_that_it_has_seen(monkeypatch):
    seen, asked = [], []
    monkeypatch.setattr(two_sample, "train", lambda crops, *_: seen.append({int(c.mean()) for c in crops}))

    def record(_, crops, labels, device):
        asked.append({int(c.mean()) for c in crops})
        return np.ones(len(labels), bool)

    monkeypatch.setattr(two_sample, "is_right", record)
    photos = [np.full((2, 16, 16, 3), 10 * i, np.uint8) for i in range(7)]
    assert accuracy(photos, photos) == 1.0
    assert all(not learnt & judged for learnt, judged in zip(seen, asked, strict=True))
    assert sorted(value for judged in asked for value in judged) == [10 * i for i in range(7)]


def test_too_few_photos_or_too_small_ones_are_not_tested():
    few, small = pictures(7, 3, count=2), [np.zeros((15, 40, 3), np.uint8)] * 5
    assert two_sample_test(few, few, few) == two_sample_test(small, small, small) == {}


def test_photos_with_a_single_crop_are_enough(monkeypatch):
    monkeypatch.setattr(two_sample, "STEPS", 2)
    three = [picture[:16, :16] for picture in pictures(8, 3, count=3)]
    assert all(0 <= share <= 1 for share in two_sample_test(three, three, three).values())


def test_the_network_sees_colours_and_steps():
    crops = np.random.default_rng(9).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    crops[:, 5] = crops[:, 4]  # steps of 0, too
    maps, levels = inputs(crops).numpy(), crops.astype(float)
    assert maps.shape == (2, 15, 15, 15) and maps.dtype == np.float32
    for y, x, k in ((0, 0, 0), (4, 7, 1), (14, 14, 2)):
        here = levels[1, y + 1, x + 1, k]
        steps = here - levels[1, y + 1, x, k], here - levels[1, y, x + 1, k]
        assert maps[1, k, y, x] == pytest.approx(here / 127.5 - 1)
        for number, step in enumerate(steps):
            assert maps[1, 3 + 3 * number + k, y, x] == np.clip(step / 4, -1, 1)
            assert maps[1, 9 + 3 * number + k, y, x] == np.sign(step)
