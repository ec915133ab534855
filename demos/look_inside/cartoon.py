"""Inside the generator that draws cartoons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos.cartoonize.recipe import SHIPPED
from demos.cartoonize.weights import load_generator
from demos.look_inside.pictures import around_grey, enlarged, signed, spread, summarise
from demos.search import nearest
from demos.shared.images import in_batches, to_image, to_network
from demos.shared.options import BUNDLED
from demos.shared.program import UserError
from models.lab import lab_to_rgb
from models.painter import GAIN, Painter, split
from models.visualise import activations, maximise, occlusion, reconstruction
from nnlite import Tensor
from nnlite.plot import image_grid
from stylize import find_images, read_image, resize_short_side

SHORT_SIDE = 192  # photos are looked at in this size
CROP = 64  # pixels
CROPS = 8  # of each photo
SHOWN = "cat.jpg"
UNITS = 8  # of the deepest layer
EXCITING = 4  # crops drawn for each
COVER, STRIDE = 9, 4  # pixels: the square that hides a part of a photo, and how far it moves
SEEN = 24  # pixels: shown around what excites a unit
FOUND = 5
STEPS = {  # of painting, and the layers that each brings in
    "retouched": ["retouch"],
    "joined": ["left", "above"],
    "touched up": ["touch_up"],
    "in tones": ["hardness"],
    "inked": ["ink"],
}
OFF = {"left": -2.0, "above": -2.0, "hardness": -2.0, "ink": -2.0}  # values at which layers do nothing; others at 0


def look(out: Path, model: Path | None = None) -> dict[str, Any]:
    """Write all pictures into `out`; the figures. Raises CheckpointError, or UserError for another generator."""
    network, _ = load_generator(model or SHIPPED)
    if not isinstance(network, Painter):
        raise UserError(
            f"{model or SHIPPED} is a {type(network).__name__}; look_inside takes a Painter, the default generator"
        )
    network.requires_grad_(False)
    out.mkdir(parents=True, exist_ok=True)
    photo = middle(to_network(resize_short_side(read_image(BUNDLED / SHOWN), SHORT_SIDE)), 128)
    crops, sources = cut(np.random.default_rng(0))
    summarise(network, (3, CROP, CROP), out, network.layers)
    draw_filters(network, out / "filters.png")
    draw_activations(network, photo, out / "activations.png")
    draw_painting(network, photo, out / "painting.png")
    radius = draw_occlusion(network, middle(photo, CROP), out / "occlusion.png")
    units = strongest_units(network, crops)
    draw_maximised(network, units, out / "maximised.png")
    draw_reconstructions(network, crops, units, out / "reconstructions.png")
    same = draw_neighbours(network, crops, sources, out / "neighbours.png")
    return {"radius": radius, "same_photo": same}


def middle(image: np.ndarray, size: int) -> np.ndarray:
    """(C, H, W) -> the (C, size, size) in its middle."""
    top, left = ((n - size) // 2 for n in image.shape[1:])
    return image[:, top : top + size, left : left + size].copy()


def cut(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Crops (N, 3, CROP, CROP) of the bundled photos at random places, and the number of each one's photo."""
    crops, sources = [], []
    for number, path in enumerate(find_images([BUNDLED])):
        photo = to_network(resize_short_side(read_image(path), SHORT_SIDE))
        for _ in range(CROPS):
            top, left = (int(rng.integers(n - CROP + 1)) for n in photo.shape[1:])
            crops.append(photo[:, top : top + CROP, left : left + CROP])
            sources.append(number)
    return np.stack(crops), np.array(sources)


def draw_filters(network: Painter, path: Path) -> None:
    """The filters of the first convolution as colours, 0 being grey: on the photo above, on its contrast below."""
    filters = unfolded(network.first.weight.numpy())
    rows = [
        [enlarged(lab_around_grey(f[:3]), 36) for f in filters],
        [enlarged(around_grey(f[3:]), 36) for f in filters],
    ]
    image_grid(rows, path, scale=1)


def unfolded(weight: np.ndarray) -> np.ndarray:
    """Filters (N, 4 C, k, k) of an image whose squares of 2x2 pixels have become one with four times the channels, as
    filters (N, C, 2 k, 2 k) of the image itself, which move by two pixels."""
    n, channels, side, _ = weight.shape
    parts = weight.reshape(n, channels // 4, 2, 2, side, side)
    return parts.transpose(0, 1, 4, 2, 5, 3).reshape(n, channels // 4, 2 * side, 2 * side)


def draw_activations(network: Painter, photo: np.ndarray, path: Path) -> None:
    """Photo and cartoon; then a row for each stage on the way down and up: its eight maps of the largest variance."""
    ways = [network.at_half, network.at_quarter, network.at_eighth, network.at_quarter_again, network.at_half_again]
    stages = [*ways, network.mix]
    with nnlite.no_grad():
        *maps, output = activations(network, Tensor(photo[None]), [*stages, network])
    size = photo.shape[1]
    blank = np.full((size, size, 3), 255, np.uint8)
    rows = [[to_image(photo), to_image(output.numpy()[0]), *[blank] * 6]]
    for found in maps:
        chosen = np.argsort(-found.numpy()[0].var((1, 2)), kind="stable")[:8]
        rows.append([enlarged(spread(found.numpy()[0, k]), size) for k in chosen])
    image_grid(rows, path, scale=1)


def draw_painting(network: Painter, photo: np.ndarray, path: Path) -> None:
    """How the cartoon grows from the photo, layer by layer, and below it each layer: colours around grey, joins and
    ink from black, 0, to white, 1, and hardness from its smallest to its largest."""
    with nnlite.no_grad():
        layers = network.layers(Tensor(photo[None]))
    steps = paint_step_by_step(network, photo, layers)
    of = {name: layer.numpy()[0] for name, layer in split(layers).items()}
    share = {name: 1.0 / (1.0 + np.exp(-GAIN * of[name][0])) for name in ("left", "above", "ink")}
    blank = np.full_like(steps["photo"], 255)
    below = [
        lab_around_grey(np.tanh(of["retouch"])),
        grey((share["left"] + share["above"]) / 2),
        lab_around_grey(np.tanh(of["touch_up"])),
        spread(of["hardness"][0]),
        grey(share["ink"]),
    ]
    image_grid([list(steps.values()), [blank, blank, *below]], path, titles=list(steps))


def paint_step_by_step(network: Painter, photo: np.ndarray, layers: Tensor) -> dict[str, np.ndarray]:
    """The photo with nothing done, with its colours graded, and with one layer more each time."""
    given = split(layers)
    used = {name: nnlite.full_like(layer, OFF.get(name, 0.0)) for name, layer in given.items()}
    steps = {"photo": to_image(photo)}
    for title, names in {"graded": [], **STEPS}.items():
        used |= {name: given[name] for name in names}
        with nnlite.no_grad():
            painted = network.paint(Tensor(photo[None]), nnlite.cat(list(used.values()), 1))
        steps[title] = to_image(painted.numpy()[0])
    return steps


def grey(values: np.ndarray) -> np.ndarray:
    """(H, W) in 0..1 -> (H, W, 3) uint8, from black to white."""
    return np.rint(255.0 * values).astype(np.uint8)[..., None].repeat(3, -1)


def lab_around_grey(values: np.ndarray) -> np.ndarray:
    """(3, H, W) of either sign, L, a and b -> (H, W, 3) uint8: 0 is grey, the largest value in size a strong colour."""
    lab = 0.5 * values / (np.abs(values).max() or 1.0)
    lab[0] += 0.5
    return to_image(lab_to_rgb(Tensor(lab[None])).numpy()[0])


def draw_occlusion(network: Painter, photo: np.ndarray, path: Path) -> float:
    """Where covering the photo changes the cartoon at its middle; within how many pixels lies half of that change."""
    with nnlite.no_grad():
        whole = network(Tensor(photo[None]))
    inner = slice(CROP // 2 - 2, CROP // 2 + 2)

    def unchanged(x: Tensor) -> Tensor:
        return -abs(network(x) - whole)[:, :, inner, inner].mean((1, 2, 3))

    fall = occlusion(unchanged, photo, COVER, STRIDE, photo.mean((1, 2), keepdims=True))
    shown = [to_image(photo), to_image(whole.numpy()[0]), enlarged(signed(fall), CROP)]
    image_grid([shown], path, titles=("photo", "cartoon", "its middle depends on"), scale=3)
    places = np.arange(0, CROP, STRIDE) - CROP / 2
    distance = np.hypot(places[:, None], places[None]).ravel()
    order = distance.argsort(kind="stable")
    share = np.cumsum(fall.ravel()[order]) / fall.sum()
    return float(distance[order][np.argmax(share >= 0.5)])


def strongest_units(network: Painter, crops: np.ndarray) -> np.ndarray:
    """The channels of the deepest layer that vary most over the crops."""
    return np.argsort(-deepest(network, crops).var(0), kind="stable")[:UNITS]


def deepest(network: Painter, crops: np.ndarray) -> np.ndarray:
    """The mean of each channel of the deepest layer over the positions of each crop: (N, channels)."""
    return in_batches(lambda x: activations(network, x, [network.at_eighth])[0].mean((2, 3)), crops, batch=16)


def draw_maximised(network: Painter, units: np.ndarray, path: Path) -> None:
    """For each unit a picture, from faint noise, that excites it at all places."""
    start = np.random.default_rng(0).normal(0.0, 0.1, (len(units), 3, CROP, CROP)).astype(np.float32)

    def score(x: Tensor) -> Tensor:
        (found,) = activations(network, x, [network.at_eighth])
        return found[np.arange(len(units)), units].mean((1, 2)) * 100.0

    images = maximise(score, start, (-1.0, 1.0), steps=80, lr=0.05, decay=0.001, smooth=0.1, shift=2)
    image_grid([[to_image(image) for image in images]], path, titles=[f"unit {k}" for k in units], scale=2)


def draw_reconstructions(network: Painter, crops: np.ndarray, units: np.ndarray, path: Path) -> None:
    """For each unit the places in photos that excite it most, and what in these does, by guided backprop: 0 is grey."""
    layer = network.at_eighth
    strength = in_batches(lambda x: activations(network, x, [layer])[0].amax((2, 3)), crops, batch=16)
    rows = []
    for unit in units:
        row = []
        for i in np.argsort(-strength[:, unit], kind="stable")[:EXCITING]:
            part = reconstruction(network, layer, crops[i], unit, guided=True)
            place = window(part)
            row += [to_image(crops[i][place]), around_grey(part[place])]
        rows.append(row)
    image_grid(rows, path, titles=["photo", "part"] * EXCITING, scale=3)


def window(part: np.ndarray) -> tuple[slice, slice, slice]:
    """The SEEN x SEEN pixels around what is not 0 in a reconstruction (C, H, W)."""
    energy = (part**2).sum(0)
    places = []
    for axis in (1, 0):
        line = energy.sum(axis)
        centre = int((line * np.arange(len(line))).sum() / max(line.sum(), 1e-12))
        first = min(max(centre - SEEN // 2, 0), len(line) - SEEN)
        places.append(slice(first, first + SEEN))
    return (slice(None), *places)


def draw_neighbours(network: Painter, crops: np.ndarray, sources: np.ndarray, path: Path) -> dict[str, float]:
    """Crops of six photos and those nearest by the deepest features; the share from the same photo, and by pixels."""
    features = deepest(network, crops)
    codes = {
        "features": (features - features.mean(0)) / (features.std(0) + 1e-6),
        "pixels": crops.reshape(len(crops), -1),
    }
    found = {name: nearest(code, code, FOUND + 1)[:, 1:] for name, code in codes.items()}  # the first is itself
    queries = [int(np.argmax(sources == k)) for k in range(0, 18, 3)]
    rows = [[to_image(crops[i]) for i in (q, *found["features"][q])] for q in queries]
    image_grid(rows, path, titles=["query", *map(str, range(1, FOUND + 1))], scale=1)
    return {name: float((sources[f] == sources[:, None]).mean()) for name, f in found.items()}
