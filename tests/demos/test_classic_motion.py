"""Panorama and tracking against homographies and paths that are known."""

import cv2
import numpy as np
import pytest

from demos.classic_vision import panorama, tracking
from stylize import read_image

from .runner import PHOTOS

SHIFT = np.array([[1.0, 0.0, 30.0], [0.0, 1.0, -12.0], [0.0, 0.0, 1.0]])


def test_a_homography_of_a_view_to_itself_is_the_identity():
    view = cv2.resize(read_image(PHOTOS / "coffee.jpg"), panorama.VIEW)
    np.testing.assert_allclose(panorama.to_middle(view, view), np.eye(3), atol=1e-4)


def test_views_without_anything_in_common_are_refused():
    plain = np.full((256, 256, 3), 90, np.uint8)
    with pytest.raises(ValueError, match="let them overlap more"):
        panorama.to_middle(plain, plain)


def test_errors_are_the_distances_in_the_overlap():
    off = SHIFT.copy()
    off[:2, 2] += (3.0, 4.0)
    errors = panorama.overlap_errors(off, SHIFT)
    assert len(errors) == (256 - 30) * (256 - 12)
    np.testing.assert_allclose(errors, 5.0)


def test_views_show_the_photo_where_their_matrices_say():
    photo = np.zeros((200, 300, 3), np.uint8)
    photo[98:103, 148:153] = 255
    matrix = panorama.view_matrices(photo)[panorama.MIDDLE]
    view = panorama.take_view(photo, matrix, 1.0)
    spot = np.argwhere(view[..., 0] > 100).mean(0)[::-1]
    np.testing.assert_allclose(spot, panorama.move([(150, 100)], matrix)[0], atol=1.0)


def test_the_mosaic_has_no_seam_and_evens_out_the_light():
    """Views of an even grey in different lights: the mosaic is of the middle one's light all over, on white."""
    views = [np.full((256, 256, 3), level, np.uint8) for level in (60, 120, 90)]
    left, right = SHIFT.copy(), SHIFT.copy()
    left[0, 2], right[0, 2] = -128.0, 128.0
    picture = panorama.mosaic(views, [left, np.eye(3), right])
    grey = picture[(picture < 255).all(-1)]
    assert 119 <= grey.min() and grey.max() <= 121
    assert len(grey) > 0.9 * picture.shape[0] * picture.shape[1]


def test_the_photo_comes_back_from_its_views(tmp_path):
    figures = panorama.compare(read_image(PHOTOS / "mountain-path.jpg"), tmp_path / "panorama.png")
    assert figures["mean error"] < 0.3 and figures["largest error"] < 1.5
    assert read_image(tmp_path / "panorama.png").std() > 20


def photo():
    return cv2.resize(cv2.cvtColor(read_image(PHOTOS / "cat.jpg"), cv2.COLOR_RGB2GRAY), (385, 256))


def test_the_place_is_where_the_true_path_says(rng, monkeypatch):
    monkeypatch.setattr(tracking, "FRAMES", 5)
    spot = np.zeros((256, 385), np.uint8)
    spot[95:100, 145:150] = 255
    frames, path = tracking.make_clip(spot, np.array([147, 97]), rng)
    assert len(frames) == len(path) == 5
    for frame, place in zip(frames, path, strict=True):
        blurred = cv2.GaussianBlur(frame.astype(np.float32), None, 2.0)
        assert np.linalg.norm(np.array(cv2.minMaxLoc(blurred)[3]) - place) < 1.5


def test_all_follow_a_scene_that_only_moves(rng, monkeypatch):
    for name, value in {"FRAMES": 40, "TURN": 0.0, "GROWTH": 1.0, "DARKEST": 1.0, "NOISE": 0.0}.items():
        monkeypatch.setattr(tracking, name, value)
    frames, true = tracking.make_clip(photo(), np.array([147, 97]), rng)
    start = np.rint(true[0]).astype(int)
    fixed = tracking.by_template(frames, start, renewed=False)
    assert np.abs(fixed - true).max() <= 1.0
    assert np.linalg.norm(tracking.by_flow(frames, start) - true, axis=1).max() < 1.0


def test_the_flow_of_a_plain_scene_stays_put():
    plain = [np.full((200, 240), 90, np.uint8)] * 3
    np.testing.assert_array_equal(tracking.by_flow(plain, np.array([120, 100])), [[120, 100]] * 3)
