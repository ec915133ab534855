"""Each work's captured steps equal eager ones on the stand-in."""

import sys
import types

import pytest

from benchmarks import gpu as program
from benchmarks import variants
from tests.benchmarks.test_benchmarks import SMALL

# What is captured is computed on whatever lies in memory at that time.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.fixture(autouse=True)
def kernels_run(gpu):
    if not gpu.formulas.KERNELS:
        pytest.skip("g++ is needed to run kernels on the CPU")


@pytest.mark.parametrize("name", SMALL)
def test_captured_steps_of_a_work_equal_eager_ones(gpu, name):
    count, differences = variants.Equality(name, SMALL[name], "cuda").differences(program.EQUAL_AFTER)
    assert count > 0 and differences == {}


@pytest.mark.parametrize("variant", ["nnlite", "nnlite_eager", "nnlite_plain"])
def test_a_subject_on_the_gpu(gpu, torch, monkeypatch, variant):
    class MemoryHook:
        def __enter__(self):
            pass

    cuda = sys.modules["cupy"].cuda
    monkeypatch.setattr(cuda, "MemoryHook", MemoryHook, raising=False)
    monkeypatch.setattr(cuda, "Device", lambda: types.SimpleNamespace(synchronize=lambda: None), raising=False)
    subject = variants.Subject(variant, "lenet", {"batch": 2}, "cuda")
    expected = variants.Subject("torch", "lenet", {"batch": 2}, "cpu").losses(program.LOSSES)
    assert program.wrong_losses({"torch": expected, variant: subject.losses(program.LOSSES)}) == {}
    subject.settle(4)
    assert subject.burst(2) > 0
