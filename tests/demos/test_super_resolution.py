"""Pairs of small and large photos, tiles, figures, the course of a run, and the program at a tiny size."""

import json
import re
import signal

import numpy as np
import pytest

import nnlite
from demos.shared.images import to_image
from demos.shared.options import BUNDLED
from demos.shared.program import UserError
from demos.super_resolution import __main__ as program
from demos.super_resolution import judge
from demos.super_resolution.enlarge import bicubic, enlarge, enlarge_file, load_generator, save_generator
from demos.super_resolution.photos import SHORT_SIDE, make_pair, split_pairs, training_batches
from models.srgan import SRGAN, ContentModel, SRResNet
from stylize import FileError, read_image, write_image
from stylize.images import resize
from stylize.marks import read_mark
from stylize.video_reader import VideoReader
from stylize.video_writer import VideoWriter

from .runner import PHOTOS, call, call_here, refused, start
from .test_autoencoding import AfterTwo

TINY = ("--width", 4, "--blocks", 1, "--batch", 2, "--crop", 8, "--device", "cpu")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder with parts of three photos, of odd sizes."""
    folder = tmp_path_factory.mktemp("photos")
    for name, (height, width) in {"astronaut": (133, 150), "coffee": (141, 130), "parrot": (136, 164)}.items():
        write_image(folder / f"{name}.png", read_image(PHOTOS / f"{name}.jpg")[100:, 100:][:height, :width])
    return folder


def untidy(rng, blocks=2):
    """A generator that changes what it enlarges by far more than a level."""
    generator = SRResNet(4, blocks)
    generator.up[3].weight.data[...] = rng.normal(0, 0.2, generator.up[3].weight.shape)
    return generator


# Pairs and crops


def test_a_small_photo_is_pytorchs(torch, rng):
    photo = rng.integers(0, 256, (90, 131, 3), np.uint8)
    small, large = make_pair(photo)
    np.testing.assert_array_equal(large, photo[:88, :128])
    x = torch.tensor(large).permute(2, 0, 1)[None].double()
    expected = torch.nn.functional.interpolate(x, scale_factor=0.25, mode="bicubic", antialias=True)
    expected = expected[0].permute(1, 2, 0).numpy()
    assert small.dtype == np.uint8 and small.shape == (22, 32, 3)
    assert np.abs(small - expected.clip(0, 255)).max() < 0.51


def test_bicubic_enlargement_is_pytorchs(torch, rng):
    small = rng.integers(0, 256, (9, 14, 3), np.uint8)
    x = torch.tensor(small).permute(2, 0, 1)[None].double()
    expected = torch.nn.functional.interpolate(x, scale_factor=4, mode="bicubic", antialias=True)
    assert (expected < 0).any() and (expected > 255).any()
    assert np.abs(bicubic(small) - expected[0].permute(1, 2, 0).numpy().clip(0, 255)).max() < 0.51


def test_large_photos_are_shrunk_and_small_ones_never_enlarged(rng):
    for height, width, expected in ((600, 900, (512, 768)), (300, 451, (300, 448))):
        assert make_pair(np.zeros((height, width, 3), np.uint8))[1].shape[:2] == expected


def test_no_photo_is_both_trained_and_judged_on():
    train, held_out = split_pairs([BUNDLED], 128)
    assert len(train) == 14 and len(held_out) == 4
    assert not {large.tobytes() for _, large in train} & {large.tobytes() for _, large in held_out}


def test_photos_that_a_crop_does_not_fit_into_are_left_out(photos, tmp_path, rng):
    for name in "abc":
        write_image(tmp_path / f"{name}.png", rng.integers(0, 255, (100, 300, 3), np.uint8))
    train, held_out = split_pairs([photos, tmp_path], 128)
    assert len(train) + len(held_out) == 3
    with pytest.raises(UserError, match="3 of 3 photos are smaller than 128x128"):
        split_pairs([tmp_path], 128)
    with pytest.raises(UserError, match="0 of 1 photos are smaller than 16x16, and two are needed"):
        split_pairs([tmp_path / "a.png"], 16)


def test_two_photos_are_enough_for_the_largest_crops_and_batches(tmp_path, rng):
    for name in "ab":
        write_image(tmp_path / f"{name}.png", rng.integers(0, 255, (640, 640, 3), np.uint8))
    train, held_out = split_pairs([tmp_path], SHORT_SIDE)
    assert len(train) == len(held_out) == 1
    for crop, batch in ((128, 1), (8, 64)):
        small, large = next(training_batches(train, crop, batch, 0, "cpu").batches())
        assert small.shape == (batch, 3, crop, crop) and large.shape == (batch, 3, 4 * crop, 4 * crop)


def test_crops_show_one_place_in_both_sizes():
    """In one photo each pixel says where it is; crops are found by that, turned and mirrored alike."""
    y, x = np.mgrid[:40, :60]
    small = np.stack([y, x, 0 * x], 2).astype(np.uint8)
    large = small.repeat(4, axis=0).repeat(4, axis=1)
    turned, corners = set(), set()
    for step, batch in enumerate(training_batches([(small, large)], 8, 4, 0, "cpu").batches()):
        if step == 30:
            break
        assert [images.shape for images in batch] == [(4, 3, 8, 8), (4, 3, 32, 32)]
        for a, b in zip(*(images.numpy() for images in batch), strict=True):
            a, b = to_image(a), to_image(b)
            np.testing.assert_array_equal(a.repeat(4, axis=0).repeat(4, axis=1), b)
            rows, columns = a[..., 0].astype(int), a[..., 1].astype(int)
            assert np.ptp(rows) == np.ptp(columns) == 7
            corners.add((rows.min(), columns.min()))
            turned.add((rows[0, 0] < rows[-1, -1], columns[0, 0] < columns[-1, -1], rows[0, 0] == rows[0, 1]))
    assert len(turned) == 8 and len(corners) > 100


# Tiles


@pytest.mark.parametrize(("height", "width", "tile"), [(21, 30, 8), (17, 40, 16), (12, 9, 5), (10, 10, 10)])
def test_tiles_leave_no_seams(rng, height, width, tile):
    """They are the image of the whole photo, but for rounding of a value half way between two levels."""
    photo, generator = rng.integers(0, 256, (height, width, 3), np.uint8), untidy(rng)
    with nnlite.no_grad():
        x = nnlite.Tensor((photo / 127.5 - 1).transpose(2, 0, 1)[None].astype(np.float32))
        whole = to_image(generator(x).numpy()[0])
    assert np.abs(whole.astype(int) - bicubic(photo)).max() > 20
    tiled = enlarge(photo, generator, "cpu", tile)
    assert tiled.shape == (4 * height, 4 * width, 3) and tiled.dtype == np.uint8
    difference = np.abs(tiled.astype(int) - whole)
    assert difference.max() <= 1 and (difference > 0).mean() < 1e-3


# Figures


def test_figures_of_equal_images_and_of_the_border(rng):
    photo = rng.integers(0, 256, (40, 50, 3), np.uint8)
    framed = photo.copy()
    framed[:4], framed[-4:], framed[:, :4], framed[:, -4:] = 0, 0, 0, 0
    assert judge.compare([framed], [photo]) == {"psnr": np.inf, "ssim": 1.0, "sharpness": 1.0}
    framed[4, 4] = 255 - photo[4, 4]
    assert np.isfinite(judge.psnr([framed], [photo]))


def test_figures_are_means_over_photos(rng):
    originals = [np.full((30, 40, 3), 100, np.uint8), rng.integers(50, 200, (24, 24, 3)).astype(np.uint8)]
    for image in originals:
        image[::2] += 3  # nothing is flat
    images = [image + np.uint8(by) for image, by in zip(originals, (1, 5), strict=True)]
    expected = np.mean([20 * np.log10(255 / 1), 20 * np.log10(255 / 5)])
    figures = judge.compare(images, originals)
    assert figures["psnr"] == pytest.approx(expected) == pytest.approx(judge.psnr(images, originals))
    assert figures["sharpness"] == pytest.approx(1.0) and 0.9 < figures["ssim"] < 1.0


def test_sharpness_is_the_slope_of_a_ramp():
    y, x = np.mgrid[:20, :30]
    ramp = np.repeat((3.0 * y + 4.0 * x)[:, :, None], 3, axis=2)
    assert judge.sharpness(ramp) == pytest.approx(5.0)


def test_the_richest_detail_is_shown(rng):
    large = np.full((256, 384, 3), 90, np.uint8)
    large[128:, 256:] = rng.integers(0, 256, (128, 128, 3))
    assert judge.richest(large) == (32, 64)
    small = large[::4, ::4]
    [[repeated, same, original]] = judge.details([(small, large)], [large])
    np.testing.assert_array_equal(original, large[128:, 256:])
    np.testing.assert_array_equal(same, original)
    np.testing.assert_array_equal(repeated[::4, ::4], small[32:, 64:])
    assert (repeated[:4, :4] == repeated[0, 0]).all()


# The course of a run


def test_stages_follow_one_another(photos, tmp_path, monkeypatch):
    """The second starts from the first's weights, which it leaves alone; in each, rates fall from theirs to 0."""
    seen = []
    for kind, names in ((ContentModel, ["optimizer"]), (SRGAN, ["generator_optimizer", "discriminator_optimizer"])):

        def noted(self, *batch, train_step=kind.train_step, names=names):
            rates = [getattr(self, name).param_groups[0]["lr"] for name in names]
            weights = {name: value.numpy().copy() for name, value in self.generator.state_dict().items()}
            seen.append((type(self), rates, weights))
            return train_step(self, *batch)

        monkeypatch.setattr(kind, "train_step", noted)
    arguments = ("--photos", photos, "--out", tmp_path, "--steps", 5, "--content-steps", 3, *TINY)
    monkeypatch.setattr("sys.argv", ["super_resolution", *map(str, arguments)])
    assert program.main() == 0
    kinds, rates, weights = zip(*seen, strict=True)
    assert kinds == (ContentModel,) * 3 + (SRGAN,) * 2
    np.testing.assert_allclose(np.ravel(rates[:3]), program.CONTENT_LR * np.array([1, 2 / 3, 1 / 3]))
    np.testing.assert_allclose(rates[3], [program.GENERATOR_LR, program.DISCRIMINATOR_LR])
    np.testing.assert_allclose(rates[4], np.array(rates[3]) / 2)
    content = nnlite.load(tmp_path / "srresnet.safetensors")
    assert all(np.array_equal(content[name].numpy(), value) for name, value in weights[3].items())
    rows = np.genfromtxt(tmp_path / "losses.csv", delimiter=",", names=True)
    assert rows.dtype.names == ("step", "content", "adversarial", "discriminator") and (rows["content"] > 0).all()
    for name in ("adversarial", "discriminator"):
        assert (rows[name][:3] == 0).all() and (rows[name][3:] != 0).all()


@pytest.mark.slow
def test_a_run(photos, tmp_path, monkeypatch, capsys):
    """It writes what it promises; figures are those of the saved weights; stopped in either stage, it goes on as if
    never stopped."""

    def call_here(out, *arguments, status=0):
        arguments = ("--out", tmp_path / out, "--photos", photos, *arguments)
        monkeypatch.setattr("sys.argv", ["super_resolution", *map(str, arguments)])
        assert program.main() == status
        return tmp_path / out, capsys.readouterr()

    course = ("--steps", 6, "--content-steps", 3, *TINY)
    out, said = call_here("whole", *course)
    for picture in ("enlarged.png", "losses.png", "progress.png"):
        assert read_image(out / picture).std() > 5, picture
    figures = json.loads((out / "metrics.json").read_text())
    _, [(small, large)] = split_pairs([photos], 128)
    assert (figures["photos"], figures["held_out_photos"]) == (2, 1)
    images = [bicubic(small)]
    for name in ("srresnet", "srgan"):
        images.append(enlarge(small, load_generator(out / f"{name}.safetensors"), "cpu"))
    for name, image in zip(program.NAMES, images, strict=True):
        assert figures[name] == pytest.approx(judge.compare([image], [large])), name
        assert f"{figures[name]['psnr']:.2f}" in said.out
    assert "1 photo never seen" in said.out
    assert not np.array_equal(images[1], images[2])

    with monkeypatch.context() as patch:
        patch.setattr("demos.shared.run.Interrupt", AfterTwo)
        _, said = call_here("stopped", *course, status=130)
        assert f"--resume --photos {photos}" in said.err
        call_here("stopped", "--resume", status=130)  # after the fourth step, in the second stage
    stopped, _ = call_here("stopped", "--resume")
    for file in ("losses.csv", "validation.csv", "enlarged.png", "srgan.safetensors"):
        assert (stopped / file).read_bytes() == (out / file).read_bytes(), file


@pytest.mark.slow
def test_ctrl_c_saves_and_says_how_to_go_on(photos, tmp_path):
    process = start(
        *("--photos", photos, "--out", tmp_path, "--steps", 5000, "--content-steps", 4000, *TINY),
        demo="super_resolution",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    seen = ""
    while not re.search(r" [1-9]\d*/5000 ", seen):
        character = process.stderr.read(1)
        assert character, f"it ended before it could be stopped: {seen}"
        seen += character
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=120)
    assert process.returncode == 130 and "Traceback" not in rest, rest
    assert f"demos.super_resolution --resume --photos {photos}" in rest
    assert nnlite.load(tmp_path / "checkpoint.safetensors")["progress"]["step"] > 0


# A photo of one's own


@pytest.mark.slow
def test_apply(photos, tmp_path, rng):
    generator, model, out = untidy(rng, 1), tmp_path / "srgan.safetensors", tmp_path / "large.png"
    save_generator(generator, model, {"width": 4, "blocks": 1})
    photo = photos / "coffee.png"
    status, stdout, stderr = call("apply", photo, "--model", model, "--out", out, demo="super_resolution")
    assert status == 0, stderr
    assert str(out) in stdout
    np.testing.assert_array_equal(read_image(out), enlarge(read_image(photo), generator, "cpu"))

    def refuse(*arguments):
        return refused("apply", *arguments, demo="super_resolution")

    before = photo.read_bytes()
    assert "is the input itself" in refuse(photo, "--model", model, "--out", photo)
    assert photo.read_bytes() == before
    assert "no such file" in refuse(tmp_path / "none.png", "--model", model).lower()
    assert "there is no file" in refuse(photo, "--model", tmp_path / "none.safetensors")
    nnlite.save({"weight": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    assert "expected srgan.safetensors" in refuse(photo, "--model", tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    ("out", "expected"),
    [
        ("large.gif", r"cannot write '\.gif' images; use one of \.png"),
        ("large", "cannot write '' images"),
        ("nowhere/large.png", "nowhere is not a folder"),
        ("srgan.safetensors/large.png", "srgan.safetensors is not a folder"),
        ("folder.png", "is a folder; name a file in it"),
    ],
)
def test_a_bad_place_is_refused_before_the_work(out, expected, photos, tmp_path, rng, monkeypatch):
    save_generator(untidy(rng, 1), tmp_path / "srgan.safetensors", {"width": 4, "blocks": 1})
    (tmp_path / "folder.png").mkdir()
    enlarged = []
    monkeypatch.setattr("demos.super_resolution.enlarge.enlarge", lambda *_, **__: enlarged.append(True))
    with pytest.raises(FileError, match=expected):
        enlarge_file(photos / "coffee.png", tmp_path / "srgan.safetensors", tmp_path / out, "cpu")
    assert not enlarged


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--steps", 5, "--content-steps", 5), "leaves none after --content-steps 5"),
        (("--batch", 65), "--batch must be at most 64"),
        (("--crop", 129), "--crop must be at most 128, got 129"),
        (("--photos", "nowhere"), "nowhere"),
        (("--preset", "huge"), "quick"),
    ],
)
def test_bad_options(options, expected, tmp_path):
    assert expected in refused("--out", tmp_path / "out", *options, demo="super_resolution")


@pytest.mark.slow
def test_bad_photos(tmp_path):
    def refuse(*sources, out=tmp_path / "out"):
        return refused("--photos", *sources, "--out", out, demo="super_resolution")

    (tmp_path / "empty").mkdir()
    assert "no photos in" in refuse(tmp_path / "empty")
    (tmp_path / "text.jpg").write_text("not a picture")
    assert "text.jpg: not a readable image" in refuse(PHOTOS, tmp_path / "text.jpg")
    assert "choose another folder with --out" in refuse(PHOTOS, out=tmp_path / "text.jpg" / "out")


def test_apply_replaces_only_its_own_picture(photos, tmp_path, rng):
    model, photo, out = tmp_path / "srgan.safetensors", photos / "coffee.png", tmp_path / "large.png"
    save_generator(untidy(rng, 1), model, {"width": 4, "blocks": 1})
    for _ in range(2):
        enlarge_file(photo, model, out, "cpu")
        assert read_mark(out) == "demos.super_resolution apply"
    write_image(out, read_image(photo))
    before = out.read_bytes()
    with pytest.raises(FileError, match=r"not written by python -m demos\.super_resolution apply.*--overwrite"):
        enlarge_file(photo, model, out, "cpu")
    assert out.read_bytes() == before
    enlarge_file(photo, model, out, "cpu", overwrite=True)
    assert read_mark(out) == "demos.super_resolution apply"


def test_apply_to_a_video_is_each_frame_enlarged(tmp_path, rng):
    generator, model, out = untidy(rng, 1), tmp_path / "srgan.safetensors", tmp_path / "large.avi"
    save_generator(generator, model, {"width": 4, "blocks": 1})
    clip = tmp_path / "clip.avi"
    with VideoWriter(clip, 10.0, "a test") as writer:
        for k in range(3):
            writer.write(np.roll(resize(read_image(PHOTOS / "coffee.jpg"), 48, 32), 4 * k, axis=1), 1)
    status, stdout, stderr = call_here(
        "apply", "--video", clip, "--model", model, "--out", out, demo="super_resolution"
    )
    assert status == 0, stderr
    assert "3 frames" in stdout and "four times" in stdout
    with VideoReader(clip) as small, VideoReader(out) as large:
        frames = [[frame for frame, _ in video.pictures() if frame is not None] for video in (small, large)]
        assert large.fps == 10.0
    assert len(frames[1]) == 3
    for frame, found in zip(*frames, strict=True):
        expected = enlarge(frame, generator, "cpu")
        assert found.shape == expected.shape == (128, 192, 3)
        assert np.abs(found.astype(int) - expected).mean() < 12  # what the codec loses
    again = refused("apply", clip, "--video", clip, "--model", model, demo="super_resolution")
    assert "one photo, or --video" in again
    assert "no such file" in refused(
        "apply", "--video", tmp_path / "none.mp4", "--model", model, demo="super_resolution"
    )
