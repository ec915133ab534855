"""Photos, and cartoons of other photos, judged by what was in no training: pairs of photo and cartoon.

So is the Pix2Pix generator that comes with the project. That one learnt from pairs, longer, and never saw those photos
either.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np

import nnlite
from demos.cartoonize.crops import Photo, centre, variations, vary
from demos.cartoonize.judge import NAMES, compare_drawings, table
from demos.cartoonize.recipe import SHIPPED
from demos.cartoonize.tiles import draw
from demos.cartoonize.weights import load_generator, save_generator
from demos.cyclegan.folders import unpaired
from demos.shared.images import sheet
from demos.shared.program import UserError
from demos.shared.run import Run
from models.cyclegan import ResNetGenerator
from stylize import find_images, read_image, resize_short_side, stylize
from stylize.registry import REFERENCE_SIDE

SHOWN = 4  # photos in a sample
JUDGED = 128  # side of the crops on which the drawings are compared


class Cartoons:
    """Photos, cartoons of other photos, and for the end pairs of yet others, all drawn as Pix2Pix was taught with.

    Raises ImageError for photos that cannot be read, UserError for too few or too small ones.
    """

    def __init__(self, options: argparse.Namespace):
        self.options = options
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

    def loader(self) -> nnlite.DataLoader:
        """Batches of crops of photos, each with one of any cartoon."""
        return unpaired(self.photos, self.cartoons, self.options)

    def draw_samples(self, drawer: ResNetGenerator, photographer: ResNetGenerator) -> np.ndarray:
        """photo | drawn | photographed of the drawn | its cartoon, which was in no training."""
        rows, device = [], self.options.device
        for photo, cartoon in self.held_out[:SHOWN]:
            drawn = draw(photo, drawer, device)
            rows.append([photo, drawn, draw(drawn, photographer, device), cartoon])
        return sheet([[centre(image, JUDGED) for image in row] for row in rows])

    def conclude(self, run: Run, drawer: ResNetGenerator, _: ResNetGenerator, network: dict[str, str]) -> str:
        """Write the weights, and figures and a picture of the held-out pairs; what there is to say."""
        how = {"judged_size": str(JUDGED), "test_photos": json.dumps(self.test_photos)}
        weights = run.out / "generator.safetensors"
        save_generator(drawer, weights, self.drawn_with | network | how)
        photos, cartoons = ([pair[side] for pair in self.held_out] for side in (0, 1))
        drawn = {
            "generated": [draw(photo, drawer, self.options.device) for photo in photos],
            "pix2pix": [draw(photo, self.pix2pix) for photo in photos],
            "untouched": photos,
        }
        columns = {"untouched": "photo", "generated": "CycleGAN", "pix2pix": "Pix2Pix"}
        figures = run.finish(compare_drawings(drawn, cartoons, JUDGED, run.out / "test.png", columns))
        return (
            f"{table(figures, NAMES | {'pix2pix': 'Pix2Pix, from pairs', 'generated': 'CycleGAN, without pairs'})}\n"
            f"Look at {run.out / 'test.png'} and {run.out / 'progress.png'}. For a photo of your own:\n"
            f"  python -m demos.cartoonize apply PHOTO --model {weights}"
        )
