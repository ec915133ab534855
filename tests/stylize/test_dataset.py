"""The dataset generator: what it writes, and that nothing but photos and options decides it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from stylize import (
    DatasetError,
    ImageError,
    build_dataset,
    dataset,
    load_pairs,
    read_manifest,
    resize_short_side,
    stylize,
)

from .pictures import REPOSITORY, blocks, contents, save, save_blocks


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.fixture
def photos(tmp_path):
    return save_blocks(tmp_path / "photos", 6)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_pairs_are_photo_and_cartoon_side_by_side(photos, out):
    summary = build_dataset([photos], out, short_side=32, strokes=96, test_fraction=0.4, minimum_test=2)
    assert summary.drawn == 6 and summary.skipped == [] and sum(summary.photos.values()) == 6
    assert summary.pairs == summary.photos
    assert summary.pairs == {split: len(list((out / split).glob("*.png"))) for split in ("train", "test")}
    for record in read_manifest(out):
        photo = resize_short_side(pixels(photos / record["source"]), 32)
        expected = np.hstack([photo, stylize(photo, "toon", 96 / 512)])
        np.testing.assert_array_equal(pixels(out / record["file"]), expected)
        assert record["file"].startswith(record["split"] + "/") and record["crop"] is None
        assert record["style"] == "toon" and record["scale"] == 96 / 512 and record["status"] == "done"
        assert record["parameters"]["tones"] == 8 and record["versions"].keys() == {"numpy", "opencv"}


def test_crops_are_cut_from_the_whole_cartoon(photos, out):
    summary = build_dataset([photos], out, style="classic", size=24, crops=3, seed=5)
    records = read_manifest(out)
    assert sum(summary.pairs.values()) == len(records) == 18
    for record in records:
        photo = pixels(photos / record["source"])
        left, top, width, height = record["crop"]
        assert (width, height) == (24, 24) and record["scale"] == 48 / 512
        whole = np.stack([photo, stylize(photo, "classic")])
        np.testing.assert_array_equal(
            pixels(out / record["file"]), np.hstack(whole[:, top : top + 24, left : left + 24])
        )
    boxes = {(record["source"], *record["crop"]) for record in records}
    assert len(boxes) > 12  # not all at one place


def test_small_photos_are_not_enlarged(tmp_path, out):
    photos = save_blocks(tmp_path / "photos", 3)
    save(photos / "small.png", blocks(9, 24, 32))
    build_dataset([photos], out, short_side=40)
    sizes = {record["source"]: pixels(out / record["file"]).shape for record in read_manifest(out)}
    assert sizes["small.png"] == (24, 64, 3) and sizes["0.png"] == (40, 106, 3)


def test_load_pairs(photos, out):
    build_dataset([photos], out, minimum_test=2)
    for split in ("train", "test"):
        pairs = load_pairs(out, split)
        assert [name for name, _, _ in pairs] == sorted(path.stem for path in (out / split).iterdir())
        for name, photo, cartoon in pairs:
            np.testing.assert_array_equal(photo, pixels(photos / f"{name[0]}.png"))
            np.testing.assert_array_equal(cartoon, stylize(photo))
            assert photo.flags.owndata and cartoon.flags.c_contiguous


def test_load_pairs_says_what_is_missing(tmp_path, photos, out):
    with pytest.raises(DatasetError, match=r"no manifest\.jsonl"):
        load_pairs(tmp_path, "train")
    build_dataset([photos], out)
    with pytest.raises(DatasetError, match="train, test"):
        load_pairs(out, "validation")
    (out / "manifest.jsonl").write_text((out / "manifest.jsonl").read_text().replace('"done"', '"pending"'))
    with pytest.raises(DatasetError, match="not finished"):
        load_pairs(out, "train")
    (out / "manifest.jsonl").write_text("{not json\n")
    with pytest.raises(DatasetError, match="line 1"):
        load_pairs(out, "train")


def test_bytes_do_not_depend_on_workers_order_or_place(tmp_path):
    one, two = save_blocks(tmp_path / "one", 3), save_blocks(tmp_path / "two", 4, first=3)
    results = []
    for workers, sources in [(1, [one, two]), (2, [two, one]), (None, [two, one, one / "0.png"])]:
        out = tmp_path / f"out {workers}"
        build_dataset(sources, out, size=24, crops=2, workers=workers)
        results.append(contents(out))
    assert results[0] == results[1] == results[2]
    moved = shutil.copytree(one, tmp_path / "moved" / "one")
    build_dataset([moved, two], tmp_path / "again", size=24, crops=2)
    assert contents(tmp_path / "again") == results[0]


def test_the_seed_decides_split_and_crops(tmp_path, photos):
    outs = [tmp_path / name for name in "abc"]
    for out, seed in zip(outs, (1, 1, 2), strict=True):
        build_dataset([photos], out, size=24, seed=seed)
    a, b, c = map(contents, outs)
    assert a == b and a != c
    boxes = [{record["source"]: record["crop"] for record in read_manifest(out)} for out in outs]
    assert all(boxes[0][source] != boxes[2][source] for source in boxes[0])


def test_a_finished_dataset_is_left_alone(photos, out, monkeypatch):
    build_dataset([photos], out)
    before = contents(out)
    monkeypatch.setattr(dataset, "stylize", None)  # it would fail if it were called
    assert build_dataset([photos], out).drawn == 0
    assert contents(out) == before


def test_an_interrupted_run_is_completed_by_the_next(tmp_path, photos, out, monkeypatch):
    build_dataset([photos], tmp_path / "undisturbed", size=24, crops=2)
    written = []

    def interrupted(path, pair):
        if len(written) == 5:  # in the middle of a photo
            raise KeyboardInterrupt
        written.append(path)
        write(path, pair)

    write = dataset.write_image
    monkeypatch.setattr(dataset, "write_image", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_dataset([photos], out, size=24, crops=2)
    with pytest.raises(DatasetError, match="not finished"):
        load_pairs(out, "train")
    (out / "train" / ".killed.png.123.tmp").touch()  # what a killed process leaves
    monkeypatch.setattr(dataset, "write_image", write)
    assert build_dataset([photos], out, size=24, crops=2).drawn == 4  # two photos were whole
    assert contents(out) == contents(tmp_path / "undisturbed")


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_ctrl_c_ends_in_one_line_and_can_be_gone_on_from(tmp_path, out):
    photos = save_blocks(tmp_path / "photos", 12, height=400, width=400)
    command = [sys.executable, "-m", "stylize", "dataset", photos, out, "--workers", "2"]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # a shell that runs the tests in the background has them ignore it, and their children too
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not any(out.glob("t*/*.png")) and time.monotonic() < deadline and process.poll() is None:
        pass
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr == "stylize: interrupted; run the same command again to go on from here\n"
    assert len(list(out.glob("t*/*.png"))) < 12
    build_dataset([photos], out)
    build_dataset([photos], tmp_path / "undisturbed")
    assert contents(out) == contents(tmp_path / "undisturbed")


def test_no_photo_and_no_lookalike_stands_in_two_splits(tmp_path, out):
    photos = save_blocks(tmp_path / "photos", 12, height=96, width=96)
    for seed in range(12):
        picture = Image.fromarray(blocks(seed, 96, 96))
        save(photos / f"smaller {seed}.png", picture.resize((70, 70)))
        save(photos / f"squeezed {seed}.jpg", picture, quality=40)
    build_dataset([photos], out, size=32, crops=3, test_fraction=0.5)
    sides = {}
    for record in read_manifest(out):
        family = record["source"].split(".")[0].split()[-1]
        sides.setdefault(family, set()).add(record["split"])
    assert len(sides) == 12 and all(len(splits) == 1 for splits in sides.values())
    assert {split for splits in sides.values() for split in splits} == {"train", "test"}


def test_added_photos_move_no_old_ones(tmp_path, photos, out):
    build_dataset([photos], out, minimum_test=2)
    before = contents(out)
    save_blocks(photos, 8, first=20)
    save(photos / "a copy of 3.png", Image.fromarray(blocks(3)).resize((60, 45)))
    (photos / "0.png").rename(photos / "renamed.png")
    summary = build_dataset([photos], out, minimum_test=2)
    after = contents(out)
    assert summary.drawn == 9 and len(after) == len(before) + 9
    old = [name for name in before if name != "manifest.jsonl"]
    assert all(after[name] == before[name] for name in old)
    splits = {record["source"]: record["split"] for record in read_manifest(out)}
    assert splits["a copy of 3.png"] == splits["3.png"]


def test_bad_files_are_skipped_with_a_reason(tmp_path, photos, out):
    (photos / "empty.jpg").touch()
    (photos / "text.jpg").write_text("no pixels here")
    (photos / "cut.png").write_bytes((photos / "0.png").read_bytes()[:-30])
    save(photos / "dot.png", blocks()[:1, :1])
    save(photos / "low.png", blocks(7, 16, 64))
    shutil.copy(photos / "0.png", photos / "twin.png")
    save(photos / "prächtig 雪.png", blocks(8))
    summary = build_dataset([photos], out, size=32)
    reasons = {
        "empty.jpg": "empty",
        "text.jpg": "no readable image",
        "cut.png": "truncated",
        "dot.png": "too small",
        "low.png": "too small for crops of 32",
        "twin.png": "the same file as 0.png",
    }
    assert {source for source, _ in summary.skipped} == reasons.keys()
    assert all(reasons[source] in reason for source, reason in summary.skipped)
    manifest = {record["source"]: record for record in read_manifest(out)}
    assert all(manifest[source]["status"] == "skipped" and manifest[source]["reason"] for source in reasons)
    assert manifest["prächtig 雪.png"]["status"] == "done" and len(manifest) == 6 + 7
    assert str(tmp_path) not in (out / "manifest.jsonl").read_text()


def test_photos_in_folders_keep_their_relative_names(tmp_path, out):
    for folder in ("a", "b/c"):
        inside = save_blocks(tmp_path / "photos" / folder, 1, first=len(folder))
        save(inside / "same.png", blocks(50 + len(folder)))
    build_dataset([tmp_path / "photos"], out)
    sources = {record["source"] for record in read_manifest(out)}
    assert sources == {"a/1.png", "a/same.png", "b/c/3.png", "b/c/same.png"}
    assert len(list(out.glob("*/*.png"))) == 4


def test_an_output_folder_among_the_photos_is_not_a_source(photos):
    build_dataset([photos], photos / "pairs")
    before = contents(photos / "pairs")
    assert build_dataset([photos], photos / "pairs").drawn == 0
    assert contents(photos / "pairs") == before
    with pytest.raises(DatasetError, match="inside the output"):
        build_dataset([photos], photos)
    with pytest.raises(DatasetError, match="inside the output"):
        build_dataset([photos], photos.parent)


def test_a_folder_made_otherwise_is_refused(photos, out):
    build_dataset([photos], out, size=32)
    before = contents(out)
    for change in ({"style": "classic"}, {"size": 24}, {"seed": 1}, {"strokes": 64}, {"test_fraction": 0.5}):
        (key,) = change
        with pytest.raises(DatasetError, match=f"made with {key}"):
            build_dataset([photos], out, **{"size": 32, **change})
    (photos / "0.png").unlink()
    with pytest.raises(DatasetError, match=r"1 photos that are not among the sources, such as 0\.png"):
        build_dataset([photos], out, size=32)
    assert contents(out) == before
    (out / "manifest.jsonl").unlink()
    with pytest.raises(DatasetError, match="no manifest"):
        build_dataset([photos], out, size=32)


def test_what_makes_no_dataset(tmp_path, photos, out):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="no image files"):
        build_dataset([tmp_path / "empty"], out)
    with pytest.raises(ImageError, match="nowhere"):
        build_dataset([tmp_path / "nowhere"], out)
    (tmp_path / "empty" / "text.jpg").write_text("no pixels")
    with pytest.raises(DatasetError, match=r"0 usable photos \(text.jpg: no readable image"):
        build_dataset([tmp_path / "empty"], out)
    with pytest.raises(DatasetError, match="1 usable photos"):
        build_dataset([photos / "0.png"], out)
    with pytest.raises(DatasetError, match=r"6 different photos leave 5 for testing, not 6"):
        build_dataset([photos], out, minimum_test=6)
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="cannot write"):
        build_dataset([photos], tmp_path / "file" / "out")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"style": "cartoon"}, "styles are"),
        ({"size": 8}, "16 pixels"),
        ({"size": 64, "short_side": 32}, "do not fit"),
        ({"crops": 0}, "crops is 0"),
        ({"crops": 2}, "a size to cut"),
        ({"test_fraction": 1.0}, "test_fraction"),
        ({"seed": -1}, "seed"),
        ({"workers": 0}, "workers is 0"),
    ],
)
def test_options_that_make_no_sense(options, message, photos, out):
    with pytest.raises(ValueError, match=message):
        build_dataset([photos], out, **options)
    assert not out.exists()


def test_a_full_disk_stops_the_run_and_leaves_no_half_file(photos, out, monkeypatch):
    def full(path, pair):
        raise ImageError(f"{path}: cannot write (No space left on device)")

    monkeypatch.setattr(dataset, "write_image", full)
    with pytest.raises(ImageError, match="No space left"):
        build_dataset([photos], out)
    assert [path.name for path in out.rglob("*") if path.is_file()] == ["manifest.jsonl"]


def test_the_manifest_is_json_lines(photos, out):
    build_dataset([photos], out)
    lines = (out / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 6 and all(json.loads(line)["sha256"] for line in lines)
