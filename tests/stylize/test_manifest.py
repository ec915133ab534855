"""A damaged or misleading manifest gives one DatasetError that names the line, and nothing is lost."""

import json
import os
import sys

import pytest

from stylize import DatasetError, FileError, build_dataset, check_dataset, load_pairs, read_manifest
from stylize.manifest import write_manifest

from .pictures import contents, save_blocks

OPTIONS = {"short_side": 32, "size": 24, "crops": 2, "flip": True, "preprocess": ["grey"], "val_fraction": 0.2}
WRONG = (None, -1, "x", [], {}, 1e9, True, float("inf"), ["x"], {"x": "x"}, "a\0b", "\udc80", "../x.png", "0" * 64)


@pytest.fixture(scope="module", params=["side", "folders"])
def made(request, tmp_path_factory):
    """A dataset with a photo that was left out: its photos, its folder, its options."""
    folder = tmp_path_factory.mktemp("manifest")
    photos = save_blocks(folder / "photos", 4)
    (photos / "text.png").write_text("no pixels")
    options = OPTIONS | {"layout": request.param}
    build_dataset([photos], folder / "out", **options)
    return photos, folder / "out", options


def users(photos, out, options):
    """Everything that reads a manifest."""
    yield lambda: build_dataset([photos], out, **options)
    yield lambda: check_dataset(out)
    yield lambda: load_pairs(out, "train")


def refused(made, lines):
    """What each reader says about a manifest of these lines; None if it accepts them. Other files stay unchanged."""
    _, out, _ = made
    path = out / "manifest.jsonl"
    sound, before = path.read_bytes(), contents(out)
    said = []
    try:
        for use in users(*made):
            path.write_bytes(b"\n".join(lines))
            try:
                report = use()
                findings = getattr(report, "findings", {})
                said.append(findings.get("the manifest cannot be read", [None])[0])
            except (DatasetError, FileError) as error:
                said.append(str(error))
            assert {name: data for name, data in contents(out).items() if name != path.name} == {
                name: data for name, data in before.items() if name != path.name
            }
    finally:
        path.write_bytes(sound)
    assert all(text is None or "\n" not in text for text in said)
    return said


def encode(record):
    return json.dumps(record).encode()


def edited(record):
    """(what was done, the record) for every key of a record and of its options: without it, and with other values."""
    for key in record:
        yield f"no {key}", {name: value for name, value in record.items() if name != key}
        for value in WRONG:
            yield f"{key}={value!r}", record | {key: value}
    for key in record.get("options", {}):
        less = {name: value for name, value in record["options"].items() if name != key}
        yield f"no option {key}", record | {"options": less}
        for value in WRONG:
            yield f"option {key}={value!r}", record | {"options": record["options"] | {key: value}}
    yield "a new option", record | {"options": {**record.get("options", {}), "new": 1}}


@pytest.mark.parametrize("which", ["done", "pending", "skipped"])
def test_no_edit_of_a_record_ends_in_a_traceback(made, which):
    """Its line is named, or the readers accept it."""
    _, out, _ = made
    whole, records = (out / "manifest.jsonl").read_bytes(), read_manifest(out)
    number = next(i for i, record in enumerate(records) if (record["status"] == "skipped") == (which == "skipped"))
    if which == "pending":
        records[number]["status"] = "pending"
        del records[number]["file_sha256"]
    lines, taken = [encode(record) for record in records], {}
    for what, record in edited(records[number]):
        lines[number] = encode(record)
        (out / "manifest.jsonl").write_bytes(b"\n".join(lines))
        try:
            read_manifest(out)
            taken[what] = lines.copy()
        except DatasetError as error:
            assert f"line {number + 1} is damaged: " in str(error) and "put back an undamaged copy" in str(error), what
    (out / "manifest.jsonl").write_bytes(whole)
    assert "source='x'" in taken  # any text is accepted
    assert ("no option flip" in taken) == (which != "skipped")  # early datasets have no such option
    assert not any(what.startswith(("no source", "no status", "no split", "file=", "sha256=N")) for what in taken)
    for what, lines in list(taken.items())[:: max(1, len(taken) // 4)]:
        assert len(refused(made, lines)) == 3, what


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"", "not JSON in UTF-8"),
        (b"{", "not JSON in UTF-8"),
        (b"\xff\xfe", "not JSON in UTF-8"),
        (b'{"source": "caf\xe9.png", "status": "skipped", "reason": ""}', "not JSON in UTF-8"),
        (b"[" * 100_000, "not JSON in UTF-8"),
        (b"1" * 5000, "not JSON in UTF-8"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"{}", "its status is None"),
        (b'{"status": "gone", "source": "x"}', "its status is 'gone'"),
        (b'{"status": "skipped", "source": "x"}', "it has no 'reason'"),
        (b'{"status": "skipped", "source": 5, "reason": ""}', "its source is 5, not a string"),
    ],
)
def test_a_line_that_is_not_a_record(made, line, what):
    lines = (made[1] / "manifest.jsonl").read_bytes().splitlines()
    for number in (0, len(lines)):
        for said in refused(made, [*lines[:number], line, *lines[number:]]):
            if line or number < len(lines):  # an empty line at the end does not count
                assert f"line {number + 1} is damaged: " in said and what in said


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("../outside.png", "not train/NAME.png"),
        ("train/../../outside.png", "not train/NAME.png"),
        ("train/sub/outside.png", "not train/NAME.png"),
        ("train/..\\outside.png", "not train/NAME.png"),
        ("{out}/../outside.png", "not train/NAME.png"),
        ("test/other.png", "not train/NAME.png"),
        ("train/a\0b.png", "not train/NAME.png"),
        ("train/" + 300 * "x" + ".png", "not train/NAME.png"),
        ("train/link.png", "leads out of"),
        ("train/double.png", "is already listed in line"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_paths_stay_inside_the_folder(made, name, what, tmp_path):
    _, out, options = made
    outside = out.parent / "outside.png"
    outside.write_bytes(next(out.rglob("*.png")).read_bytes())
    links = [out / side / "train" / "link.png" for side in ({"side": [""], "folders": "AB"}[options["layout"]])]
    records = read_manifest(out)
    first, second = [record for record in records if record.get("split") == "train"][:2]
    first["file"] = name.replace("{out}", str(out)).replace("double.png", second["file"].removeprefix("train/"))
    for link in links:
        link.symlink_to(outside)
    try:
        for said in refused(made, [encode(record) for record in records]):
            assert what in said and "is damaged" in said
    finally:
        for link in links:
            link.unlink()
    assert outside.exists()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a file that cannot be read")
def test_a_manifest_that_cannot_be_read(made):
    path = made[1] / "manifest.jsonl"
    path.chmod(0)
    try:
        with pytest.raises(DatasetError, match="cannot read"):
            load_pairs(made[1], "train")
    finally:
        path.chmod(0o644)


def test_a_missing_record_or_one_of_another_pair_is_named(made):
    """The manifest and the options disagree; it is not guessed which is right."""
    _, out, _ = made
    lines = (out / "manifest.jsonl").read_bytes().splitlines()
    said = refused(made, lines[1:])
    assert "does not list the pairs that these options make of" in said[0]


def test_a_dataset_made_with_other_options_is_explained_whatever_they_are(made):
    photos, out, options = made
    records = read_manifest(out)
    sound = (out / "manifest.jsonl").read_bytes()
    try:
        write_manifest(out, [record | {"parameters": {"old": 1}} if "file" in record else record for record in records])
        with pytest.raises(DatasetError, match=r"old 1 \(now none\)"):
            build_dataset([photos], out, **options)
    finally:
        (out / "manifest.jsonl").write_bytes(sound)
