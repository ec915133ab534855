"""Worker processes stopped at any moment neither hang nor leave orphans, and finished work is kept."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from stylize import DatasetError, build_dataset, check_dataset
from stylize.interrupts import first_interrupt_noted
from stylize.workers import Workers

from .pictures import REPOSITORY, contents, save_blocks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
INTERRUPTED = "stylize: interrupted; the same command with --resume goes on from here\n"


def double(number):
    return 2 * number


def process_of(_):
    return os.getpid()


def fail_at_three(number):
    if number == 3:
        raise ValueError("three")
    return number


def die_at_three(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_results_come_in_order_and_are_noted_as_they_are_done():
    noted = []
    with Workers(3, 20) as pool:
        jobs = list(range(20))
        doubled = pool.map(double, jobs, "", False, lambda job, result: noted.append((job, result)))
        assert doubled == [2 * n for n in jobs]
        assert sorted(noted) == [(n, 2 * n) for n in jobs]
        assert pool.map(double, [], "", False) == []
        used = set(pool.map(process_of, jobs, "", False))  # by the same processes
        assert len(used) <= 3 and os.getpid() not in used
    assert not any(map(alive, used))


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_job_raises_is_raised_after_the_others_are_done(workers):
    noted = []
    with Workers(workers, 8) as pool, pytest.raises(ValueError, match="three") as raised:
        pool.map(fail_at_three, range(8), "", False, lambda job, result: noted.append(job))
    assert {0, 1, 2} <= set(noted) and 3 not in noted and (workers > 1 or noted == [0, 1, 2])
    if workers > 1:
        assert "fail_at_three" in raised.value.__notes__[0]  # where in the worker it was


def test_a_worker_that_dies_ends_the_run_and_the_other_workers():
    with Workers(2, 8) as pool:
        used = pool.map(process_of, range(8), "", False)
        with pytest.raises(DatasetError, match="a worker process died"):
            pool.map(die_at_three, range(8), "", False)
    assert not any(map(alive, used))


def test_the_first_interrupt_is_noted_and_the_second_raised():
    with first_interrupt_noted() as heard:
        os.kill(os.getpid(), signal.SIGINT)
        assert heard == [signal.SIGINT]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does for background jobs
    try:
        with first_interrupt_noted() as heard:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        assert heard == []
    finally:
        signal.signal(signal.SIGINT, before)


def start(command, *arguments):
    """`python -m stylize COMMAND` in its own session; a terminal sends Ctrl-C to every process in it."""
    return subprocess.Popen(
        [sys.executable, "-m", "stylize", command, *map(str, arguments)],
        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # a shell that runs the tests in the background has them ignore it, and their children too
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def end(process):
    """The exit status and stderr, within 30 s; soon after, no process of its session is left."""
    try:
        _, stderr = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    deadline = time.monotonic() + 5
    while session(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert session(process.pid) == []
    return process.returncode, stderr


def session(leader):
    """The living processes of a session."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,sess=,stat="], capture_output=True, text=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return [int(pid) for pid, sess, stat in rows if sess == str(leader) and not stat.startswith("Z")]


def wait_for_plan(process, out):
    """Wait until the program has scanned its photos; before that, Ctrl-C is Python's business."""
    while not (out / "manifest.jsonl").exists() and process.poll() is None:
        time.sleep(0.01)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Photos that take a while to draw, and the result of an undisturbed run."""
    folder = tmp_path_factory.mktemp("large")
    photos = save_blocks(folder / "photos", 6, height=256, width=256)
    build_dataset([photos], folder / "whole")
    return photos, contents(folder / "whole")


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_ctrl_c_once_or_twice_at_any_moment_of_drawing(large, tmp_path, workers):
    photos, whole = large
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    for presses in (1, 2):
        out = tmp_path / f"out {presses}"
        process = start("dataset", photos, out, "--workers", workers)
        wait_for_plan(process, out)
        time.sleep(rng.uniform(0, 0.5))
        for _ in range(presses):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.05)
        status, stderr = end(process)
        # the second press may come while Python is shutting down, where the system ends it
        assert status in (0, 130, -signal.SIGINT) and stderr in ("", INTERRUPTED), f"seed {seed}, {presses} presses"
        build_dataset([photos], out)
        assert contents(out) == whole, f"seed {seed}"


@pytest.mark.slow
@pytest.mark.parametrize("workers, kind", [(2, signal.SIGTERM), (3, signal.SIGINT)])
def test_two_signals_at_any_moment_at_all(large, tmp_path, workers, kind):
    """Also while modules are imported and processes started: whatever it prints, it ends and can be completed."""
    photos, whole = large
    for turn, moment in enumerate((0.2, 0.6, 1.0, 1.4, 2.0)):
        out = tmp_path / f"out {turn}"
        process = start("dataset", photos, out, "--workers", workers)
        time.sleep(moment)
        for _ in range(2):
            if process.poll() is None:
                os.killpg(process.pid, kind)
            time.sleep(0.05)
        end(process)
        build_dataset([photos], out)
        assert contents(out) == whole


def test_sigterm_to_the_parent_alone_leaves_no_orphans(large, tmp_path):
    photos, whole = large
    process = start("dataset", photos, tmp_path / "out", "--workers", 2)
    wait_for_plan(process, tmp_path / "out")
    process.terminate()
    assert end(process)[0] == -signal.SIGTERM
    build_dataset([photos], tmp_path / "out")
    assert contents(tmp_path / "out") == whole


def test_ctrl_c_twice_ends_a_check_too(large, tmp_path):
    photos, _ = large
    build_dataset([photos], tmp_path / "out", size=64, crops=12)
    assert check_dataset(tmp_path / "out", workers=2).findings == {}
    process = start("check", tmp_path / "out", "--workers", 2)
    deadline = time.monotonic() + 20
    while len(session(process.pid)) < 3 and time.monotonic() < deadline:  # itself, what tracks resources, a worker
        time.sleep(0.02)
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.05)
    assert end(process)[0] in (0, 130, -signal.SIGINT)
