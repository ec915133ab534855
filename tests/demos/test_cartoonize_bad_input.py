"""Whatever a person gets wrong is answered by one line that says what and how to mend it."""

import numpy as np
import pytest
from PIL import Image

from stylize import read_manifest, write_image

from .runner import PHOTOS, TINY, call, call_here, refused

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


def test_many_photos_of_which_few_differ(tmp_path):
    """Sixteen photos ask for four to test with; a burst has fewer, and it is trained with one, now and on --resume."""
    photos, out, rng = tmp_path / "photos", tmp_path / "out", np.random.default_rng(0)
    photos.mkdir()
    scenes = [rng.integers(0, 256, (5, 6, 3), dtype=np.uint8).repeat(8, axis=0).repeat(8, axis=1) for _ in range(3)]
    for shift in range(14):
        write_image(photos / f"burst-{shift}.png", scenes[0] // 2 + shift)
    for number, scene in enumerate(scenes[1:]):
        write_image(photos / f"{number}.png", scene)
    write_image(photos / "tiny.png", scenes[1][:12, :12])
    for steps, how in ((2, ()), (4, ("--resume",))):
        learn = ("--photos", photos, "--out", out, "--steps", steps, *how)
        status, _, stderr = call_here(*learn, *(() if how else ("--size", 32, "--batch", 1)), "--device", "cpu")
        assert status == 0, stderr
        assert "cartoonize: skipped tiny.png: 12 x 12 pixels is too small" in stderr
    pairs = [record for record in read_manifest(out / "pairs") if record["status"] == "done"]
    assert len(pairs) == 16 and {pair["options"]["minimum_test"] for pair in pairs} == {1}
    assert {pair["split"] for pair in pairs} == {"train", "test"}


def test_an_altered_pair_is_drawn_again_as_the_message_advises(tmp_path):
    learn = ("--out", tmp_path, "--device", "cpu")
    assert call_here(*learn, "--size", 32, "--batch", 1, "--steps", 2)[0] == 0
    pair = next((tmp_path / "pairs" / "train").iterdir())
    before = pair.read_bytes()
    pair.write_bytes(b"altered")
    line = refused(*learn, "--resume", "--steps", 3)
    assert f"{pair} was altered" in line and "move it away and go on with --resume" in line
    pair.rename(tmp_path.with_name("mine.png"))
    assert call_here(*learn, "--resume", "--steps", 3)[0] == 0 and pair.read_bytes() == before


def test_an_animation_among_the_photos_is_noted(tmp_path):
    frames = [Image.fromarray(np.full((64, 64, 3), value, np.uint8)) for value in (50, 200)]
    frames[0].save(tmp_path / "moves.gif", save_all=True, append_images=frames[1:])
    learn = ("--photos", tmp_path, PHOTOS / "cat.jpg", PHOTOS / "coffee.jpg", "--out", tmp_path.with_name("run"))
    status, _, stderr = call_here(*learn, "--size", 32, "--batch", 1, "--steps", 1, "--device", "cpu")
    assert status == 0 and "cartoonize: moves.gif: an animation of 2 frames; only the first is drawn\n" in stderr


def test_resume_without_a_run(tmp_path):
    assert "there is no file" in refused("--out", tmp_path, "--resume")


def test_resume_from_a_broken_checkpoint(tmp_path):
    (tmp_path / "checkpoint.safetensors").write_bytes(b"half a che")
    assert "cut short" in refused("--out", tmp_path, "--resume")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--size", 97), "nearest it can is 96"),
        (("--size", 100), "nearest it can is 96"),
        (("--size", 8), "nearest it can is 32"),
        (("--size", 72, "--preset", "full"), "nearest it can is 64"),
        (("--size", 98, "--generator", "stroke-unet"), "nearest it can is 96"),
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
