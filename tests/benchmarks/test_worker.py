"""Objects in processes of their own. Modules serve as objects here: `make` is importlib.import_module."""

import os
import signal
import subprocess
import sys
from importlib import import_module

import pytest

from benchmarks.worker import Failed, Worker


@pytest.fixture
def start():
    """Worker, and every worker's end."""
    workers = []

    def start(*arguments, **options):
        workers.append(Worker(*arguments, **options))
        return workers[-1]

    yield start
    for worker in workers:
        worker.stop()


def test_a_worker_answers_from_another_process(start):
    worker = start(import_module, "os")
    assert worker.ask("getpid") != os.getpid()
    assert worker.ask("getpid") == worker.ask("getpid")


def test_an_error_is_an_answer_and_the_next_question_is_heard(start):
    worker = start(import_module, "math")
    with pytest.raises(Failed, match=r"^TypeError: .*real number"):
        worker.ask("sqrt", "four")
    assert worker.ask("sqrt", 4.0) == 2.0


def test_what_went_wrong_at_the_start_answers_every_question(start):
    worker = start(import_module, "no_such_module")
    for _ in range(2):
        with pytest.raises(Failed, match="ModuleNotFoundError: No module named 'no_such_module'"):
            worker.ask("anything")


def test_a_process_that_dies_is_a_failure(start):
    worker = start(import_module, "os")
    for _ in range(2):
        with pytest.raises(Failed, match="its process ended with exit code 3"):
            worker.ask("_exit", 3)


def test_patience_ends_and_so_does_the_process(start):
    worker = start(import_module, "time", patience=1.0)
    with pytest.raises(Failed, match="no answer within 1 s"):
        worker.ask("sleep", 60)
    assert not worker._process.is_alive()


def test_one_failure_harms_no_other(start):
    broken, sound = start(import_module, "os"), start(import_module, "math")
    with pytest.raises(Failed):
        broken.ask("abort")
    assert sound.ask("sqrt", 9.0) == 3.0


def test_ctrl_c_is_one_line(tmp_path):
    """The interrupt reaches the whole group, as from a terminal; only the asking process speaks."""
    script = tmp_path / "asks.py"
    script.write_text("""
from importlib import import_module
from benchmarks.worker import Worker
from demos.shared.program import run_program

def main():
    worker = Worker(import_module, "time")
    worker.ask("sleep", 0)
    print("ready", flush=True)
    worker.ask("sleep", 60)

if __name__ == "__main__":
    run_program("asks", main)
""")
    process = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a background shell ignores it
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130 and said.strip() == "asks: interrupted; what was finished is kept"
