"""A training run as a loop talks to it, and where the loops are."""

import argparse
import signal
import subprocess
import sys

import numpy as np
import pytest

import nnlite
from demos.__main__ import DEMOS
from demos.shared.run import Run, fall_to_zero, hold_then_fall
from models.autoencoder import Autoencoder, dense
from models.gan import GAN, DenseDiscriminator, DenseGenerator
from nnlite.optim.lr_scheduler import LinearLR

from .runner import ROOT


def options(out, steps, resume=False):
    how = {"program": "demos.test", "computed": {"steps": steps}, "debug": False, "again": ["test", "--resume"]}
    return argparse.Namespace(out=out, steps=steps, resume=resume, **how)


def play(run, model, rate):
    """Train without end or until the run is over; the rates of all steps."""
    rates = []
    images = np.random.default_rng(0).random((4, 1, 28, 28), np.float32)
    for image, target in run.batches(nnlite.DataLoader(list(zip(images, images, strict=True)), 2)):
        rates.append(model.optimizer.param_groups[0]["lr"])
        run.record(model.train_step(image, target))
        rate.step()
    return rates


def test_a_resumed_run_has_the_rates_of_one_that_went_on(tmp_path):
    def train(steps, resume):
        model = Autoencoder(*dense(2, (4,)), lr=0.5)
        with Run(options(tmp_path, steps, resume), model) as run:
            return play(run, model, LinearLR(model.optimizer, 1.0, 0.0, total_iters=10, last_epoch=run.step - 1))

    rates = train(4, resume=False) + train(4, resume=True) + train(10, resume=True)
    np.testing.assert_allclose(rates, 0.5 * (1 - np.arange(10) / 10))


def test_a_rate_that_holds_and_then_falls():
    model = GAN(DenseGenerator(2, 2), DenseDiscriminator(2), lr=0.5)
    for hold in (0.3, 0.5):
        rates = hold_then_fall(model, 100, hold)
        seen = []
        for _ in range(101):
            optimizers = [part for part in model.components().values() if hasattr(part, "step")]
            seen.append([optimizer.param_groups[0]["lr"] for optimizer in optimizers])
            for rate in rates:
                rate.step()
        expected = np.interp(np.arange(101), [0, 100 * hold, 100], [0.5, 0.5, 0.0])
        np.testing.assert_allclose(seen, np.stack([expected, expected], 1), atol=1e-12)


@pytest.mark.parametrize(("steps", "expected"), [(1, 1), (7, 7), (8, 8), (800, 8), (807, 8)])
def test_eight_pictures_are_due(steps, expected, tmp_path):
    run = Run(options(tmp_path, steps), None)
    due = 0
    for run.step in range(1, steps + 1):
        due += run.due()
    assert due == expected


def test_a_loop_that_fails_leaves_ctrl_c_and_the_folder_as_they_were(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    for _ in range(2):
        with (
            pytest.raises(ZeroDivisionError),
            Run(options(tmp_path, 3), Autoencoder(*dense(2, (4,)))) as run,
        ):
            for _ in run.batches():
                assert signal.getsignal(signal.SIGINT) != before
                raise ZeroDivisionError
        assert signal.getsignal(signal.SIGINT) == before
    assert not (tmp_path / "checkpoint.safetensors").exists()


def test_each_program_that_trains_shows_its_loop():
    for path in (ROOT / "demos").rglob("*.py"):
        text = path.read_text()
        if "parser.settle(" in text and path.stem != "inpaint":  # whose loop is that of denoise.py
            assert "in run.batches(" in text and "train_step(" in text, path


def test_programs_and_what_they_share_stand_apart():
    files = {path.stem for path in (ROOT / "demos").glob("[!_]*.py")}
    packages = {path.parent.name for path in (ROOT / "demos").glob("*/__main__.py")}
    listed = {name for name, *_ in DEMOS}
    assert files <= listed <= files | packages
    assert not [path for path in (ROOT / "demos" / "shared").glob("*.py") if "__main__" in path.read_text()]


def test_what_is_shared_imports_no_program():
    """In a process of its own, as other tests have imported programs."""
    shared = [f"demos.shared.{path.stem}" for path in (ROOT / "demos" / "shared").glob("[!_]*.py")]
    code = f"import sys, {', '.join(shared)}; print(*(m for m in sys.modules if m.startswith('demos.')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"demos.shared", *shared}


def test_a_rate_that_has_fallen_to_zero_rises_again_for_more_steps():
    weight = nnlite.nn.Parameter(nnlite.ones(1))
    optimizer = nnlite.optim.SGD([weight], lr=1.0)
    assert rates_of(optimizer, fall_to_zero(optimizer, 4), 4) == pytest.approx([1.0, 0.75, 0.5, 0.25])
    assert optimizer.param_groups[0]["lr"] == 0.0
    assert rates_of(optimizer, fall_to_zero(optimizer, 4, 4), 1) == [0.0], "a run that is over stays over"
    assert rates_of(optimizer, fall_to_zero(optimizer, 8, 4), 4) == pytest.approx([0.5, 0.375, 0.25, 0.125])


def rates_of(optimizer, schedule, steps):
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates
