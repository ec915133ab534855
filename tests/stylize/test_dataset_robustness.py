"""The dataset generator when things go wrong: stopped, killed, out of space, fed with bad files, on many photos."""

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
    FileError,
    build_dataset,
    load_pairs,
    pair_files,
    read_manifest,
)
from stylize.files import PARTIAL
from stylize.folder_lock import locked
from stylize.manifest import write_manifest

from .pictures import PRINT_PEAK, REPOSITORY, blocks, contents, pixels, save, save_blocks

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals, limits or links")


@pytest.mark.parametrize("layout", ["side", "folders"])
def test_lost_pairs_are_drawn_again(photos, out, layout):
    options = {"layout": layout, "minimum_test": 2, "size": 32, "crops": 2}
    build_dataset([photos], out, **options)
    before = contents(out)
    files = sorted(out.rglob("*.png"))
    files[0].unlink()
    files[-1].unlink()
    assert build_dataset([photos], out, **options).drawn == 2
    assert contents(out) == before


@pytest.mark.parametrize("layout", ["side", "folders"])
def test_altered_pairs_are_kept_without_overwrite(photos, out, layout):
    options = {"layout": layout, "minimum_test": 2, "size": 32, "crops": 2}
    build_dataset([photos], out, **options)
    before = contents(out)
    painted, cut, lost = sorted(out.rglob("*.png"))[:3]
    save(painted, 255 - pixels(painted))
    cut.write_bytes(cut.read_bytes()[:100])
    lost.unlink()
    altered = contents(out)
    with pytest.raises(DatasetError, match=f"{painted} and 1 other file were altered .* move them away .*--overwrite"):
        build_dataset([photos], out, **options)
    assert contents(out) == altered
    assert build_dataset([photos], out, overwrite=True, **options).drawn == 2
    assert contents(out) == before


@pytest.mark.parametrize("layout", ["side", "folders"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_foreign_file_with_the_name_of_a_pair_is_kept(photos, out, layout, workers):
    """The file appears before a stopped run is completed; what that run drew itself is recognised."""
    build_dataset([photos], out, layout=layout)
    before, records = contents(out), read_manifest(out)
    for record in records:
        record["status"] = "pending"
        del record["file_sha256"]
    write_manifest(out, records)
    victim = sorted(out.rglob("*.png"))[-1]
    for strange in (255 - pixels(victim), b"my notes", None):
        victim.unlink()
        if strange is None:
            victim.mkdir()
        elif isinstance(strange, bytes):
            victim.write_bytes(strange)
        else:
            save(victim, strange)
        with pytest.raises(DatasetError, match=f"{victim} already exists and is not what would be drawn; move it"):
            build_dataset([photos], out, layout=layout, workers=workers)
        if strange is None:
            victim.rmdir()
        elif isinstance(strange, bytes):
            assert victim.read_bytes() == strange
        else:
            np.testing.assert_array_equal(pixels(victim), strange)
        victim.touch()
    assert build_dataset([photos], out, layout=layout, overwrite=True).drawn == 1  # the others were compared and noted
    assert contents(out) == before


@posix
def test_a_link_with_the_name_of_a_pair_is_not_followed(tmp_path, photos, out):
    build_dataset([photos], out)
    mine, pair = tmp_path / "mine.png", next((out / "train").iterdir())
    pair.rename(mine)
    pair.symlink_to(mine)
    data = mine.read_bytes()
    for overwrite in (False, True):
        with pytest.raises(DatasetError, match="leads out of"):
            build_dataset([photos], out, overwrite=overwrite)
    (out / "manifest.jsonl").unlink()
    shutil.rmtree(out / "test")
    pair.unlink()
    shutil.rmtree(out / "train")
    (tmp_path / "elsewhere").mkdir()
    (out / "train").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatasetError, match="train is a link that leads out of"):
        build_dataset([photos], out)
    assert mine.read_bytes() == data and not any((tmp_path / "elsewhere").iterdir())


def test_an_interrupted_run_is_completed_by_the_next(tmp_path, photos, out, monkeypatch):
    build_dataset([photos], tmp_path / "undisturbed", size=24, crops=2)
    written = []

    def interrupted(path, pair):
        if len(written) == 5:  # in the middle of a photo
            raise KeyboardInterrupt
        written.append(path)
        write(path, pair)

    write = pair_files.write_image
    monkeypatch.setattr(pair_files, "write_image", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_dataset([photos], out, size=24, crops=2)
    with pytest.raises(DatasetError, match="not finished"):
        load_pairs(out, "train")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (out / "train" / f"{PARTIAL}{gone.pid}-killed.png").touch()  # what a killed process leaves
    (out / "train" / ".important.tmp").write_text("notes")
    monkeypatch.setattr(pair_files, "write_image", write)
    assert build_dataset([photos], out, size=24, crops=2).drawn == 4  # two photos were whole
    assert (out / "train" / ".important.tmp").read_text() == "notes"
    (out / "train" / ".important.tmp").unlink()
    assert contents(out) == contents(tmp_path / "undisturbed")


def start(*arguments, **options):
    """python -m stylize dataset, in a session of its own, so that a signal can reach its workers too."""
    return subprocess.Popen(
        [sys.executable, "-m", "stylize", "dataset", *map(str, arguments)],
        cwd=REPOSITORY, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # a shell that runs the tests in the background has them ignore it, and their children too
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler), **options,
    )  # fmt: skip


def wait_for_pictures(process, out, count=1):
    deadline = time.monotonic() + 60
    while len(list(out.rglob("[!.]*.png"))) < count and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.002)


@posix
def test_ctrl_c_ends_in_one_line_and_can_be_gone_on_from(tmp_path, out):
    photos = save_blocks(tmp_path / "photos", 12, height=400, width=400)
    process = start(photos, out, "--workers", "2")
    wait_for_pictures(process, out)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr == "stylize: interrupted; the same command with --resume goes on from here\n"
    assert len(list(out.glob("t*/*.png"))) < 12
    build_dataset([photos], out)
    build_dataset([photos], tmp_path / "undisturbed")
    assert contents(out) == contents(tmp_path / "undisturbed")


@posix
def test_a_second_run_into_the_folder_is_refused_until_the_first_has_ended_or_been_killed(tmp_path, photos, out):
    with locked(out):
        with pytest.raises(FileError, match=f"another run is writing into {out}"):
            build_dataset([photos], out)
        assert list(out.iterdir()) == [], "neither pictures nor a file for the lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(out)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "locked\n"
    done = start(photos, out)
    _, stderr = done.communicate(timeout=60)
    assert done.returncode == 2
    assert stderr == f"stylize: another run is writing into {out}; wait for it, or choose another folder\n"
    holder.kill()
    holder.communicate(timeout=60)
    assert build_dataset([photos], out).drawn == 6


HOLDER = """
import pathlib, sys, time
from stylize.folder_lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


@posix
@pytest.mark.parametrize(
    ("layout", "workers"),
    [
        ("side", 1),
        ("folders", 2),
        pytest.param("side", 2, marks=pytest.mark.slow),
        pytest.param("folders", 1, marks=pytest.mark.slow),
    ],
)
def test_a_killed_run_is_completed_to_the_same_bytes(tmp_path, out, layout, workers):
    """Killed in the middle of a photo, and once more."""
    photos = save_blocks(tmp_path / "photos", 8, height=200, width=200)
    options = {"layout": layout, "size": 96, "crops": 3, "flip": True}
    build_dataset([photos], tmp_path / "undisturbed", **options)
    wanted = contents(tmp_path / "undisturbed")
    arguments = ["--layout", layout, "--size", 96, "--crops", 3, "--flip", "--workers", workers, "--resume"]
    for count in (5, 23):
        process = start(photos, out, *arguments)
        wait_for_pictures(process, out, count)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL and contents(out) != wanted
    build_dataset([photos], out, **options)
    assert contents(out) == wanted


@posix
@pytest.mark.slow
def test_workers_die_with_their_parent_and_the_parent_survives_theirs(tmp_path, out):
    photos = save_blocks(tmp_path / "photos", 16, height=400, width=400)
    process = start(photos, out, "--workers", "2")
    wait_for_pictures(process, out)
    (worker, *others) = children(process.pid)
    os.kill(worker, signal.SIGKILL)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2 and others
    assert stderr.startswith("stylize: a worker process died") and stderr.count("\n") == 1

    process = start(photos, out, "--workers", "2", "--resume")
    wait_for_pictures(process, out, len(list(out.rglob("*.png"))) + 1)
    workers = children(process.pid)
    process.kill()
    process.communicate(timeout=60)  # returns when the last process that holds the pipe has ended
    assert workers and not any(alive(worker) for worker in workers)

    build_dataset([photos], out)
    build_dataset([photos], tmp_path / "undisturbed")
    assert contents(out) == contents(tmp_path / "undisturbed")


def children(pid):
    """The worker processes of a process; not the one that tracks its semaphores."""
    listing = subprocess.run(["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()]
    return [int(child) for child, parent, command in rows if int(parent) == pid and "spawn_main" in command]


def alive(pid):
    listing = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(listing) and not listing.startswith("Z")


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
        "text.jpg": "not a readable image",
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


@posix
@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_one_line_and_leaves_no_half_file(tmp_path, out, workers):
    """A limit on the size of files, at which writing fails half way, as it does on a full disk."""
    rng = np.random.default_rng(0)
    photos = save_blocks(tmp_path / "photos", 3)
    save(photos / "noise.png", rng.integers(0, 256, (200, 200, 3), dtype=np.uint8))
    code = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)); "
    code += "runpy.run_module('stylize', run_name='__main__', alter_sys=True)"
    arguments = ["dataset", photos, out, "--style", "classic", "--workers", str(workers)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "File too large" in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert not [path for path in out.rglob("*") if ".tmp" in path.name]
    for path in out.rglob("*.png"):
        pixels(path)  # whole
    build_dataset([photos], out, style="classic")  # with space again
    build_dataset([photos], tmp_path / "undisturbed", style="classic")
    assert contents(out) == contents(tmp_path / "undisturbed")


def test_every_kind_of_file_is_used_or_skipped_with_a_reason(tmp_path, photos, out):
    used = {}
    for name, mode in {"grey.jpg": "L", "cmyk.jpg": "CMYK", "palette.png": "P", "alpha.png": "RGBA"}.items():
        used[name] = save(photos / name, Image.fromarray(blocks(len(used) + 20)).convert(mode))
    used["deep.png"] = save(photos / "deep.png", Image.fromarray(blocks(30)[..., 0].astype(np.uint16) * 257))
    frames = [Image.fromarray(blocks(seed)) for seed in (31, 32)]
    used["moving.gif"] = save(photos / "moving.gif", frames[0], save_all=True, append_images=frames[1:])
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        name = f"turned {orientation}.jpg"
        used[name] = save(photos / name, Image.fromarray(blocks(40 + orientation)), exif=exif)
    for seed, name in enumerate(["line\nend.png", "prächtig 雪 🎨.png", "line\u2028separator.png", "𠀀" * 60 + ".png"]):
        used[name] = save(photos / name, blocks(60 + seed))
    used["long.png"] = save(photos / "long.png", blocks(70, 16, 4000))
    (photos / "folder.jpg").mkdir()
    used["folder.jpg/inside.png"] = save(photos / "folder.jpg" / "inside.png", blocks(71))

    bad = {"text.png": b"no pixels", "cut.jpg": used["grey.jpg"].read_bytes()[:-40], "empty.gif": b""}
    for name, data in bad.items():
        (photos / name).write_bytes(data)
    reasons = {"text.png": "not a readable image", "cut.jpg": "truncated", "empty.gif": "empty"}
    (photos / "circle.png").symlink_to("circle.png")  # named by survey(), see test_folders.py
    not_utf8 = os.fsdecode(b"caf\xe9.png")
    try:
        used[not_utf8] = photos / not_utf8
        used[not_utf8].write_bytes((photos / "long.png").read_bytes()[:60])
        reasons[not_utf8] = "truncated"
        del used[not_utf8]
    except OSError:  # a file system of Unicode names only
        del used[not_utf8]

    summary = build_dataset([photos], out, style="classic")
    assert {name for name, _ in summary.skipped} == reasons.keys()
    assert all(reasons[name] in reason for name, reason in summary.skipped)
    records = {record["source"]: record for record in read_manifest(out)}
    assert {name for name, record in records.items() if record["status"] == "done"} == {
        *used, *(f"{i}.png" for i in range(6))
    }  # fmt: skip
    for name in used:
        assert pixels(out / records[name]["file"]).shape[2] == 3
    before = contents(out)
    assert build_dataset([photos], out, style="classic").drawn == 0 and contents(out) == before


STYLE = """
import sys
from dataclasses import dataclass
from stylize import DatasetError, Parameters, build_dataset, register

@dataclass(frozen=True)
class Negative(Parameters):
    white: int = 255

def negative(image, scale, p):
    return p.white - image
"""
TOP_LEVEL = (
    STYLE
    + """
register("negative", Negative())(negative)
if __name__ == "__main__":
    build_dataset([sys.argv[1]], sys.argv[2], style="negative", workers=2)
"""
)
INSIDE = (
    STYLE
    + """
if __name__ == "__main__":
    register("negative", Negative())(negative)
    try:
        build_dataset([sys.argv[1]], sys.argv[2], style="negative", workers=2)
    except DatasetError as error:
        sys.exit(str(error))
"""
)


def test_a_style_of_ones_own_works_with_workers_or_says_why_not(tmp_path, photos, out):
    for name, script in {"top.py": TOP_LEVEL, "inside.py": INSIDE}.items():
        (tmp_path / name).write_text(script)
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}

    def run(name):
        command = [sys.executable, tmp_path / name, photos, out]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    failed = run("inside.py")
    assert failed.returncode == 1 and failed.stderr.count("\n") == 1
    assert "do not know the style 'negative'; register it at the top level" in failed.stderr
    done = run("top.py")
    assert (done.returncode, done.stderr) == (0, "")
    for _, photo, cartoon in load_pairs(out, "train"):
        np.testing.assert_array_equal(cartoon, 255 - photo)


@posix
@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_photos(tmp_path):
    code = "import sys; from stylize import build_dataset; "
    code += "build_dataset([sys.argv[1]], sys.argv[2], style='classic', workers=1)\n" + PRINT_PEAK
    peaks = []
    for count in (10, 60):  # the pixels of 50 photos and pairs are 50 * 3 * 0.75 MB = 112 MB
        photos = save_blocks(tmp_path / f"photos {count}", count, height=512, width=512)
        command = [sys.executable, "-c", code, photos, tmp_path / f"out {count}"]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=200, check=True)
        peaks.append(int(done.stdout) / 2**20)
    assert peaks[1] < peaks[0] + 25, f"{peaks} MB"
