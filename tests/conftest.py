"""Fixtures for all tests. Whatever is random prints the seed that repeats it."""

import os
import random
import sys

# PyTorch's idle threads spin and slow everything down; this must be set before its first import.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import numpy as np
import pytest
from hypothesis import core, settings

import nnlite
from nnlite import backend as backends
from nnlite.backend.cpu import threads
from tests import fake_cuda, fake_cupy
from tests.helpers import make_blocks_tiny

settings.register_profile("dev", max_examples=20, deadline=None, print_blob=True)
settings.register_profile("ci", max_examples=100, deadline=None, print_blob=True)
settings.register_profile("intense", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


# The modules of nnlite.backend that import CuPy.
OF_THE_GPU = ("gpu", *(f"gpu.{name}" for name in ("capture", "cublas", "formula", "kernels", "philox", "updates")))


def pytest_addoption(parser):
    parser.addoption(
        "--device", choices=("cpu", "gpu"), default="cpu", help="gpu: device tests use CuPy and a GPU, not the stand-in"
    )


def pytest_configure(config):
    if core.global_force_seed is None:  # what --hypothesis-seed sets
        core.global_force_seed = random.SystemRandom().randrange(2**32)


@pytest.hookimpl(tryfirst=True)  # before `-m torch` chooses
def pytest_collection_modifyitems(items):
    for item in items:
        if "torch" in getattr(item, "fixturenames", ()):
            item.add_marker("torch")


def pytest_terminal_summary(terminalreporter, exitstatus):
    if exitstatus:
        terminalreporter.write_line(f"the same examples again: pytest --hypothesis-seed={core.global_force_seed}")


@pytest.fixture(autouse=True)
def fixed_start():
    """Each test starts from one seed and leaves the number of threads as it was."""
    nnlite.manual_seed(0)
    count = threads.count
    yield
    threads.set_num_threads(count)


@pytest.fixture
def rng():
    """NumPy's generator, from one seed: a failing test fails again."""
    return np.random.default_rng(20240611)


@pytest.fixture(scope="session")
def torch():
    """PyTorch, the reference. Tests that ask for it are skipped without it, and fail if NNLITE_REQUIRE_TORCH=1."""
    try:
        import torch
    except ImportError as error:
        if os.environ.get("NNLITE_REQUIRE_TORCH") == "1":
            raise
        pytest.skip(f"PyTorch is not installed ({error})")
    torch.set_num_threads(min(2, os.cpu_count() or 1))
    return torch


@pytest.fixture
def fast(monkeypatch):
    """The fast backends, for tests of what the plain one does not promise: memory order, threads, blocks."""
    monkeypatch.setattr(backends, "_chosen", "fast")


@pytest.fixture
def plain(monkeypatch):
    """The plain backend, on any device."""
    monkeypatch.setattr(backends, "_chosen", "plain")


@pytest.fixture
def gpu(monkeypatch, request):
    """nnlite.backend.gpu, on the stand-in as if it had just been imported, or with `--device gpu` on CuPy.

    Its kernels are at work (the plain backend is the default on a GPU), with all digits: convolutions in TF32 could
    not be compared.
    """
    monkeypatch.setattr(backends, "_chosen", "fast")
    monkeypatch.setattr(nnlite.backends.cudnn, "allow_tf32", False)
    if request.config.getoption("--device") == "gpu":
        yield backends._gpu()  # raises DeviceError if there is no GPU
        return
    monkeypatch.setattr(backends, "_made", {})
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy.module())
    monkeypatch.delattr(backends, "gpu", raising=False)
    for name in OF_THE_GPU:
        monkeypatch.delitem(sys.modules, f"nnlite.backend.{name}", raising=False)
    monkeypatch.setattr(backends.random, "_gpu_generator", None)
    assert nnlite.gpu_available()
    module = backends._gpu()
    library = fake_cuda.Cublas()
    monkeypatch.setattr(module.cublas, "_library", lambda: library)
    if fake_cuda.COMPILER is None:  # kernels cannot run: the plain way is tested, the other with g++ or a GPU
        monkeypatch.setattr(module.formulas, "KERNELS", False)
    yield module
    fake_cuda.noted = None
    for name in OF_THE_GPU:
        sys.modules.pop(f"nnlite.backend.{name}", None)
    vars(backends).pop("gpu", None)


@pytest.fixture
def tiny_blocks(monkeypatch, fast):
    """The blocked and threaded paths for arrays of any size, on three threads."""
    make_blocks_tiny(monkeypatch)
