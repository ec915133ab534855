"""The training run: pairs, the loop, samples to watch it learn, checkpoints to go on from, figures at the end."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

import nnlite
from demos.cartoonize import evaluate
from demos.cartoonize.crops import CROPS_PER_EPOCH, Pair, centre, grid, recolour, training_batches
from demos.cartoonize.recipe import Recipe
from demos.cartoonize.tiles import draw
from demos.common import Interrupt, UserError
from models.pix2pix import Pix2Pix
from nnlite.checkpoint import atomic_path
from nnlite.plot import curves, image_grid
from stylize import build_dataset, find_images, load_pairs
from stylize.registry import REFERENCE_SIDE

READ_EVERY = 10  # steps between reading the losses: each reading waits for the GPU
SAVE_EVERY = 100
CHECKPOINT = "checkpoint.safetensors"
SAMPLES = 8  # sample pictures in a whole run
LOSSES = ("discriminator", "adversarial", "l1")


def make_folder(out: Path) -> None:
    """Make the folder of a run. Raises UserError if nothing can be written there."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with atomic_path(out / "writable") as path:
            path.touch()
        (out / "writable").unlink()
    except OSError as error:
        raise UserError(f"cannot write to {out} ({error.strerror}); choose another folder with --out") from error


def read_recipe(out: Path, given: dict) -> Recipe:
    """The recipe of the run in `out`; of the options given now only `steps` may differ.

    Raises CheckpointError if there is none, UserError for options that would make it another run.
    """
    saved = nnlite.load(out / CHECKPOINT).get("progress", {}).get("recipe")
    if saved is None:
        raise nnlite.CheckpointError(f"{out / CHECKPOINT} is no checkpoint of this program")
    recipe = replace(Recipe(**saved), steps=given.get("steps", saved["steps"]))
    changed = [f"--{name} {value} (was {saved[name]})" for name, value in given.items() if value != vars(recipe)[name]]
    if changed:
        raise UserError(f"--resume goes on with the options of {out}, not {', '.join(changed)}; leave them out")
    return recipe


class Training:
    """A run in a folder: everything that `recipe` decides, wherever it stopped last."""

    def __init__(self, recipe: Recipe, out: Path, device: str):
        self.recipe, self.out, self.device = recipe, out, device
        self.step, self.seconds = 0, 0.0
        self.model: Pix2Pix = recipe.build().to(device)
        self.losses: list[tuple[int, float, float, float]] = []
        self.unread: list[tuple[int, dict[str, nnlite.Tensor]]] = []

    def make_pairs(self, photos: Path) -> None:
        """Build the dataset, or complete it, and keep its pairs in memory.

        Raises DatasetError without two usable photos, UserError if those for one split are all smaller than a crop or
        too few for a batch.
        """
        folder = self.out / "pairs"
        build_dataset(
            [photos],
            folder,
            style=self.recipe.style,
            short_side=self.recipe.short_side,
            strokes=self.recipe.strokes,
            minimum_test=4 if len(find_images([photos])) >= 16 else 1,
            seed=self.recipe.seed,
        )
        self.train_pairs = self.load(folder, "train")
        self.test_pairs = self.load(folder, "test")
        self.recoloured = recolour(self.train_pairs, self.recipe.style, self.recipe.strokes / REFERENCE_SIDE)
        most = len(self.recoloured) * CROPS_PER_EPOCH
        if self.recipe.batch > most:
            raise UserError(f"--batch {self.recipe.batch} is more than the {most} crops of an epoch; use a smaller one")

    def load(self, folder: Path, split: str) -> list[Pair]:
        """The pairs of a split that a crop fits into."""
        size, pairs = self.recipe.size, load_pairs(folder, split)
        large_enough = [(photo, cartoon) for _, photo, cartoon in pairs if min(photo.shape[:2]) >= size]
        if not large_enough:
            raise UserError(
                f"all {len(pairs)} {split} photos are smaller than a crop of {size}x{size}; "
                f"use larger photos or a smaller --size"
            )
        return large_enough

    def run(self, debug: bool = False) -> bool:
        """Train until the last step; False if Ctrl-C came first. Either way the checkpoint is up to date."""
        recipe = self.recipe
        loader = training_batches(self.recoloured, recipe.size, recipe.batch, recipe.seed, self.device)
        sample_every = max(1, recipe.steps // SAMPLES)
        bar = tqdm(total=recipe.steps, initial=self.step, desc="training", unit="step", dynamic_ncols=True)
        watch = nnlite.detect_anomaly() if debug else contextlib.nullcontext()
        with Interrupt() as interrupt, bar, watch:
            for photo, cartoon in loader.batches(start=self.step):
                if self.step >= recipe.steps or interrupt.requested:
                    break
                started = time.perf_counter()
                recipe.set_rates(self.model, self.step)
                self.unread.append((self.step + 1, self.model.train_step(photo, cartoon)))
                self.step += 1
                self.seconds += time.perf_counter() - started
                bar.update()
                if self.step % READ_EVERY == 0:
                    bar.set_postfix(self.read_losses())
                if self.step % sample_every == 0:
                    self.draw_samples()
                if self.step % SAVE_EVERY == 0:
                    self.save()
        self.save()
        return self.step >= recipe.steps

    def read_losses(self) -> dict[str, str]:
        """Turn the losses since the last reading into numbers; their means, for the progress bar.

        Raises UserError when one is not a number: nothing after it is worth keeping.
        """
        for step, losses in self.unread:
            values = [float(losses[name]) for name in LOSSES]
            if not all(map(math.isfinite, values)):
                self.refuse_nan(f"the losses became {dict(zip(LOSSES, values, strict=True))}", step)
            self.losses.append((step, *values))
        self.unread.clear()
        recent = zip(*[values for _, *values in self.losses[-READ_EVERY:]], strict=True)
        return {name: f"{np.mean(values):.3f}" for name, values in zip(LOSSES, recent, strict=False)}

    def refuse_nan(self, what: str, step: int) -> None:
        if self.checkpoint.exists():
            kept, again = f"{self.checkpoint} still holds the last good step", "--resume --debug"
        else:
            kept, again = "nothing was saved yet", "--debug"
        raise UserError(f"{what} at step {step}; {kept}. Run again with {again} to learn which operation made it")

    @property
    def checkpoint(self) -> Path:
        return self.out / CHECKPOINT

    def save(self) -> None:
        """Write the checkpoint and the losses so far. A state with a NaN is never written over a good one."""
        self.read_losses()
        state = self.model.state_dict()
        for network in ("generator", "discriminator"):
            for name, value in state[network].items():
                if not np.isfinite(value.cpu().numpy()).all():
                    self.refuse_nan(f"{network}.{name} is no longer finite", self.step)
        progress = {"step": self.step, "seconds": self.seconds, "recipe": asdict(self.recipe)}
        nnlite.save({**state, "progress": progress, "rng": nnlite.get_rng_state()}, self.checkpoint)
        with atomic_path(self.out / "losses.csv") as path, open(path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("step", *LOSSES))
            writer.writerows(self.losses)

    def resume(self) -> None:
        """Go on from the checkpoint: weights, both optimisers, step, random state, and the losses until there."""
        state = nnlite.load(self.checkpoint)
        self.model.load_state_dict(state)
        nnlite.set_rng_state(state["rng"])
        self.step, self.seconds = state["progress"]["step"], state["progress"]["seconds"]
        with contextlib.suppress(FileNotFoundError), open(self.out / "losses.csv", newline="") as file:
            rows = list(csv.reader(file))[1:]
            try:
                self.losses = [(int(step), *map(float, values)) for step, *values in rows if int(step) <= self.step]
            except ValueError as error:
                raise UserError(f"{file.name} is damaged ({error}); remove it, and the losses start anew") from error

    def draw_samples(self) -> None:
        """photo | generated | target for the same held-out photos each time."""
        (self.out / "samples").mkdir(exist_ok=True)
        triples = [
            [centre(image, self.recipe.size) for image in (photo, self.generate(photo), cartoon)]
            for photo, cartoon in self.test_pairs[:4]
        ]
        self.write_grid(triples, self.out / "samples" / f"step-{self.step:06d}.png")

    def generate(self, photo: np.ndarray) -> np.ndarray:
        return draw(photo, self.model.generator, self.device)

    def write_grid(self, triples: list, path: Path) -> None:
        image_grid(triples, path, titles=("photo", "generated", "target"))

    def finish(self) -> dict:
        """Write the weights, the pictures and the figures on the test photos; return the figures."""
        nnlite.save(self.model.generator.state_dict(), self.out / "generator.safetensors", self.recipe.metadata())
        if self.losses:  # none if somebody removed losses.csv before resuming a finished run
            steps, *series = zip(*self.losses, strict=True)
            curves(dict(zip(LOSSES, series, strict=True)), self.out / "losses.png", steps)
        matrix = evaluate.fit_affine(self.train_pairs)
        images = {
            "photo": [photo for photo, _ in self.test_pairs],
            "cartoon": [cartoon for _, cartoon in self.test_pairs],
            "generated": [self.generate(photo) for photo, _ in self.test_pairs],
            "affine": [evaluate.apply_affine(matrix, photo) for photo, _ in self.test_pairs],
        }
        crops = {name: [c for image in whole for c in grid(image, self.recipe.size)] for name, whole in images.items()}
        photos, cartoons = crops["photo"], crops["cartoon"]
        figures = {
            name: evaluate.compare(drawn, photos, cartoons)
            for name, drawn in (("generated", crops["generated"]), ("untouched", photos), ("affine", crops["affine"]))
        }
        figures |= {
            "test_photos": len(self.test_pairs),
            "test_crops": len(photos),
            "steps": self.step,
            "seconds": round(self.seconds, 1),
        }
        with atomic_path(self.out / "metrics.json") as path:
            path.write_text(json.dumps(figures, indent=2) + "\n")
        triples = list(zip(photos, crops["generated"], cartoons, strict=True))
        self.write_grid(triples[:: max(1, len(triples) // 6)][:6], self.out / "test.png")
        return figures
