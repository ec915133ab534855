"""The main job end to end at a tiny size: what it writes and measures, and that stopping changes nothing."""

import csv
import json
import re
import signal

import numpy as np
import pytest

import nnlite
from demos.cartoonize import evaluate
from demos.cartoonize.crops import variations
from stylize import load_pairs, read_image, read_manifest, stylize

from .runner import PHOTOS, TINY, call, call_here, refused, start

pytestmark = pytest.mark.slow


def test_writes_everything_it_promises(trained):
    out, stdout = trained
    assert len(load_pairs(out / "pairs", "train")) + len(load_pairs(out / "pairs", "test")) == 6
    assert len(list((out / "samples").glob("*.png"))) >= 5
    for picture in ("losses.png", "test.png", *(out / "samples").glob("*.png")):
        assert read_image(out / picture).std() > 10  # something is drawn there
    with open(out / "losses.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == list(range(1, 61))
    assert all(float(row[name]) > 0 for row in rows for name in ("discriminator", "adversarial", "l1"))
    metadata = nnlite.load_metadata(out / "generator.safetensors")
    assert (metadata["generator"], metadata["style"]) == ("painter", "toon")
    assert (metadata["short_side"], metadata["strokes"]) == ("64", "96")
    assert str(out) in stdout and "apply" in stdout
    assert not list(out.rglob("*.partial*")) and not list(out.rglob("*.tmp"))


def test_metrics_are_those_of_the_test_photos(trained):
    out, _ = trained
    figures = json.loads((out / "metrics.json").read_text())
    crops = []
    for _, photo, cartoon in load_pairs(out / "pairs", "test"):
        height, width = photo.shape[:2]
        boxes = [(t, left) for t in range(0, height - 31, 32) for left in range(0, width - 31, 32)]
        crops += [(photo[t : t + 32, s : s + 32] / 255, cartoon[t : t + 32, s : s + 32] / 255) for t, s in boxes]
    assert figures["test_crops"] == len(crops)
    assert figures["steps"] == 60 and figures["seconds"] > 0
    assert figures["untouched"]["l1"] == pytest.approx(np.mean([np.abs(a - b).mean() for a, b in crops]))
    decibels = [-10 * np.log10(((a - b) ** 2).mean()) for a, b in crops]
    assert figures["untouched"]["psnr"] == pytest.approx(np.mean(decibels))
    assert 0 < figures["untouched"]["ssim"] < 1
    assert 0 < figures["target"]["ink_percent"] < 20 and figures["target"]["flat_share_way"] == 1
    assert "two_sample" not in figures  # that test is for `judge`


def test_no_test_photo_is_trained_on(trained):
    out, _ = trained
    records = [json.loads(line) for line in (out / "pairs" / "manifest.jsonl").read_text().splitlines()]
    splits = {split: {r["sha256"] for r in records if r["split"] == split} for split in ("train", "test")}
    assert splits["train"] and splits["test"] and not splits["train"] & splits["test"]


def test_ctrl_c_and_resume_equal_never_stopping(photos, trained, tmp_path):
    """A real SIGINT in the middle of an epoch, resumed in a fresh process: the same bits."""
    out = tmp_path / "stopped"
    process = start("--photos", photos, "--out", out, *TINY)
    seen = ""
    while not re.search(r" ([5-9]|1\d)/60 ", seen):
        character = process.stderr.read(1)
        assert character, f"it ended before it could be stopped: {seen}"
        seen += character
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=120)
    assert process.returncode == 130, rest
    assert "--resume" in rest and "Traceback" not in rest
    stopped_at = nnlite.load(out / "checkpoint.safetensors")["progress"]["step"]
    assert 5 <= stopped_at < 45  # 5 photos, 6 orders of colours, 3 crops of each, batches of 2: an epoch has 45 steps

    status, _, stderr = call("--photos", photos, "--out", out, "--resume")
    assert status == 0, stderr
    whole, _ = trained
    for file in ("losses.csv", "test.png"):
        assert (out / file).read_bytes() == (whole / file).read_bytes(), file
    for file in ("generator.safetensors", "checkpoint.safetensors"):  # the order of their metadata is not fixed
        ours, theirs = (flat(nnlite.load(folder / file)) for folder in (out, whole))
        assert ours.keys() == theirs.keys()
        for name in ours.keys() - {"progress/seconds"}:
            np.testing.assert_array_equal(np.asarray(ours[name]), np.asarray(theirs[name]), err_msg=name)


def flat(state, prefix=""):
    items = [flat(v, f"{prefix}{k}/") if isinstance(v, dict) else {f"{prefix}{k}": v} for k, v in state.items()]
    return {name: value for item in items for name, value in item.items()}


def test_other_seed_other_run(photos, trained, tmp_path):
    status, _, stderr = call_here("--photos", photos, "--out", tmp_path, *TINY, "--steps", 10, "--seed", 5)
    assert status == 0, stderr
    first = (trained[0] / "losses.csv").read_text().splitlines()[1]
    assert (tmp_path / "losses.csv").read_text().splitlines()[1] != first


def test_isolas_unet_trains(photos, tmp_path):
    status, _, stderr = call_here("--photos", photos, "--out", tmp_path, *TINY, "--steps", 3, "--generator", "unet")
    assert status == 0, stderr
    assert nnlite.load_metadata(tmp_path / "generator.safetensors")["generator"] == "unet"


def test_a_preset_is_a_set_of_defaults(photos, tmp_path):
    full = ("--preset", "full", "--size", 64, "--steps", 2)
    status, _, stderr = call_here("--photos", photos, "--out", tmp_path, *TINY, *full)
    assert status == 0, stderr
    metadata = nnlite.load_metadata(tmp_path / "generator.safetensors")
    assert (metadata["short_side"], metadata["strokes"]) == ("96", "96")  # 1.5 crops of 64
    assert json.loads(metadata["recipe"])["batch"] == 2  # given, so not the preset's
    assert "--preset quick (was full)" in refused("--out", tmp_path, "--resume", "--preset", "quick")


def test_photos_may_come_from_several_places(photos, tmp_path):
    two = [photos / "cat.jpg", photos / "parrot.jpg"]
    status, _, stderr = call_here("--photos", *two, PHOTOS / "fig.jpg", "--out", tmp_path, *TINY, "--steps", 1)
    assert status == 0, stderr
    assert {r["source"] for r in read_manifest(tmp_path / "pairs")} == {"cat.jpg", "parrot.jpg", "fig.jpg"}


def test_judge_finds_the_photos_held_out(photos, trained, tmp_path):
    out, _ = trained
    status, stdout, stderr = call(
        "judge", "--model", out / "generator.safetensors", "--photos", photos, "--out", tmp_path
    )
    assert status == 0, stderr
    figures = json.loads((out / "metrics.json").read_text())
    row = next(line for line in stdout.splitlines() if line.startswith("generated")).split()
    for name, shown in zip(("l1", "psnr", "ssim"), row[1:], strict=False):  # weights in half precision
        assert float(shown) == pytest.approx(figures["generated"][name], rel=1e-2), name
    assert f"{figures['test_crops']} crops of {figures['test_photos']} photo" in stdout
    assert "frames a second" in stdout and "The two-sample test needs at least 3 held-out photos" in stdout
    for picture in ("judged.png", "sheet-1.jpg"):
        assert read_image(tmp_path / picture).std() > 10


def test_judge_refuses_photos_it_was_trained_on(photos, trained, tmp_path):
    out, _ = trained
    seen = next(r["source"] for r in read_manifest(out / "pairs") if r["split"] == "train")
    line = refused("judge", "--model", out / "generator.safetensors", "--photos", photos / seen, "--out", tmp_path)
    assert "held out" in line and not (tmp_path / "judged.png").exists()


def test_variations_are_drawn_after_they_were_recoloured_and_shrunk():
    photo = read_image(PHOTOS / "cat.jpg")[:96, :128]
    whole = variations([photo], "toon", 0.5, 32, 1.0, seed=0)
    assert len({image.tobytes() for image, _ in whole}) == 6
    for image, cartoon in whole:
        assert sorted(image.reshape(-1, 3).sum(0)) == sorted(photo.reshape(-1, 3).sum(0))
        np.testing.assert_array_equal(cartoon, stylize(image, "toon", 0.5))
    shrunk = variations([photo], "toon", 0.5, 64, 0.1, seed=0)
    sides = [min(image.shape[:2]) for image, _ in shrunk]
    assert 64 <= min(sides) < max(sides) <= 96
    for image, cartoon in shrunk:
        np.testing.assert_array_equal(cartoon, stylize(image, "toon", 0.5))


def test_refuses_to_train_over_a_training(photos, trained):
    before = (trained[0] / "checkpoint.safetensors").read_bytes()
    assert "--resume" in refused("--photos", photos, "--out", trained[0], *TINY)
    assert (trained[0] / "checkpoint.safetensors").read_bytes() == before


@pytest.mark.parametrize("losses", [None, "step,discriminator,adversarial,l1\n1,a,b,c\n"], ids=["missing", "damaged"])
def test_losses_removed_or_damaged_before_resuming_are_written_again(photos, trained, tmp_path, losses):
    (tmp_path / "checkpoint.safetensors").write_bytes((trained[0] / "checkpoint.safetensors").read_bytes())
    if losses:
        (tmp_path / "losses.csv").write_text(losses)
    status, _, stderr = call_here("--photos", photos, "--out", tmp_path, "--resume")
    assert status == 0 and "Traceback" not in stderr, stderr
    assert (tmp_path / "losses.csv").read_bytes() == (trained[0] / "losses.csv").read_bytes()


def test_resume_with_other_options_is_refused(photos, trained):
    line = refused("--photos", photos, "--out", trained[0], "--resume", "--batch", 3)
    assert "--batch 3" in line and "was 2" in line


def test_nan_stops_names_the_operation_and_keeps_the_checkpoint(photos, trained, tmp_path):
    whole, _ = trained
    state = nnlite.load(whole / "checkpoint.safetensors")
    state["model"]["generator"]["last.1.weight"].array[...] = 1e38  # finite, but the first product overflows
    state["progress"]["step"] = 30
    nnlite.save(state, tmp_path / "checkpoint.safetensors")
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    line = refused("--photos", photos, "--out", tmp_path, "--resume", env={"PYTHONWARNINGS": "ignore"})
    assert "losses became" in line and "step 31" in line and "--debug" in line
    line = refused("--photos", photos, "--out", tmp_path, "--resume", "--debug", env={"PYTHONWARNINGS": "ignore"})
    assert "Conv2d made a NaN or infinity, from finite inputs" in line
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before


def test_affine_map_recovers_an_affine_map():
    rng = np.random.default_rng(0)
    photo = rng.integers(60, 190, (40, 50, 3), np.uint8)
    mix, shift = np.array([[0.7, 0.1, 0.0], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9]]), np.array([10.0, -5.0, 3.0])
    cartoon = np.rint(photo @ mix + shift).astype(np.uint8)
    matrix = evaluate.fit_affine([(photo, cartoon)])
    assert np.abs(evaluate.apply_affine(matrix, photo).astype(int) - cartoon).max() <= 1


def test_ink_f1_of_lines_drawn_beside():
    """A line found one pixel off counts; two pixels off does not; a line missing halves the recall."""
    photo = np.full((40, 40, 3), 200, np.uint8)
    cartoon, near, far = photo.copy(), photo.copy(), photo.copy()
    cartoon[10, 5:35] = near[11, 5:35] = far[12, 5:35] = 20
    for image, f1 in ((cartoon, 1.0), (near, 1.0), (far, 0.0), (photo, 0.0)):
        assert evaluate.ink_f1([image], [photo], [cartoon]) == f1
    two = cartoon.copy()
    two[30, 5:35] = 20
    assert evaluate.ink_f1([cartoon], [photo], [two]) == pytest.approx(2 / 3)


def test_unwritable_output_is_one_line(photos, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    assert "cannot write to" in refused("--photos", photos, "--out", tmp_path / "file" / "run", *TINY)
