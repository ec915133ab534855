"""The dataset generator: what it writes, and that nothing but photos and options decides it."""

import hashlib
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from stylize import (
    DatasetError,
    FileError,
    ImageError,
    build_dataset,
    dataset,
    load_pairs,
    pair_files,
    plan,
    read_manifest,
    resize_short_side,
    stylize,
)
from stylize.manifest import write_manifest
from stylize.options import TooFewPhotos
from stylize.preprocess import parse_steps, preprocess

from .pictures import blocks, contents, pixels, save, save_blocks


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


def test_folders_hold_photo_and_cartoon_under_equal_names(photos, tmp_path):
    side, folders = tmp_path / "side", tmp_path / "folders"
    options = {"style": "classic", "size": 24, "crops": 2, "minimum_test": 2}
    build_dataset([photos], side, **options)
    summary = build_dataset([photos], folders, layout="folders", **options)
    assert summary.pairs == {"train": 8, "test": 4} and {path.name for path in folders.iterdir()} == {
        "A", "B", "manifest.jsonl"
    }  # fmt: skip
    for split in ("train", "test"):
        names = [{path.name for path in (folders / half / split).iterdir()} for half in "AB"]
        assert names[0] == names[1] == {path.name for path in (side / split).iterdir()}
        for one, other in zip(load_pairs(side, split), load_pairs(folders, split), strict=True):
            assert one[0] == other[0]
            np.testing.assert_array_equal(one[1:], other[1:])
    for record in read_manifest(folders):
        files = [(folders / half / record["file"]).read_bytes() for half in "AB"]
        assert record["file_sha256"] == [hashlib.sha256(data).hexdigest() for data in files]


@pytest.mark.parametrize("size", [None, 24])
def test_flip_adds_what_is_drawn_from_the_mirrored_photo(photos, out, size):
    crops = 1 if size is None else 2
    summary = build_dataset([photos], out, style="pencil", size=size, crops=crops, flip=True)
    records = read_manifest(out)
    assert sum(summary.pairs.values()) == len(records) == 12 * crops
    plain = {(r["source"], str(r["crop"])) for r in records if not r["flip"]}
    assert plain == {(r["source"], str(r["crop"])) for r in records if r["flip"]}  # the same places
    for record in records:
        left, top, width, height = record["crop"] or (0, 0, 64, 48)
        place = np.zeros((48, 64), bool)
        place[top : top + height, left : left + width] = True
        photo = pixels(photos / record["source"])
        if record["flip"]:
            photo, place = photo[:, ::-1], place[:, ::-1]
        expected = [image[place].reshape(height, width, 3) for image in (photo, stylize(photo, "pencil"))]
        np.testing.assert_array_equal(pixels(out / record["file"]), np.hstack(expected))


def test_photos_are_preprocessed_before_they_are_drawn(photos, out, tmp_path):
    steps = ["rotate=-20..20", "brightness=0.7..1.3", "crop=square"]
    build_dataset([photos], out, style="classic", short_side=32, preprocess=steps)
    drawn = set()
    for record in read_manifest(out):
        photo = preprocess(pixels(photos / record["source"]), parse_steps(record["preprocess"]))
        photo = resize_short_side(photo, 32) if photo.shape[0] > 32 else photo
        expected = np.hstack([photo, stylize(photo, "classic", record["scale"])])
        np.testing.assert_array_equal(pixels(out / record["file"]), expected)
        assert record["options"]["preprocess"] == steps and record["preprocess"][2] == "crop=square"
        drawn.add(record["preprocess"][0])
    assert len(drawn) == 6  # every photo its own angle
    for name, options in {"workers": {"workers": 2}, "seed": {"seed": 1}}.items():
        build_dataset([photos], tmp_path / name, style="classic", short_side=32, preprocess=steps, **options)
    assert contents(tmp_path / "workers") == contents(out)
    assert drawn.isdisjoint(record["preprocess"][0] for record in read_manifest(tmp_path / "seed"))


def test_a_photo_that_a_step_fails_on_is_skipped(photos, out):
    save(photos / "small.png", blocks(9, 24, 32))
    summary = build_dataset([photos], out, preprocess=["crop=40x40"])
    assert summary.skipped == [("small.png", "32 x 24 pixels are too few for crop=40x40")]


def test_a_third_split_if_asked(photos, out):
    summary = build_dataset([photos], out, val_fraction=0.01, minimum_test=2)
    assert summary.photos == {"train": 3, "val": 1, "test": 2}
    seen = [{name for name, _, _ in load_pairs(out, split)} for split in ("train", "val", "test")]
    assert [len(names) for names in seen] == [3, 1, 2] and len(set.union(*seen)) == 6
    with pytest.raises(DatasetError, match="3 can be in val, not 4"):
        build_dataset([photos], out.with_name("other"), minimum_val=4, minimum_test=2)


def test_parameters_of_the_style(photos, out):
    build_dataset([photos], out, parameters={"tones": 3})
    record = read_manifest(out)[0]
    expected = stylize(pixels(photos / record["source"]), "toon", record["scale"], tones=3)
    np.testing.assert_array_equal(pixels(out / record["file"])[:, 64:], expected)
    assert record["parameters"]["tones"] == 3


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
    with pytest.raises(DatasetError, match="no split 'validation'; its splits are train, test"):
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
    monkeypatch.setattr(pair_files, "stylize", None)  # it would fail if it were called
    assert build_dataset([photos], out).drawn == 0
    assert contents(out) == before


def test_without_resume_a_dataset_is_left_alone(photos, out):
    build_dataset([photos], out, resume=False)
    before = contents(out)
    save(photos / "new.png", blocks(20))
    with pytest.raises(DatasetError, match="holds a dataset; add --resume"):
        build_dataset([photos], out, resume=False)
    assert contents(out) == before


def test_pairs_keep_the_versions_they_were_drawn_with(photos, out, monkeypatch):
    build_dataset([photos], out)
    before = {record["source"]: record["versions"] for record in read_manifest(out)}
    monkeypatch.setattr(plan.cv2, "__version__", "6.0")
    save(photos / "new.png", blocks(20))
    build_dataset([photos], out)
    after = {record["source"]: record["versions"] for record in read_manifest(out)}
    assert after.pop("new.png")["opencv"] == "6.0" and after == before


def test_a_dataset_of_an_earlier_version_is_gone_on_with(photos, out):
    build_dataset([photos], out)
    before = contents(out)
    records = read_manifest(out)
    for record in records:
        for name in ("layout", "flip", "preprocess", "val_fraction", "minimum_val"):
            del record["options"][name]
        for name in ("flip", "preprocess", "file_sha256"):
            del record[name]
    write_manifest(out, records)
    assert len(load_pairs(out, "train")) + len(load_pairs(out, "test")) == 6
    assert build_dataset([photos], out).drawn == 0
    assert {name for name in contents(out)} == {name for name in before}


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
    changes = {"style": "classic", "size": 24, "seed": 1, "strokes": 64, "test_fraction": 0.5, "layout": "folders",
               "flip": True, "preprocess": ["grey"], "val_fraction": 0.1, "crops": 2}  # fmt: skip
    for key, value in changes.items():
        change = {key: value}
        with pytest.raises(DatasetError, match=f"made with {key}"):
            build_dataset([photos], out, **{"size": 32, **change})
    with pytest.raises(DatasetError, match=r"made with tones 8 \(now 6\)"):
        build_dataset([photos], out, size=32, parameters={"tones": 6})
    (photos / "0.png").unlink()
    with pytest.raises(DatasetError, match=r"1 photo of the dataset cannot be found in the sources, such as 0\.png"):
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
    with pytest.raises(DatasetError, match=r"0 usable photos \(text.jpg: not a readable image"):
        build_dataset([tmp_path / "empty"], out)
    with pytest.raises(DatasetError, match=r"1 usable photo; train and test need 2"):
        build_dataset([photos / "0.png"], out)
    with pytest.raises(DatasetError, match=r"of 6 different photos, 5 can be in test, not 6"):
        build_dataset([photos], out, minimum_test=6)
    alike = [save(tmp_path / f"alike-{shift}.png", blocks() // 2 + shift) for shift in range(3)]
    with pytest.raises(TooFewPhotos, match=r"of 1 different photo, 0 can be in test, not 1"):
        build_dataset(alike, out)
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="cannot write"):
        build_dataset([photos], tmp_path / "file" / "out")


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_not_drawn_of_a_photo_is_noted(photos, out, workers):
    frames = [Image.fromarray(blocks(seed)) for seed in range(20, 23)]
    save(photos / "moves.gif", frames[0], save_all=True, append_images=frames[1:])
    save(photos / "again.gif", frames[0], save_all=True, append_images=frames[1:])  # the same file
    save(photos / "pages.tif", frames[1], save_all=True, append_images=frames[2:])
    see_through = Image.fromarray(blocks(24)).convert("RGBA")
    see_through.putalpha(Image.fromarray(np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)))
    save(photos / "glass.png", see_through)  # drawn on white, which needs no note
    expected = [
        "again.gif: an animation of 3 frames; only the first is drawn",
        "pages.tif: 2 pages; only the first is drawn",
    ]
    for _ in range(2):  # and when nothing is left to draw
        summary = build_dataset([photos], out, workers=workers)
        assert summary.notes == expected and summary.skipped == [("moves.gif", "the same file as again.gif")]
        assert sum(summary.photos.values()) == 9


def test_photos_in_the_output_folder_are_counted_but_pairs_are_not(photos):
    out = photos / "pairs"
    save_blocks(out, 2, first=10)
    for _ in range(2):
        summary = build_dataset([photos], out, layout="folders")
        assert sum(summary.photos.values()) == 6
        (note,) = summary.notes
        assert note.startswith(f"left out 2 pictures in {out}")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"style": "cartoon"}, "styles are"),
        ({"size": 8}, "16 pixels"),
        ({"size": 64, "short_side": 32}, "do not fit"),
        ({"crops": 0}, "crops is 0"),
        ({"crops": 2}, "a size to cut"),
        ({"test_fraction": 1.0}, "test_fraction"),
        ({"test_fraction": 0.6, "val_fraction": 0.4}, "leave some photos for training"),
        ({"seed": -1}, "seed"),
        ({"layout": "sides"}, "the layouts are side, folders"),
        ({"preprocess": ["rotat=90"]}, "did you mean 'rotate'"),
        ({"parameters": {"tone": 6}}, "did you mean 'tones'"),
        ({"workers": 0}, "workers is 0"),
    ],
)
def test_options_that_make_no_sense(options, message, photos, out):
    with pytest.raises(ValueError, match=message):
        build_dataset([photos], out, **options)
    assert not out.exists()


def test_the_manifest_is_json_lines(photos, out):
    build_dataset([photos], out)
    lines = (out / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 6 and all(json.loads(line)["sha256"] for line in lines)


@pytest.mark.parametrize("digits", [8, 16])
@pytest.mark.parametrize("layout", ["side", "folders"])
def test_photos_whose_hashes_begin_alike_stay_apart(tmp_path, out, monkeypatch, digits, layout):
    """Photos of one name in several folders, whose hashes share their first digits."""

    def alike(path):
        return "0" * digits + real(path)[digits:]

    for seed in range(4):
        (tmp_path / "photos" / str(seed)).mkdir(parents=True)
        save(tmp_path / "photos" / str(seed) / "image.png", blocks(seed))
    real = dataset.file_hash
    monkeypatch.setattr(dataset, "file_hash", alike)
    for _ in range(2):  # and again, with nothing to do
        summary = build_dataset([tmp_path / "photos"], out, style="classic", size=24, crops=2, layout=layout)
        assert sum(summary.pairs.values()) == 8
    assert summary.drawn == 0
    records = read_manifest(out)
    assert len({record["file"] for record in records}) == 8
    for record in records:
        left, top, width, height = record["crop"]
        photo = pixels(tmp_path / "photos" / record["source"])[top : top + height, left : left + width]
        found = pixels(out / ("A" if layout == "folders" else "") / record["file"])[:, :width]
        np.testing.assert_array_equal(found, photo)


def test_pairs_of_old_datasets_keep_their_short_names(photos, out, monkeypatch):
    """Hashes in names had eight digits; such a dataset can be completed and extended without renaming its pairs."""
    options = {"style": "classic", "size": 24, "crops": 2, "flip": True}
    monkeypatch.setattr(plan, "DIGITS", 8)
    build_dataset([photos], out, **options)
    monkeypatch.undo()
    before = contents(out)
    lost = next((out / "train").iterdir())
    lost.unlink()
    assert build_dataset([photos], out, **options).drawn == 1
    assert contents(out) == before
    save(photos / "new.png", blocks(20))
    assert build_dataset([photos], out, **options).drawn == 1
    after = contents(out)
    assert before.keys() < after.keys() and all(name.count("-") >= 2 for name in after.keys() - before.keys())
    assert {len(name.split("-")[1]) for name in after.keys() - before.keys()} == {32}
