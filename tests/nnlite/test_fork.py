"""Forked processes compute as their parent does, whatever it was doing at that moment.

Each case is a script in a process of its own, with a limit of time: what it guards against is a child that waits for
ever. Warnings are errors there, and from Python 3.12 on a fork warns if the process still has threads.
"""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

STEP = """
import multiprocessing, os, threading, time
import numpy as np
import nnlite, nnlite.functional as F
from nnlite import nn
from nnlite.backend import random
from nnlite.backend.cpu import blas, threads

nnlite.set_num_threads(2)

def step(seed=0):
    rng = np.random.default_rng(seed)
    x, w = (nnlite.tensor(rng.standard_normal(shape, np.float32), requires_grad=True)
            for shape in ((4, 3, 64, 64), (32, 3, 3, 3)))
    F.relu(F.conv2d(x, w, padding=1)).mean().backward()
    return x.grad.numpy().tobytes() + w.grad.numpy().tobytes()

def in_a_child(function):
    "What function() returns in a forked process, as bytes."
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with open(writing, "wb") as pipe:
                pipe.write(function())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with open(reading, "rb") as pipe:
        answer = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return answer
"""


def run(script, warnings="error"):
    command = [sys.executable, "-W", warnings, "-c", STEP + script]
    environment = {**os.environ, "NNLITE_BACKEND": "fast"}  # the plain one has no threads
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_child_computes_the_same_bits_and_so_does_its_child():
    run("""
expected = step()
assert threads._pools, "no thread was used"
assert in_a_child(step) == expected
assert in_a_child(lambda: in_a_child(step)) == expected
assert step() == expected
""")


@pytest.mark.parametrize("pool", ["multiprocessing.get_context('fork').Pool(2)", "ProcessPoolExecutor(2, fork)"])
def test_a_pool_of_forked_processes_computes(pool):
    run(f"""
from concurrent.futures import ProcessPoolExecutor
fork = multiprocessing.get_context("fork")
expected = [step(seed) for seed in range(4)]
with {pool} as pool:
    assert list(pool.map(step, range(4))) == expected
assert step() == expected[0]
""")


def test_a_fork_may_come_while_another_thread_computes():
    """The child has no lock that stays locked, and the matrix products have their threads."""
    run(
        """
get = blas._switch()[0] if blas._switch() else lambda: 1
expected, before, stop = step(), get(), threading.Event()

def work():
    while not stop.is_set():
        step()

other = threading.Thread(target=work)
other.start()
try:
    for _ in range(10):
        assert in_a_child(lambda: step() + bytes([get()])) == expected + bytes([before])
finally:
    stop.set()
    other.join()
""",
        warnings="ignore",
    )


def test_what_is_under_way_in_the_same_thread_does_not_stop_a_fork():
    """A handler of signals, say, may fork in the middle of a step."""
    run("""
answers = []

def task(i):
    if i == 0:  # the one that the calling thread takes
        answers.append(in_a_child(lambda: b"here"))

threads.parallel(task, [(0,), (1,)], 2)
assert answers == [b"here"]
""")


def test_a_child_draws_the_numbers_that_its_parent_draws_next():
    """Even if another thread is drawing, and so holds the generator's lock."""
    run(
        """
nnlite.manual_seed(3)
held = threading.Event()

def hold():
    with random._generator.bit_generator.lock:
        held.set()
        time.sleep(0.5)  # a draw of many numbers

def draw():
    return nnlite.randn(5).numpy().tobytes()

other = threading.Thread(target=hold)
other.start()
held.wait()
drawn = in_a_child(draw)
other.join()
assert drawn == draw()
""",
        warnings="ignore",
    )
