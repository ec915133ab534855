"""Kernels against a loop, places against where they are known to be, words against counting; and one small run."""

import json

import cv2
import numpy as np
import pytest

from demos.classic_vision import __main__ as classic_vision
from demos.classic_vision import cascade, detector, kernels, keypoints, templates, tracking, visual_words
from demos.classic_vision.changes import CHANGES, Change
from demos.shared.digits import load_digits
from stylize import read_image

from .runner import PHOTOS, refused


def grey(name):
    return cv2.resize(cv2.cvtColor(read_image(PHOTOS / f"{name}.jpg"), cv2.COLOR_RGB2GRAY), (240, 200))


# Kernels


@pytest.mark.parametrize("convolve", [kernels.by_nnlite, kernels.by_opencv])
def test_both_correlate_and_see_zeros_beyond_the_border(convolve, rng):
    image = rng.integers(0, 256, (7, 9)).astype(np.uint8)
    some = rng.standard_normal((2, 5, 5)).astype(np.float32)
    padded = np.pad(image.astype(np.float64), 2)
    expected = [[[(k * padded[i : i + 5, j : j + 5]).sum() for j in range(9)] for i in range(7)] for k in some]
    np.testing.assert_allclose(convolve(image, some), expected, rtol=1e-4, atol=1e-3)


def test_the_kernels_do_what_their_names_say():
    """On a slope of 3 levels a pixel across and 5 down: smoothing keeps it, Sobel's measure it times 8."""
    rows, columns = np.indices((20, 20))
    slope = (3 * columns + 5 * rows).astype(np.uint8)
    named = dict(zip(kernels.KERNELS, kernels.by_nnlite(slope, np.stack(list(kernels.KERNELS.values()))), strict=True))
    for name, value in (("mean", slope), ("Gaussian", slope), ("sharper", slope), ("Laplace", 0 * slope)):
        np.testing.assert_allclose(named[name][2:-2, 2:-2], value[2:-2, 2:-2], atol=1e-3, err_msg=name)
    np.testing.assert_allclose(named["Sobel, across"][2:-2, 2:-2], 8 * 3, atol=1e-3)
    np.testing.assert_allclose(named["Sobel, down"][2:-2, 2:-2], 8 * 5, atol=1e-3)


# Changes


@pytest.mark.parametrize("name", CHANGES)
def test_a_bright_spot_goes_where_the_matrix_says(name, rng):
    change = CHANGES[name]
    photo = np.zeros((200, 240), np.uint8)
    photo[88:93, 138:143] = 255
    changed = change.apply(photo, rng)
    assert changed.shape == tuple(change.size(photo)[::-1]) and changed.dtype == np.uint8
    blurred = cv2.GaussianBlur(changed.astype(np.float32), None, 2.0)
    found = np.array(np.unravel_index(blurred.argmax(), blurred.shape))[::-1]
    assert np.linalg.norm(found - change.matrix(photo) @ (140, 90, 1)) < 2.5


def test_light_and_noise_are_as_strong_as_they_say(rng):
    photo = np.full((200, 200), 200, np.uint8)
    assert (Change(light=0.5).apply(photo, rng) == 100).all()
    noisy = Change(light=0.5, noise=10.0).apply(photo, rng)
    assert noisy.mean() == pytest.approx(100, abs=0.5) and noisy.std() == pytest.approx(10, abs=0.3)


# Templates and keypoints


def test_a_template_is_found_where_it_was_cut_out_and_not_when_turned(rng):
    photo = grey("coffee")
    place = templates.choose(photo, rng)
    template = templates.piece(photo, place)
    assert template.shape == (48, 48) and template.std() >= templates.PLAIN
    np.testing.assert_array_equal(templates.find(template, photo), place)
    np.testing.assert_array_equal(templates.find(template, photo // 2), place)  # brightness and contrast do not matter
    turned = Change(degrees=90.0)
    true = turned.matrix(photo) @ (*place, 1)
    assert not templates.near(templates.find(template, turned.apply(photo, rng)), true)


def test_a_plain_photo_gives_its_least_plain_piece(rng):
    photo = np.full((200, 240), 90, np.uint8)
    photo[100:, :] = 100
    assert 0 < templates.piece(photo, templates.choose(photo, rng)).std() < templates.PLAIN


@pytest.mark.parametrize("name", ["turned by 45", "scaled by 1.5", "scaled by 0.6"])
def test_keypoints_agree_on_the_motion(name, rng):
    photo, change = grey("astronaut"), CHANGES[name]
    a, b = keypoints.features(photo), keypoints.features(change.apply(photo, rng))
    agreement = keypoints.agree(a, b)
    assert agreement.inliers.sum() > 30
    for corner in ((60, 50), (180, 50), (60, 150), (180, 150)):
        true = change.matrix(photo) @ (*corner, 1)
        assert np.linalg.norm(keypoints.moved(corner, agreement.homography) - true) < 2.0
    for match, follows in zip(agreement.matches, agreement.inliers, strict=True):
        here, there = a.keypoints[match.queryIdx].pt, b.keypoints[match.trainIdx].pt
        error = np.linalg.norm(keypoints.moved(here, agreement.homography) - there)
        assert error < 4.0 if follows else error > 2.0


def test_other_photos_do_not_agree():
    others = [keypoints.features(grey(name)) for name in ("astronaut", "cat", "coffee", "rocket")]
    for a in others:
        assert all(keypoints.agree(a, b).inliers.sum() < 15 for b in others if b is not a)


def test_images_without_keypoints_agree_on_nothing():
    plain, photo = keypoints.features(np.full((60, 60), 7, np.uint8)), keypoints.features(grey("cat"))
    for a, b in ((plain, photo), (photo, plain), (plain, plain)):
        agreement = keypoints.agree(a, b)
        assert agreement.homography is None and len(agreement.inliers) == len(agreement.matches) == 0
        assert not templates.near(keypoints.moved((3, 4), agreement.homography), np.array([3, 4]))


# Visual words


def test_counts_are_the_shares_of_the_nearest_words(rng):
    images = rng.random((3, 1, 28, 28)).astype(np.float32)
    words = rng.random((7, 144)).astype(np.float32)
    expected = np.zeros((3, 7))
    for n, image in enumerate(images[:, 0]):
        for top in range(0, 17, 2):
            for left in range(0, 17, 2):
                piece = image[top : top + 12, left : left + 12].ravel()
                expected[n, np.argmin(((words - piece) ** 2).sum(1))] += 1 / 81
    np.testing.assert_allclose(visual_words.counts(images, words, batch=2), expected, rtol=1e-6)


def test_words_are_centres_of_pieces_and_follow_from_the_seed(monkeypatch):
    """Stripes give four kinds of pieces: across and down, and at steps of 2 pixels dark or bright ones first."""
    monkeypatch.setattr(visual_words, "WORDS", 4)
    stripes = np.tile([[1.0, 1.0, 0.0, 0.0]], (28, 7)).astype(np.float32)
    images = np.stack([stripes, stripes.T] * 20)[:, None]
    both = []
    for _ in range(2):
        cv2.setRNGSeed(3)
        both.append(visual_words.learn_words(images, np.random.default_rng(0)))
    np.testing.assert_array_equal(*both)
    kinds = [stripes[:12, :12], stripes[:12, 2:14], stripes[:12, :12].T, stripes[:12, 2:14].T]
    for kind in kinds:
        assert np.abs(both[0] - kind.ravel()).max(1).min() < 1e-5


# A whole run


@pytest.mark.slow
def test_a_run_on_less(tmp_path, monkeypatch, capsys):
    photos, digits = [PHOTOS / f"{name}.jpg" for name in ("astronaut", "cat", "coffee")], load_digits()
    few = tuple(type(d)(d.images[:n], d.labels[:n]) for d, n in zip(digits, (1500, 200), strict=True))
    monkeypatch.setattr(classic_vision, "find_images", lambda paths: photos)
    monkeypatch.setattr(classic_vision, "load_digits", lambda data: few)
    monkeypatch.setattr(visual_words, "WORDS", 60)
    monkeypatch.setattr(visual_words, "SEEN", 3000)
    for name, value in {"STAGES": (3, 8), "CANDIDATES": 150, "NEGATIVES": 200}.items():
        monkeypatch.setattr(cascade, name, value)
    monkeypatch.setattr(detector, "TAUGHT", 300)
    monkeypatch.setattr(detector, "PAGES", 2)
    monkeypatch.setattr(tracking, "FRAMES", 12)
    monkeypatch.setattr("sys.argv", ["classic_vision", "--out", str(tmp_path), "--device", "cpu"])
    assert classic_vision.main() == 0
    for picture in classic_vision.PICTURES:
        assert read_image(tmp_path / f"{picture}.png").std() > 20, picture
    figures = json.loads((tmp_path / "metrics.json").read_text())
    assert 0 <= figures["kernels"] < 1e-3
    places = figures["places"]
    assert set(places) == {*CHANGES, "another photo"}
    assert places["as it is"]["template"] == 1.0 and places["turned by 45"]["template"] < 0.2
    assert all(places[name]["keypoints"] > 0.8 for name in CHANGES)
    assert places["another photo"]["most inliers"] < 0.2 * min(places[name]["inliers"] for name in CHANGES)
    digits = figures["digits"]
    assert 0.7 < digits["nearest counts of visual words"] < digits["LeNet-5"] and digits["LeNet-5"] > 0.95
    found = figures["cascade"]
    assert found["sizes"] == [3, 8] and found["detection"][-1] > 0.9
    assert found["false alarms"][1] <= found["false alarms"][0] < 0.6
    assert 3 <= found["features for a window"] < 11 and found["found"] > 0.5 * found["on the page"]
    assert figures["panorama"]["mean error"] < 0.3
    assert set(figures["tracking"]) == set(tracking.COLOURS)
    said = capsys.readouterr().out
    assert f"{digits['LeNet-5']:.1%}" in said and str(tmp_path / "words.png") in said


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").touch()
    assert "choose another folder" in refused("--out", tmp_path / "file", demo="classic_vision")
