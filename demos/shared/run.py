"""A training run: what a plain loop reports to, so that it can be watched, stopped and resumed."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import shlex
import sys
import time
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
from tqdm import tqdm

import nnlite
from demos.shared.program import Interrupt, UserError
from demos.shared.run_folder import (
    CHECKPOINT,
    claim_folder,
    draw_record,
    load_checkpoint,
    save_checkpoint,
    write_figures,
    write_rows,
)
from models.trainable import Trainable
from nnlite.optim import Optimizer
from nnlite.optim.lr_scheduler import LambdaLR, LinearLR

READ_EVERY = 10  # steps between reading the losses: each reading waits for the GPU
SAVE_EVERY = 100
PICTURES = 8  # in a whole run, and as many validations


class Run:
    """A run in the folder options.out, which it claims, from wherever it stopped last.

        with Run(options, model) as run:
            for batch in run.batches(loader):
                run.record(model.train_step(*batch))
                if run.due():
                    run.record_picture(picture_of(model))
                    run.record_validation({"accuracy": accuracy(model)})
            if run.interrupted:
                return run.stopped()
            run.finish(figures)

    options   as Options.settle() returns them (demos/shared/options.py)
    model     has state_dict() and load_state_dict(); or a dictionary of such models, saved together

    Entering raises UserError or FileError for a folder that cannot be used, CheckpointError for a checkpoint that is
    damaged or does not fit the model. Build learning-rate schedules inside, with last_epoch=run.step - 1: then they
    resume with the run.
    """

    def __init__(self, options: argparse.Namespace, model: Any):
        self.options, self.model = options, Several(model) if isinstance(model, dict) else model
        self.out, self.steps = options.out, options.steps
        self.checkpoint = self.out / CHECKPOINT
        self.step, self.seconds = 0, 0.0  # steps done, and the time they took
        self.losses: list[dict[str, float]] = []  # of every step: the history that `fit` returns in other libraries
        self.validations: list[dict[str, float]] = []
        self.interrupted = False
        self._unread: list[tuple[int, dict[str, nnlite.Tensor]]] = []
        self._rng: dict[str, Any] | None = None  # state of the random numbers in the checkpoint

    def __enter__(self) -> Run:
        with contextlib.ExitStack() as stack:
            options = self.options
            stack.enter_context(claim_folder(self.out, options.program, options.computed, options.resume))
            if options.resume and self.checkpoint.exists():
                self._load()
            elif options.resume:
                print(f"{self.out} has no checkpoint yet; the run starts again with the same options", file=sys.stderr)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def batches(self, loader: nnlite.DataLoader | None = None) -> Iterator[tuple[nnlite.Tensor, ...]]:
        """The batches of all steps still to do; empty ones without a loader. `record` must be called once for each.

        Ctrl-C ends them after the step. Every SAVE_EVERY steps and at the end the checkpoint is written.
        """
        batches = self._batches(loader)
        self._stack.callback(batches.close)  # Ctrl-C is back to normal even if the loop ends by an exception
        return batches

    def record(self, losses: dict[str, nnlite.Tensor]) -> None:
        """Count a step with these losses, 0-d Tensors. Raises UserError when one read is not a number."""
        self.seconds += time.perf_counter() - self._started
        self.step += 1
        self._unread.append((self.step, losses))
        self._bar.update()
        if self.step % READ_EVERY == 0 or self.due():  # before a network that has gone wrong is asked to draw
            self._bar.set_postfix(self._read_losses())

    def due(self) -> bool:
        """Whether it is time for a picture and for figures on held-out data."""
        return self.step % max(1, self.steps // PICTURES) == 0

    def record_picture(self, image: np.ndarray) -> None:
        """Add an image (H, W, 3), uint8, to the folder samples/: it shows how far the model is."""
        from stylize import write_image

        (self.out / "samples").mkdir(exist_ok=True)
        write_image(self.out / "samples" / f"step-{self.step:06d}.png", image)

    def record_validation(self, figures: dict[str, float]) -> None:
        """Add figures on held-out data to validation.csv."""
        self.validations.append({"step": self.step, **figures})

    def stopped(self) -> int:
        """Say how to go on after Ctrl-C. Returns the exit status."""
        again = shlex.join([*self.options.again, "--out", str(self.out)])
        print(f"\nStopped at step {self.step} of {self.steps}, saved. Go on with: {again}", file=sys.stderr)
        return 130

    def finish(self, figures: dict[str, Any]) -> dict[str, Any]:
        """Write metrics.json, losses.png and progress.png (the samples in a row); return the figures with the time."""
        figures = {**figures, "steps": self.step, "seconds": round(self.seconds, 1)}
        write_figures(figures, self.out)
        draw_record(self.losses, self.out)
        return figures

    def _batches(self, loader: nnlite.DataLoader | None) -> Generator[tuple[nnlite.Tensor, ...]]:
        source = loader.batches(start=self.step) if loader else itertools.repeat(())
        self._bar = tqdm(total=self.steps, initial=self.step, desc="training", unit="step", dynamic_ncols=True)
        watch = nnlite.detect_anomaly() if self.options.debug else contextlib.nullcontext()
        if self._rng:  # only now, because preparing the data has drawn random numbers since it was loaded
            nnlite.set_rng_state(self._rng)
        with Interrupt() as interrupt, self._bar, watch:
            while self.step < self.steps and not interrupt.requested:
                batch = next(source)
                self._started = time.perf_counter()
                yield batch
                if self.step % SAVE_EVERY == 0:
                    self._save()
            self._save()
            self.interrupted = self.step < self.steps or interrupt.requested

    def _read_losses(self) -> dict[str, str]:
        """Turn the losses since the last reading into numbers. Returns their means, for the progress bar."""
        for step, losses in self._unread:
            row = {name: float(loss) for name, loss in losses.items()}
            if not all(map(math.isfinite, row.values())):
                self._refuse_nan(f"the losses became {row}", step)
            self.losses.append({"step": step, **row})
        self._unread.clear()
        recent = self.losses[-READ_EVERY:]
        names = [name for name in recent[-1] if name != "step"] if recent else []
        return {name: f"{np.mean([row[name] for row in recent]):.3f}" for name in names}

    def _refuse_nan(self, what: str, step: int) -> None:
        if self.checkpoint.exists():
            kept, again = f"{self.checkpoint} still holds the last good step", "--resume --debug"
        else:
            kept, again = "nothing was saved yet", "--debug"
        raise UserError(f"{what} at step {step}; {kept}. Run again with {again} to learn which operation made it")

    def _save(self) -> None:
        """Write the checkpoint, then the tables for people. A state with a NaN never replaces a good one."""
        self._read_losses()
        state = self.model.state_dict()
        for name, value in _arrays(state):
            if not np.isfinite(value).all():
                self._refuse_nan(f"{name} is no longer finite", self.step)
        progress = {"step": self.step, "seconds": self.seconds, "computed": self.options.computed}
        progress["program"] = self.options.program
        save_checkpoint(self.checkpoint, state, progress, self.losses, self.validations)
        write_rows(self.out / "losses.csv", self.losses)
        write_rows(self.out / "validation.csv", self.validations)

    def _load(self) -> None:
        """Go on from the checkpoint: weights, optimisers, step, random state, and the losses until there."""
        state = load_checkpoint(self.checkpoint)
        try:
            self.model.load_state_dict(state["model"])
            nnlite.set_rng_state(state["rng"])  # only to check it: `batches` sets it when it starts
        except nnlite.CheckpointError:
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise nnlite.CheckpointError(
                f"{self.checkpoint} does not fit this program ({error}); start a new run"
            ) from error
        self._rng = state["rng"]
        self.step, self.seconds = state["progress"]["step"], state["progress"]["seconds"]
        self.losses, self.validations = state["losses"], state["validations"]


class Several(Trainable):
    """Models that are trained in one loop and saved together, under their names."""

    def __init__(self, models: dict[str, Trainable]):
        self.models = models

    def components(self):
        return self.models


def hold_then_fall(model: Any, steps: int, hold: float = 0.5, last_epoch: int = -1) -> list[LambdaLR]:
    """Schedules for both optimisers of a GAN: constant for a share `hold` of the steps, then falling evenly to 0.

    At first the two networks circle each other; with smaller and smaller steps they settle.
    """

    def factor(step: int) -> float:
        return min(1.0, max(0, steps - step) / (steps * (1.0 - hold)))

    optimizers = (model.generator_optimizer, model.discriminator_optimizer)
    return [LambdaLR(optimizer, factor, last_epoch) for optimizer in optimizers]


def fall_to_zero(optimizer: Optimizer, steps: int, done: int = 0) -> LinearLR:
    """A schedule: the rate falls to 0 along a straight line in so many steps, of which some are `done`.

    A run that has ended has a rate of 0. If it goes on with more steps, it first gets the rate of this one.
    """
    for group in optimizer.param_groups:
        if group["lr"] == 0.0 and done < steps:
            group["lr"] = group.get("initial_lr", 0.0) * (1.0 - done / steps)
    return LinearLR(optimizer, 1.0, 0.0, total_iters=steps, last_epoch=done - 1)


def _arrays(state: Any, name: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The arrays in nested dictionaries, with their names joined by dots."""
    if isinstance(state, nnlite.Tensor):
        yield name, state.detach().cpu().numpy()
    elif isinstance(state, dict):
        for key, value in state.items():
            yield from _arrays(value, f"{name}.{key}" if name else str(key))
