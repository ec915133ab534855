"""Whatever a person gets wrong is answered by one line that says what and how to mend it."""

import numpy as np
import pytest

from stylize import write_image

from .runner import PHOTOS, TINY, call, refused

pytestmark = pytest.mark.slow


def test_empty_folder(tmp_path):
    assert "no image files" in refused("--photos", tmp_path, "--out", tmp_path / "out", *TINY)


def test_missing_folder(tmp_path):
    assert "nowhere" in refused("--photos", tmp_path / "nowhere", "--out", tmp_path / "out", *TINY)


def test_nothing_readable(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "text.jpg").write_text("not a picture")
    (photos / "cut.jpg").write_bytes((PHOTOS / "cat.jpg").read_bytes()[:20000])
    write_image(photos / "dot.png", np.zeros((1, 1, 3), np.uint8))
    line = refused("--photos", photos, "--out", tmp_path / "out", *TINY)
    assert "0 usable photos" in line


def test_photos_smaller_than_a_crop(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for name in "abc":
        write_image(tmp_path / "photos" / f"{name}.png", rng.integers(0, 255, (20, 24, 3), np.uint8))
    assert "smaller than a crop of 32x32" in refused("--photos", tmp_path / "photos", "--out", tmp_path / "out", *TINY)


def test_resume_without_a_run(tmp_path):
    assert "there is no file" in refused("--out", tmp_path, "--resume")


def test_resume_from_a_broken_checkpoint(tmp_path):
    (tmp_path / "checkpoint.safetensors").write_bytes(b"half a che")
    assert "cut short" in refused("--out", tmp_path, "--resume")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--size", 97), "nearest it can is 96"),
        (("--size", 100, "--generator", "unet"), "nearest it can is 128"),
        (("--steps", 0), "at least 1"),
        (("--size", 32, "--batch", 1000), "smaller one"),
        (("--style", "tune"), "toon"),
    ],
)
def test_options_out_of_range(options, expected, tmp_path):
    assert expected in refused("--out", tmp_path, *options)


def test_gpu_asked_for_and_absent(tmp_path):
    from nnlite import gpu_available

    if gpu_available():
        pytest.skip("there is a GPU here")
    assert "no GPU here" in refused("--out", tmp_path, "--device", "gpu")


def test_opencv_without_its_system_library(tmp_path):
    broken = 'raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")'
    (tmp_path / "cv2.py").write_text(broken)
    line = refused("--out", tmp_path / "out", env={"PYTHONPATH": f"{tmp_path}:{PHOTOS.parents[2]}"})
    assert "libgl1" in line and "opencv-python-headless" in line


def test_help_needs_no_run():
    for arguments in (("--help",), ("apply", "--help")):
        status, stdout, _ = call(*arguments)
        assert status == 0 and "usage" in stdout
