"""The loop that all demos share: `fit` of other libraries, laid open.

A batch, a step of the model, a note of its losses; every now and then a picture, the losses on held-out data, and a
checkpoint from which the run can go on.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from tqdm import tqdm

import nnlite
from demos.common import Interrupt, UserError
from demos.options import BUNDLED
from demos.record import draw_record, load_checkpoint, save_checkpoint, write_figures, write_rows
from demos.run_folder import CHECKPOINT

READ_EVERY = 10  # steps between reading the losses: each reading waits for the GPU
SAVE_EVERY = 100
SAMPLES = 8  # pictures and validations in a whole run


class Training:
    """A run in the folder options.out, wherever it stopped last.

    model              has train_step(*batch) -> {name: 0-d Tensor}, state_dict() and load_state_dict()
    options, computed  as demos/options.py settled them; what is computed is kept in the checkpoint
    schedule           optional schedule(step) that sets the learning rates of a step, counted from 0

    The folder has been claimed (demos/run_folder.py). Raises CheckpointError for a checkpoint that is damaged or does
    not fit the model.
    """

    def __init__(
        self,
        model: Any,
        options: argparse.Namespace,
        computed: dict[str, Any],
        schedule: Callable[[int], None] | None = None,
    ):
        self.model, self.options, self.computed, self.schedule = model, options, computed, schedule
        self.out, self.steps = options.out, computed["steps"]
        self.checkpoint = self.out / CHECKPOINT
        self.step, self.seconds = 0, 0.0
        self.losses: list[dict[str, float]] = []  # of every step: the history that `fit` returns elsewhere
        self.validations: list[dict[str, float]] = []
        self.interrupted = False
        self._unread: list[tuple[int, dict[str, nnlite.Tensor]]] = []
        self._rng: dict[str, Any] | None = None  # state of the random numbers in the checkpoint
        if options.resume and self.checkpoint.exists():
            self._load()
        elif options.resume:
            print(f"{self.out} has no checkpoint yet; the run starts again with the same options", file=sys.stderr)

    def run(
        self,
        loader: nnlite.DataLoader,
        draw: Callable[[], np.ndarray] | None = None,
        validate: Callable[[], dict[str, float]] | None = None,
    ) -> bool:
        """Train until the last step; False if Ctrl-C came first. Either way the checkpoint is up to date.

        loader     batches for train_step
        draw       optional draw() -> an image (H, W, 3) that shows how far it is, for samples/
        validate   optional validate() -> {name: float} on held-out data, for validation.csv
        """
        look_every = max(1, self.steps // SAMPLES)
        bar = tqdm(total=self.steps, initial=self.step, desc="training", unit="step", dynamic_ncols=True)
        watch = nnlite.detect_anomaly() if self.options.debug else contextlib.nullcontext()
        if self._rng:  # only now, because preparing the data has drawn random numbers since it was loaded
            nnlite.set_rng_state(self._rng)
        with Interrupt() as interrupt, bar, watch:
            for batch in loader.batches(start=self.step):
                if self.step >= self.steps or interrupt.requested:
                    break
                started = time.perf_counter()
                if self.schedule:
                    self.schedule(self.step)
                self._unread.append((self.step + 1, self.model.train_step(*batch)))
                self.step += 1
                self.seconds += time.perf_counter() - started
                bar.update()
                if self.step % READ_EVERY == 0:
                    bar.set_postfix(self._read_losses())
                if self.step % look_every == 0:
                    self._read_losses()  # before a network that has gone wrong is asked to draw
                    self._look(draw, validate)
                if self.step % SAVE_EVERY == 0:
                    self._save()
            self._save()
            self.interrupted = self.step < self.steps or interrupt.requested
        return not self.interrupted

    def stopped(self, *said: str) -> int:
        """Say how to go on after Ctrl-C; `said` are options to give again. Returns the exit status."""
        device, photos = self.options.given_device, getattr(self.options, "photos", [BUNDLED])
        again = [self.options.command, "--resume", *said]
        again += ["--photos", *map(str, photos)] if photos != [BUNDLED] else []
        again += ["--device", device] if device != "auto" else []
        again = shlex.join([*again[0].split(), *again[1:], "--out", str(self.out)])
        print(f"\nStopped at step {self.step} of {self.steps}, saved. Go on with: {again}", file=sys.stderr)
        return 130

    def finish(self, figures: dict[str, Any]) -> dict[str, Any]:
        """Write metrics.json, losses.png and progress.png (the samples in a row); return the figures with the time."""
        figures = {**figures, "steps": self.step, "seconds": round(self.seconds, 1)}
        write_figures(figures, self.out)
        draw_record(self.losses, self.out)
        return figures

    def _look(self, draw, validate) -> None:
        if draw:
            from stylize import write_image

            (self.out / "samples").mkdir(exist_ok=True)
            write_image(self.out / "samples" / f"step-{self.step:06d}.png", draw())
        if validate:
            self.validations.append({"step": self.step, **validate()})

    def _read_losses(self) -> dict[str, str]:
        """Turn the losses since the last reading into numbers; their means, for the progress bar.

        Raises UserError when one is not a number: nothing after it is worth keeping.
        """
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
        progress = {"step": self.step, "seconds": self.seconds, "computed": self.computed}
        progress["program"] = self.options.program
        save_checkpoint(self.checkpoint, state, progress, self.losses, self.validations)
        write_rows(self.out / "losses.csv", self.losses)
        write_rows(self.out / "validation.csv", self.validations)

    def _load(self) -> None:
        """Go on from the checkpoint: weights, optimisers, step, random state, and the losses until there."""
        state = load_checkpoint(self.checkpoint)
        try:
            self.model.load_state_dict(state["model"])
            nnlite.set_rng_state(state["rng"])  # only a check here; `run` sets it again when it starts
        except nnlite.CheckpointError:
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise nnlite.CheckpointError(
                f"{self.checkpoint} does not fit this program ({error}); start a new run"
            ) from error
        self._rng = state["rng"]
        self.step, self.seconds = state["progress"]["step"], state["progress"]["seconds"]
        self.losses, self.validations = state["losses"], state["validations"]


def _arrays(state: Any, name: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The arrays in nested dictionaries and lists, with their names joined by dots."""
    if isinstance(state, nnlite.Tensor):
        yield name, state.detach().cpu().numpy()
    elif isinstance(state, dict):
        for key, value in state.items():
            yield from _arrays(value, f"{name}.{key}" if name else str(key))
