"""The data of a run: photos become pairs of photo and cartoon, to train on and to be judged by."""

from __future__ import annotations

from pathlib import Path

from demos.cartoonize.crops import CROPS_PER_EPOCH, Pair, training_batches, variations
from demos.cartoonize.recipe import PRESETS, Recipe
from demos.shared.program import UserError
from stylize import Summary, build_dataset, find_images, load_pairs, read_image, read_manifest
from stylize.console import say
from stylize.images import ImageError
from stylize.options import TooFewPhotos
from stylize.registry import REFERENCE_SIDE
from stylize.split import SAME_PICTURE, perceptual_hash


class Cartoons:
    """The pairs that `recipe` makes of photos, in the folder of a run.

    train, test    pairs of whole images that a crop fits into; the test photos are `judged` if given, or else a part
                   of the photos
    batches        loader of crops of varied training pairs

    Raises DatasetError without two usable photos of either kind, UserError if those for one split are all smaller than
    a crop or too few for a batch, or if a photo to be judged on is among the others.
    """

    def __init__(self, recipe: Recipe, photos: list[Path], out: Path, device: str, judged: list[Path] | None = None):
        self.recipe, self.folder, self.test_splits = recipe, out / "pairs", ("test",)
        if judged:
            refuse_shared(photos, judged)
            self.make_pairs(photos, self.folder)
            self.train = self.load("train", "test")
            self.folder, self.test_splits = out / "judged", ("train", "test")
            self.make_pairs(judged, self.folder)
        else:
            self.make_pairs(photos, self.folder)
            self.train = self.load("train")
        self.test = self.load(*self.test_splits)
        scale, preset = recipe.strokes / REFERENCE_SIDE, PRESETS[recipe.preset]
        photos_of = [photo for photo, _ in self.train]
        varied = variations(photos_of, recipe.style, scale, recipe.crop, preset.smallest, preset.exposure, recipe.seed)
        most = len(varied) * CROPS_PER_EPOCH
        if recipe.batch > most:
            raise UserError(f"--batch {recipe.batch} is more than the {most} crops of an epoch; use a smaller one")
        self.batches = training_batches(varied, recipe.crop, recipe.batch, recipe.seed, device)

    def make_pairs(self, photos: list[Path], folder: Path) -> None:
        """Make the dataset, or complete it, and say what it leaves out.

        Of 16 photos or more, at least 4 are for testing, unless too many look alike: then at least 1. A dataset that is
        already there keeps its number.
        """
        numbers = [record["options"]["minimum_test"] for record in read_manifest(folder) if "options" in record]
        if not numbers:
            numbers = [4 if len(find_images(photos)) >= 16 else 1]
        try:
            summary = self.draw_pairs(photos, folder, numbers[0])
        except TooFewPhotos:
            summary = self.draw_pairs(photos, folder, 1)
        for line in summary.notes + [f"skipped {photo}: {reason}" for photo, reason in summary.skipped]:
            say("cartoonize", line)

    def draw_pairs(self, photos: list[Path], folder: Path, minimum_test: int) -> Summary:
        recipe = self.recipe
        return build_dataset(
            photos,
            folder,
            style=recipe.style,
            short_side=recipe.short_side,
            strokes=recipe.strokes,
            minimum_test=minimum_test,
            seed=recipe.seed,
        )

    def load(self, *splits: str) -> list[Pair]:
        """The pairs of these splits that a crop fits into."""
        size, pairs = self.recipe.size, [pair for split in splits for pair in load_pairs(self.folder, split)]
        large_enough = [(photo, cartoon) for _, photo, cartoon in pairs if min(photo.shape[:2]) >= size]
        if not large_enough:
            raise UserError(
                f"all {len(pairs)} {' and '.join(splits)} photos are smaller than a crop of {size}x{size}; "
                f"use larger photos or a smaller --size"
            )
        return large_enough

    def test_hashes(self) -> list[str]:
        """SHA-256 of the photos held out, sorted."""
        return sorted({r["sha256"] for r in read_manifest(self.folder) if r.get("split") in self.test_splits})


def refuse_shared(photos: list[Path], judged: list[Path]) -> None:
    """Raise UserError if a photo to be judged on is also trained on: as the same file, or one that shows the same."""
    seen = {file: looks for file in find_images(photos) if (looks := _looks(file)) is not None}
    for file in find_images(judged):
        looks = _looks(file)
        for other, theirs in seen.items():
            if looks is not None and (looks ^ theirs).bit_count() <= SAME_PICTURE:
                raise UserError(
                    f"{file} shows the same as {other}, so the network would be judged on what it was trained on; "
                    "leave one of them out of --photos or --judge-on"
                )


def _looks(file: Path) -> int | None:
    """The perceptual hash of a photo; None for one that cannot be read, which is told when pairs are made."""
    try:
        return perceptual_hash(read_image(file))
    except ImageError:
        return None
