"""Photos and videos of any size, four times as large: by a generator, tile by tile, and by the bicubic kernel."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import nnlite
from demos.shared.weights import Claims, build_and_load
from demos.super_resolution.photos import from_batch, to_batch, window
from models.srgan import SCALE, SRResNet, enlarge_bicubic
from stylize import read_image, write_image
from stylize.files import check_place, check_target
from stylize.formats import WRITABLE
from stylize.sound import carry_sound
from stylize.video import DrawnVideo, draw_video
from stylize.video_reader import check_video

OPTIONS = {"width": range(2, 1025), "blocks": range(1, 65)}  # of the generator
COMMAND = "demos.super_resolution apply"
TILE = 160  # side of a tile, in pixels of the small photo


def enlarge(photo: np.ndarray, generator: SRResNet, device: str, tile: int = TILE, bar: bool = False) -> np.ndarray:
    """A generator's (4 H, 4 W, 3) image of an (H, W, 3) photo, both uint8.

    Each tile is given to it with all around that its pixels depend on, so there are no seams: it is what the generator
    makes of the whole photo at once, in a memory that does not grow with it.
    """
    height, width = photo.shape[:2]
    result = np.empty((SCALE * height, SCALE * width, 3), np.uint8)
    corners = list(product(range(0, height, tile), range(0, width, tile)))
    for top, left in tqdm(corners, desc="enlarging", unit="tile", disable=None if bar else True):
        y, x = max(0, top - generator.reach), max(0, left - generator.reach)
        part = photo[y : top + tile + generator.reach, x : left + tile + generator.reach]
        with nnlite.no_grad():
            image = from_batch(generator(to_batch(part).to(device)))
        window(result, top, left, tile, SCALE)[...] = window(image, top - y, left - x, tile, SCALE)
    return result


def bicubic(photo: np.ndarray) -> np.ndarray:
    """The same by the kernel of Keys 1981 with a = -1/2."""
    return from_batch(enlarge_bicubic(to_batch(photo)))


def save_generator(generator: SRResNet, path: Path, computed: dict[str, Any]) -> None:
    """Write its weights, and what it was made and trained by."""
    nnlite.save(generator.state_dict(), path, {"super_resolution": json.dumps(computed)})


def load_generator(path: Path) -> SRResNet:
    """A trained generator. Raises CheckpointError for a missing or broken file, or one that holds other weights."""
    program = "python -m demos.super_resolution"
    claims = Claims(path, nnlite.load_metadata(path), program)
    if "super_resolution" not in claims.values:
        raise nnlite.CheckpointError(
            f"{path} does not say how its generator is built; expected srgan.safetensors or srresnet.safetensors as "
            f"written by {program}"
        )
    computed = claims.inside("super_resolution")
    return build_and_load(SRResNet, {name: computed.number(name, OPTIONS[name]) for name in OPTIONS}, path)


def enlarge_file(photo: Path, model: Path, out: Path, device: str, overwrite: bool = False) -> None:
    """Enlarge a photo file. Raises FileError, before the minutes that a large photo takes, and CheckpointError."""
    image = read_image(photo)
    check_place(out, WRITABLE)
    check_target(out, COMMAND, [photo], overwrite)
    generator = load_generator(model).to(device)
    write_image(out, enlarge(image, generator, device, bar=True), command=COMMAND)


def enlarge_video(video: Path, model: Path, out: Path, device: str, overwrite: bool = False) -> tuple[DrawnVideo, str]:
    """Enlarge a video file, frame by frame; what was written, and a phrase about its sound.

    Raises FileError for a file that cannot be read or written, before anything is enlarged, and CheckpointError. After
    Ctrl-C the frames enlarged so far are kept.
    """
    source = check_video(str(video))
    check_target(out, COMMAND, [video], overwrite)
    generator = load_generator(model).to(device)
    drawn = draw_video(
        source, out, lambda frame: enlarge(frame, generator, device), "off", command=COMMAND, overwrite=overwrite
    )
    return drawn, carry_sound(video, out)
