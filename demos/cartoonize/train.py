"""The data of a run, and what it leaves behind: pairs, samples to watch it learn, weights and figures at the end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from demos.cartoonize.crops import CROPS_PER_EPOCH, Pair, centre, training_batches, variations
from demos.cartoonize.evaluate import apply_affine, fit_affine
from demos.cartoonize.judge import compare_drawings
from demos.cartoonize.recipe import PRESETS, Recipe
from demos.cartoonize.tiles import draw
from demos.cartoonize.weights import save_generator
from demos.common import UserError, sheet
from models.pix2pix import Pix2Pix
from stylize import Summary, build_dataset, find_images, load_pairs, read_manifest
from stylize.console import say
from stylize.options import TooFewPhotos
from stylize.registry import REFERENCE_SIDE


class Cartoons:
    """The pairs that `recipe` makes of photos, in the folder of a run, and what a model draws of those for testing.

    Raises DatasetError without two usable photos, UserError if those for one split are all smaller than a crop or
    too few for a batch.
    """

    def __init__(self, recipe: Recipe, photos: list[Path], out: Path, model: Pix2Pix, device: str):
        self.recipe, self.out, self.model, self.device = recipe, out, model, device
        self.folder = out / "pairs"
        self.make_pairs(photos)
        self.train_pairs = self.load("train")
        self.test_pairs = self.load("test")
        scale, smallest = recipe.strokes / REFERENCE_SIDE, PRESETS[recipe.preset].smallest
        photos_of = [photo for photo, _ in self.train_pairs]
        varied = variations(photos_of, recipe.style, scale, recipe.crop, smallest, recipe.seed)
        most = len(varied) * CROPS_PER_EPOCH
        if recipe.batch > most:
            raise UserError(f"--batch {recipe.batch} is more than the {most} crops of an epoch; use a smaller one")
        self.batches = training_batches(varied, recipe.crop, recipe.batch, recipe.seed, device)

    def make_pairs(self, photos: list[Path]) -> None:
        """Make the dataset, or complete it, and say what it leaves out.

        Of 16 photos or more, at least 4 are for testing, unless too many look alike: then at least 1. A dataset that is
        already there keeps its number.
        """
        numbers = [record["options"]["minimum_test"] for record in read_manifest(self.folder) if "options" in record]
        if not numbers:
            numbers = [4 if len(find_images(photos)) >= 16 else 1]
        try:
            summary = self.draw_pairs(photos, numbers[0])
        except TooFewPhotos:
            summary = self.draw_pairs(photos, 1)
        for line in summary.notes + [f"skipped {photo}: {reason}" for photo, reason in summary.skipped]:
            say("cartoonize", line)

    def draw_pairs(self, photos: list[Path], minimum_test: int) -> Summary:
        recipe = self.recipe
        return build_dataset(
            photos,
            self.folder,
            style=recipe.style,
            short_side=recipe.short_side,
            strokes=recipe.strokes,
            minimum_test=minimum_test,
            seed=recipe.seed,
        )

    def load(self, split: str) -> list[Pair]:
        """The pairs of a split that a crop fits into."""
        size, pairs = self.recipe.size, load_pairs(self.folder, split)
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
        held_out = sorted({r["sha256"] for r in read_manifest(self.folder) if r.get("split") == "test"})
        metadata = self.recipe.metadata() | {"test_photos": json.dumps(held_out)}
        save_generator(self.model.generator, self.out / "generator.safetensors", metadata)
        matrix = fit_affine(self.train_pairs)
        photos, cartoons = ([pair[side] for pair in self.test_pairs] for side in (0, 1))
        drawn = {
            "generated": [self.generate(photo) for photo in photos],
            "untouched": photos,
            "affine": [apply_affine(matrix, photo) for photo in photos],
        }
        return compare_drawings(drawn, cartoons, self.recipe.size, self.out / "test.png")
