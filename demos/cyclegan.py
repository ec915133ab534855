"""Photos become cartoons without pairs: CycleGAN learns from photos, and from cartoons of other photos.

It is judged by what it never had: pairs of photo and cartoon, of photos that it never saw. So is the Pix2Pix generator
that comes with the project. That one learnt from pairs, longer, and never saw those photos either.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos.cartoonize.crops import CROPS_PER_EPOCH, Pair, Photo, centre, random_crop, variations, vary
from demos.cartoonize.judge import NAMES, compare_drawings, table
from demos.cartoonize.recipe import SHIPPED
from demos.cartoonize.tiles import draw
from demos.cartoonize.weights import load_generator, save_generator
from demos.shared.images import sheet, shuffled
from demos.shared.options import Options, check_together
from demos.shared.program import UserError, run_program
from demos.shared.run import Run, hold_then_fall
from models.cyclegan import CycleGAN, ResNetGenerator
from stylize import find_images, read_image, resize_short_side, stylize
from stylize.registry import REFERENCE_SIDE

PRESETS = {"quick": {"steps": 1000}, "full": {"steps": 4500}}
GENERATOR_LR, DISCRIMINATOR_LR = 3e-4, 3e-4
# The paper's 10 and 5 would keep a generator that begins with the photo itself from leaving it in so few steps.
LAMBDA_CYCLE, LAMBDA_IDENTITY = 3.0, 0.5
LEVELS = 1  # strokes are two or three pixels wide: at a quarter of the resolution they are hard to draw
DISCRIMINATOR_WIDTH = 32
SHOWN = 4  # photos in a sample
JUDGED = 128  # side of the crops on which the drawings are compared


def main() -> int:
    parser = Options("cyclegan", __doc__.splitlines()[0], PRESETS["quick"]["steps"])
    parser.computes_from_photos()
    parser.computes_preset(PRESETS, "some minutes, or what two cores manage in half an hour")
    parser.computes("--width", 16, "channels of the generators at full resolution", least=1, most=128)
    parser.computes("--blocks", 4, "residual blocks of the generators", least=0, most=64)
    parser.computes("--size", 64, f"side of the crops, pixels; a multiple of {2**LEVELS}", least=32, most=1024)
    parser.computes("--batch", 4, "crops of photos, and of cartoons, in a step", least=1, most=256)
    options = parser.settle()
    if options.size % 2**LEVELS:
        raise UserError(f"--size must be a multiple of {2**LEVELS}, got {options.size}")
    check_together(options, ("batch", "size", "size", "width"), most=2**27)
    nnlite.manual_seed(options.seed)
    drawer, photographer = (ResNetGenerator(options.width, options.blocks, LEVELS) for _ in range(2))
    game = DISCRIMINATOR_WIDTH, LAMBDA_CYCLE, LAMBDA_IDENTITY, GENERATOR_LR, DISCRIMINATOR_LR
    model = CycleGAN(drawer, photographer, *game).to(options.device)
    with Run(options, model) as run:
        images = Unpaired(options)
        rates = hold_then_fall(model, options.steps, last_epoch=run.step - 1)
        for batch in run.batches(images.loader(options)):
            run.record(model.train_step(*batch))
            for rate in rates:
                rate.step()
            if run.due():
                run.record_picture(draw_samples(images.held_out[:SHOWN], drawer, photographer, options.device))
        if run.interrupted:
            return run.stopped()
        metadata = images.drawn_with | {
            "generator": "resnet",
            "options": json.dumps({"width": options.width, "blocks": options.blocks, "levels": LEVELS}),
            "recipe": json.dumps(options.computed),
            "judged_size": str(JUDGED),
            "test_photos": json.dumps(images.test_photos),
        }
        weights = options.out / "generator.safetensors"
        save_generator(drawer, weights, metadata)
        figures = run.finish(images.judge(drawer, options))
    print(table(figures, NAMES | {"pix2pix": "Pix2Pix, from pairs", "generated": "CycleGAN, without pairs"}))
    print(f"Look at {options.out / 'test.png'} and {options.out / 'progress.png'}. For a photo of your own:")
    print(f"  python -m demos.cartoonize apply PHOTO --model {weights}")
    return 0


def draw_samples(
    pairs: Sequence[Pair], drawer: ResNetGenerator, photographer: ResNetGenerator, device: str
) -> np.ndarray:
    """photo | drawn | photographed of the drawn | its cartoon, which was in no training."""
    rows = []
    for photo, cartoon in pairs:
        drawn = draw(photo, drawer, device)
        rows.append([photo, drawn, draw(drawn, photographer, device), cartoon])
    return sheet([[centre(image, JUDGED) for image in row] for row in rows])


class Unpaired:
    """Photos, cartoons of other photos, and for the end pairs of yet others, all drawn as Pix2Pix was taught with.

    Raises ImageError for photos that cannot be read, UserError for too few or too small ones.
    """

    def __init__(self, options: argparse.Namespace):
        self.pix2pix, taught = load_generator(SHIPPED)
        self.drawn_with = {name: str(getattr(taught, name)) for name in ("style", "short_side", "strokes")}
        files = {hashlib.sha256(file.read_bytes()).hexdigest(): file for file in find_images(options.photos)}
        # Photos held out from Pix2Pix are held out here too, to compare the two; without others to learn from, or
        # without any such photo, every fifth is.
        unknown = [sha for sha in taught.test_photos if sha in files]
        self.test_photos = unknown if unknown and len(files) - len(unknown) >= 2 else list(files)[::5]
        held_out = [self.read(file) for sha, file in files.items() if sha in self.test_photos]
        rest = [self.read(file) for sha, file in files.items() if sha not in self.test_photos]
        fits = [photo for photo in rest if min(photo.shape[:2]) >= options.size]
        if len(fits) < 2 or not held_out:
            raise UserError(
                f"{len(fits)} photos to learn from with room for a crop of {options.size}x{options.size}, and "
                f"{len(held_out)} to be judged by; give --photos at least 2 and 1"
            )
        style, scale = self.drawn_with["style"], int(self.drawn_with["strokes"]) / REFERENCE_SIDE
        self.held_out = [(photo, stylize(photo, style, scale)) for photo in held_out]
        rng = np.random.default_rng(options.seed)
        self.photos = [image for photo in fits[::2] for image in vary(photo, options.size, 1.0, 1.0, rng)]
        drawn = variations(fits[1::2], style, scale, options.size, 1.0, 1.0, options.seed)
        self.cartoons = [cartoon for _, cartoon in drawn]

    def read(self, file: Path) -> Photo:
        return resize_short_side(read_image(file), int(self.drawn_with["short_side"]))

    def loader(self, options: argparse.Namespace) -> nnlite.DataLoader:
        """Batches of crops of photos, each with one of any cartoon."""
        epoch = self.photos * CROPS_PER_EPOCH
        if options.batch > len(epoch):
            raise UserError(f"--batch {options.batch} is more than the {len(epoch)} crops of an epoch; make it smaller")

        def cut(photo: tuple[Photo], rng: np.random.Generator) -> tuple[np.ndarray, ...]:
            cartoon = self.cartoons[rng.integers(len(self.cartoons))]
            return random_crop(photo, options.size, rng) + random_crop([cartoon], options.size, rng)

        return shuffled(options, epoch, drop_last=True, transform=cut)

    def judge(self, drawer: ResNetGenerator, options: argparse.Namespace) -> dict[str, Any]:
        """The figures on the held-out pairs, and a picture."""
        photos, cartoons = ([pair[side] for pair in self.held_out] for side in (0, 1))
        drawn = {
            "generated": [draw(photo, drawer, options.device) for photo in photos],
            "pix2pix": [draw(photo, self.pix2pix) for photo in photos],
            "untouched": photos,
        }
        columns = {"untouched": "photo", "generated": "CycleGAN", "pix2pix": "Pix2Pix"}
        return compare_drawings(drawn, cartoons, JUDGED, options.out / "test.png", columns)


if __name__ == "__main__":
    run_program("cyclegan", main)
