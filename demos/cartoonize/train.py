"""The data of a run, and what it leaves behind: pairs, samples to watch it learn, weights and figures at the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import nnlite
from demos.cartoonize import evaluate
from demos.cartoonize.crops import CROPS_PER_EPOCH, Pair, centre, grid, recolour, training_batches
from demos.cartoonize.recipe import Recipe
from demos.cartoonize.tiles import draw
from demos.common import UserError, sheet
from models.pix2pix import Pix2Pix
from nnlite.plot import image_grid
from stylize import build_dataset, find_images, load_pairs
from stylize.registry import REFERENCE_SIDE


class Cartoons:
    """The pairs that `recipe` makes of photos, in the folder of a run, and what a model draws of those for testing.

    Raises DatasetError without two usable photos, UserError if those for one split are all smaller than a crop or
    too few for a batch.
    """

    def __init__(self, recipe: Recipe, photos: Path, out: Path, model: Pix2Pix, device: str):
        self.recipe, self.out, self.model, self.device = recipe, out, model, device
        folder = out / "pairs"
        build_dataset(
            [photos],
            folder,
            style=recipe.style,
            short_side=recipe.short_side,
            strokes=recipe.strokes,
            minimum_test=4 if len(find_images([photos])) >= 16 else 1,
            seed=recipe.seed,
        )
        self.train_pairs = self.load(folder, "train")
        self.test_pairs = self.load(folder, "test")
        recoloured = recolour(self.train_pairs, recipe.style, recipe.strokes / REFERENCE_SIDE)
        most = len(recoloured) * CROPS_PER_EPOCH
        if recipe.batch > most:
            raise UserError(f"--batch {recipe.batch} is more than the {most} crops of an epoch; use a smaller one")
        self.batches = training_batches(recoloured, recipe.size, recipe.batch, recipe.seed, device)

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

    def generate(self, photo: np.ndarray) -> np.ndarray:
        return draw(photo, self.model.generator, self.device)

    def samples(self) -> np.ndarray:
        """photo | generated | target for the same held-out photos each time."""
        size = self.recipe.size
        triples = ((photo, self.generate(photo), cartoon) for photo, cartoon in self.test_pairs[:4])
        return sheet([[centre(image, size) for image in triple] for triple in triples])

    def judge(self) -> dict:
        """Write the weights and a picture of the test photos; return the figures on these."""
        nnlite.save(self.model.generator.state_dict(), self.out / "generator.safetensors", self.recipe.metadata())
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
        figures |= {"test_photos": len(self.test_pairs), "test_crops": len(photos)}
        triples = list(zip(photos, crops["generated"], cartoons, strict=True))
        shown = triples[:: max(1, len(triples) // 6)][:6]
        image_grid(shown, self.out / "test.png", titles=("photo", "generated", "target"))
        return figures
