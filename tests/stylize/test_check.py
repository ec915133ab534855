"""What `check` finds in datasets made here and elsewhere, each broken in one way."""

import os
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from stylize import DatasetError, build_dataset, check_dataset, find_images, read_image, resize_short_side, stylize
from stylize.__main__ import main
from stylize.commands.check import describe
from stylize.contact_sheet import draw_contact_sheet
from stylize.manifest import read_manifest, write_manifest

from .pictures import PHOTOS, blocks, save, save_blocks


@pytest.fixture(scope="module")
def pairs():
    """Eight real photos at 128 x 128 with their cartoons."""
    photos = [resize_short_side(read_image(path), 128)[:128, :128] for path in find_images([PHOTOS])[:8]]
    return [(photo, stylize(photo, "toon", 0.5)) for photo in photos]


@pytest.fixture(params=["side", "split folders", "folders of splits"])
def downloaded(request, pairs, tmp_path):
    """A dataset as others make them: six pairs to train, two to test. And its layout."""
    for i, (photo, cartoon) in enumerate(pairs):
        place_pair(tmp_path / "data", request.param, "train" if i < 6 else "test", f"{i}.png", photo, cartoon)
    return tmp_path / "data", request.param


def place(folder, layout, split, name):
    """Where the picture of a pair goes, or its two."""
    return {
        "side": [folder / split / name],
        "split folders": [folder / f"{split}A" / name, folder / f"{split}B" / name],
        "folders of splits": [folder / "A" / split / name, folder / "B" / split / name],
    }[layout]


def place_pair(folder, layout, split, name, photo, cartoon):
    paths = place(folder, layout, split, name)
    pictures = [np.hstack([photo, cartoon])] if layout == "side" else [photo, cartoon]
    for path, picture in zip(paths, pictures, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        save(path, picture)


def test_a_sound_download_has_no_faults(downloaded):
    folder, layout = downloaded
    report = check_dataset(folder)
    assert report.findings == {} and report.hints == {}
    assert report.splits == {"train": ["128 x 128"], "test": ["128 x 128"]} and len(report.pairs) == 8
    assert report.direction.endswith(f"{'right' if layout == 'side' else 'B'} in 8 of 8 pairs")
    assert describe(report)[-1] == "nothing is wrong"


def test_jpegs_are_read_too(pairs, tmp_path):
    for i, pair in enumerate(pairs):
        for side, picture in zip("AB", pair, strict=True):
            (tmp_path / side).mkdir(exist_ok=True)
            save(tmp_path / side / f"{i}.jpg", picture, quality=95)
    report = check_dataset(tmp_path)
    assert report.splits == {"": ["128 x 128"]} and len(report.pairs) == 8
    assert report.findings == report.hints == {}


def test_swapped_pairs_are_hinted_at(downloaded, pairs):
    folder, layout = downloaded
    place_pair(folder, layout, "train", "2.png", *reversed(pairs[2]))
    report = check_dataset(folder)
    assert report.hints == {"photo and cartoon look swapped": ["train/2.png"]} and report.findings == {}
    for i, pair in enumerate(pairs):
        place_pair(folder, layout, "train" if i < 6 else "test", f"{i}.png", *reversed(pair))
    assert ("left in 8 of 8" if layout == "side" else "A in 8 of 8") in check_dataset(folder).direction


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_photo_in_two_splits_is_a_leak(downloaded, pairs, mirrored):
    folder, layout = downloaded
    photo, cartoon = pairs[3]
    lighter = np.clip(photo.astype(int) + 6, 0, 255).astype(np.uint8)
    twin = [image[:, ::-1] if mirrored else image for image in (lighter, cartoon)]
    place_pair(folder, layout, "test", "twin.png", *twin)
    (leaks,) = check_dataset(folder).findings.values()
    assert leaks in (["train/3.png = test/twin.png"], ["test/twin.png = train/3.png"])


def test_files_that_cannot_be_read_and_sizes_that_differ(downloaded, pairs):
    folder, layout = downloaded
    first = place(folder, layout, "train", "0.png")[-1]
    first.write_bytes(first.read_bytes()[:-50])
    place(folder, layout, "train", "1.png")[0].write_bytes(b"")
    if layout == "side":
        save(place(folder, layout, "test", "6.png")[0], blocks(height=128, width=264)[:, :255])
        fault = "the width is odd, so there are no equal halves"
    else:
        place_pair(folder, layout, "test", "6.png", pairs[6][0], pairs[6][1][:120])
        fault = "the two pictures differ in size"
    findings = check_dataset(folder).findings
    assert findings.pop(fault) == ["test/6.png"]
    assert {what.split("(")[0].split(";")[0].strip(): names for what, names in findings.items()} == {
        "the image is truncated": ["train/0.png"],
        "the file is empty": ["train/1.png"],
    }


def test_names_without_a_partner(pairs, tmp_path):
    for split in ("train", "test"):
        for i in range(3):
            place_pair(tmp_path, "split folders", split, f"{split} {i}.png", *pairs[i + 3 * (split == "test")])
    (tmp_path / "trainB" / "train 0.png").rename(tmp_path / "trainB" / "other.png")
    (tmp_path / "testB" / "test 1.png").rename(tmp_path / "testB" / "test 1.PNG")  # equal but for the extension
    shutil.copy(tmp_path / "testA" / "test 2.png", tmp_path / "testA" / "test 2.bmp")
    assert check_dataset(tmp_path).findings == {
        "a picture in A without one of its name in B": ["train/train 0.png"],
        "a picture in B without one of its name in A": ["train/other.png"],
        "more than one file of the same name": ["test/test 2.bmp"],
    }


def test_empty_splits_repetition_and_pairs_that_do_not_match(downloaded, pairs):
    folder, layout = downloaded
    place_pair(folder, layout, "train", "again.png", *pairs[1])
    place_pair(folder, layout, "train", "5.png", pairs[5][0], pairs[4][1][::-1])
    for path in place(folder, layout, "val", "none.png"):
        path.parent.mkdir()
    report = check_dataset(folder)
    assert report.hints["the same pair twice"] == ["train/again.png = train/1.png"]
    assert report.hints["photo and cartoon do not show the same"] == ["train/5.png"]
    assert report.findings == {"a split without pairs": ["val"]}


@pytest.mark.parametrize("layout", ["side", "folders"])
def test_the_manifest_is_held_to_its_word(tmp_path, layout):
    photos, out = save_blocks(tmp_path / "photos", 8), tmp_path / "out"
    build_dataset([photos], out, layout=layout, size=32, crops=2, minimum_test=2)
    assert check_dataset(out).findings == {}
    files = sorted((out / "B" if layout == "folders" else out).rglob("*.png"))
    names = [f"{path.parent.name}/{path.name}" for path in files]
    files[0].unlink()
    save(files[1], 255 - np.asarray(Image.open(files[1])))
    shutil.copy(files[2], (out / "A" if layout == "folders" else out) / "train" / "new.png")
    findings = check_dataset(out).findings
    assert findings["in the manifest but not there"] == [names[0]]
    assert findings["altered since it was written"] == [names[1]]
    if layout == "side":
        assert findings["not in the manifest"] == ["train/new.png"]
    else:
        assert findings["a picture in A without one of its name in B"] == ["train/new.png", names[0]]


def test_one_source_in_two_splits_and_a_run_that_was_stopped(tmp_path):
    photos, out = save_blocks(tmp_path / "photos", 4), tmp_path / "out"
    build_dataset([photos], out)
    records = read_manifest(out)
    tested = next(record for record in records if record["split"] == "test")
    trained = next(record for record in records if record["split"] == "train")
    trained["source"], trained["status"] = tested["source"], "pending"
    write_manifest(out, records)
    findings = check_dataset(out).findings
    assert findings["a photo in two splits"] == [f"{tested['source']} in test and train"]
    assert findings["not drawn yet: complete it with --resume"] == [trained["file"]]
    (out / "manifest.jsonl").write_text("{")
    assert "line 1 is damaged" in check_dataset(out).findings["the manifest cannot be read"][0]


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and devices")
def test_pipes_and_devices_are_faults_and_are_not_read(downloaded, tmp_path):
    folder, layout = downloaded
    for name, make in {"pipe.png": os.mkfifo, "zero.png": lambda path: path.symlink_to("/dev/zero")}.items():
        for path in place(folder, layout, "train", name):
            make(path)
    for path in place(folder, layout, "train", "broken.png"):
        path.symlink_to("nowhere")
    findings = check_dataset(folder, workers=1).findings
    assert findings.pop("not a regular file but a pipe or a device") == ["train/pipe.png", "train/zero.png"]
    assert [which for which in findings.values()] == [["train/broken.png"]]


def test_every_style_made_here_passes(tmp_path):
    """No false alarm, whichever side is flatter."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in find_images([PHOTOS])[:6]:
        shutil.copy(path, photos)
    for style in ("watercolor", "pencil", "comic"):
        options = {"short_side": 96, "size": 64, "crops": 3, "flip": True, "minimum_test": 2}
        build_dataset([photos], tmp_path / style, style=style, **options)
        report = check_dataset(tmp_path / style)
        assert report.findings == {} and not any("swapped" in what for what in report.hints), style


def test_the_sheet_shows_pairs_of_every_split_and_faults_first(downloaded, pairs, tmp_path):
    folder, layout = downloaded
    place_pair(folder, layout, "test", "twin.png", *pairs[3])
    place_pair(folder, layout, "train", "2.png", *reversed(pairs[2]))
    draw_contact_sheet(check_dataset(folder), tmp_path / "sheet.png")
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    cell = sheet[8:230, 8:408].astype(int)
    expected = np.asarray(Image.fromarray(np.hstack(pairs[2][::-1])).resize((400, 200), Image.BICUBIC))
    assert np.abs(cell[22:] - expected).mean() < 6  # the swapped one
    redness = sheet[..., 0].astype(int) - sheet[..., 1]
    red = [redness[8:30, left : left + 400].max() > 60 for left in (8, 424, 840)]
    assert red == [True, True, True] and redness[246:268].max() == 0  # and the two that look alike
    assert sheet.shape == (3 * (22 + 200 + 16), 3 * (400 + 16), 3)


@pytest.mark.skipif(sys.platform == "win32", reason="makes POSIX links and pipes")
def test_what_is_there_but_no_folder_is_called_what_it_is(tmp_path):
    file = save(tmp_path / "file.png", blocks())
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "link").symlink_to(file)
    words = {"file.png": "is a file", "link": "is a file", "pipe": "is a pipe", "circle": "is a broken link"}
    for name, what in words.items():
        with pytest.raises(DatasetError, match=f"{name} {what}.*; name the folder of a dataset"):
            check_dataset(tmp_path / name)
        assert main(["check", str(tmp_path / name)]) == 2, name
    with pytest.raises(DatasetError, match="nowhere: no such folder; check spelling"):
        check_dataset(tmp_path / "nowhere")


# Layouts


def test_sides_inside_the_splits(pairs, tmp_path):
    for i, pair in enumerate(pairs):
        for side, picture in zip("AB", pair, strict=True):
            folder = tmp_path / ("train" if i < 6 else "val") / side
            folder.mkdir(parents=True, exist_ok=True)
            save(folder / f"{i}.png", picture)
    report = check_dataset(tmp_path)
    assert report.layout == "two folders" and report.findings == {}
    assert [pair.name for pair in report.pairs if pair.split == "val"] == ["val/6.png", "val/7.png"]


@pytest.mark.parametrize(
    ("there", "missing"),
    [("trainA", "trainB"), ("testB", "testA"), ("A", "B"), ("train/A", "B"), ("val/B", "A")],
)
def test_a_side_without_the_other_is_refused(there, missing, pairs, tmp_path):
    """Alone it would be taken for pictures side by side; next to sound splits it would be left out in silence."""
    (tmp_path / there).mkdir(parents=True)
    save(tmp_path / there / "0.png", pairs[0][0])
    if there == "testB":
        place_pair(tmp_path, "split folders", "train", "0.png", *pairs[0])
    with pytest.raises(DatasetError, match=f"{there} has no {missing} next to it"):
        check_dataset(tmp_path)


def test_the_same_pair_in_two_splits_is_a_leak_even_if_it_shows_next_to_nothing(tmp_path):
    """A map of labels, as here, is too plain to be recognised by what it looks like."""
    plain = np.full((64, 128, 3), 200, np.uint8)
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        save(tmp_path / split / f"{split}.png", plain)
    assert check_dataset(tmp_path).findings == {"the same pair in two splits": ["train/train.png = test/test.png"]}
