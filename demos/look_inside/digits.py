"""Inside LeNet-5, which reads digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos.look_inside.pictures import enlarged, signed, summarise
from demos.search import nearest
from demos.shared.digits import BUNDLED, Digits, load_digits, load_lenet5, pictures
from demos.shared.images import in_batches
from models.classifiers import LeNet5
from models.visualise import activations, maximise, occlusion, reconstruction
from nnlite import Tensor
from nnlite.nn import functional as F
from nnlite.plot import image_grid

SIZE = 56  # of a map in a picture
SHOWN = 3  # the digit whose activation maps are drawn
EXCITING = 4  # digits drawn for each unit of C3
COVER = 7  # pixels, side of the square that hides a part of a digit
FOUND = 10


def look(out: Path, model: Path | None = None, data: str = BUNDLED) -> dict[str, Any]:
    """Write all pictures into `out`; the figures. Raises CheckpointError for another model than LeNet-5."""
    network = load_lenet5(model) if model else load_lenet5()
    out.mkdir(parents=True, exist_ok=True)
    train, test = load_digits(data)
    summarise(network, (1, 28, 28), out, network)
    draw_filters(network, out / "filters.png")
    draw_activations(network, test.images[test.labels == SHOWN][:1], out / "activations.png")
    one_of_each = np.stack([test.images[test.labels == k][0] for k in range(10)])
    draw_occlusion(network, one_of_each, out / "occlusion.png")
    sure = draw_maximised(network, out / "maximised.png")
    draw_reconstructions(network, test.images, out / "reconstructions.png")
    precision = draw_neighbours(network, train, test, out / "neighbours.png")
    return {"probability_of_maximised": sure, f"precision_at_{FOUND}": precision}


def draw_filters(network: LeNet5, path: Path) -> None:
    """C1's six filters in the first row; below, a column for each map of C3 with its weights on the six of S2."""
    first, third = (network.layers[i].weight.numpy() for i in (0, 3))
    rows = [[enlarged(signed(f[0]), SIZE) for f in first]]
    rows += [[enlarged(signed(f[k], np.abs(f).max()), SIZE) for f in third] for k in range(6)]
    blank = np.full((SIZE, SIZE, 3), 255, np.uint8)
    rows[0] += [blank] * (len(third) - len(first))
    image_grid(rows, path, scale=1)


def draw_activations(network: LeNet5, image: np.ndarray, path: Path) -> None:
    """The digit; then the maps after C1, S2, C3 and S4, a row for eight: red +1, blue -1."""
    layers = [network.layers[i] for i in (1, 2, 4, 5)]
    with nnlite.no_grad():
        maps = [found.numpy()[0] for found in activations(network, Tensor(image), layers)]
    rows = [[enlarged(pictures(image)[0], SIZE)]]
    blank = np.full((SIZE, SIZE, 3), 255, np.uint8)
    for found in maps:
        cells = [enlarged(signed(m, 1.0), SIZE) for m in found]
        rows += [cells[i : i + 8] for i in range(0, len(cells), 8)]
    image_grid([row + [blank] * (8 - len(row)) for row in rows], path, scale=1)


def draw_occlusion(network: LeNet5, images: np.ndarray, path: Path) -> None:
    """One digit of each class, and where covering it with paper lowers (red) or raises the logit of its class."""
    rows: list[list[np.ndarray]] = [[], []]
    for k, image in enumerate(images):
        fall = occlusion(lambda x, k=k: network(x)[:, k], image, COVER, 1, 0.0)
        rows[0].append(enlarged(pictures(image[None])[0], SIZE))
        rows[1].append(enlarged(signed(fall), SIZE))
    image_grid(rows, path, titles=[str(k) for k in range(10)], scale=1)


def draw_maximised(network: LeNet5, path: Path) -> list[float]:
    """For each class an image that maximises its logit, from grey; the probabilities that they get."""
    classes = np.arange(10)
    start = np.full((10, 1, 28, 28), 0.3, np.float32)
    images = maximise(lambda x: network(x)[classes, classes], start, (0.0, 1.0), decay=0.002, smooth=0.05)
    p = F.softmax(network(Tensor(images)), 1).numpy()[classes, classes]
    cells = [enlarged(cell, SIZE) for cell in pictures(images)]
    image_grid([cells], path, titles=[f"{k}: {share:.0%}" for k, share in enumerate(p)], scale=1)
    return [float(share) for share in p]


def draw_reconstructions(network: LeNet5, images: np.ndarray, path: Path) -> None:
    """For eight maps of C3 the digits that excite them most, and what in these does, by a deconvnet."""
    layer = network.layers[4]
    strength = in_batches(lambda x: activations(network, x, [layer])[0].amax((2, 3)), images)
    rows = []
    for unit in range(8):
        row = []
        for i in np.argsort(-strength[:, unit], kind="stable")[:EXCITING]:
            part = reconstruction(network, layer, images[i], unit)
            row += [enlarged(pictures(images[[i]])[0], SIZE), enlarged(signed(part[0]), SIZE)]
        rows.append(row)
    image_grid(rows, path, titles=["digit", "part"] * EXCITING, scale=1)


def draw_neighbours(network: LeNet5, train: Digits, test: Digits, path: Path) -> dict[str, float]:
    """For ten held-out digits those nearest by the 84 numbers of F6; the share of the right class, and by pixels."""
    known, unknown = (in_batches(network.features, digits.images) for digits in (train, test))
    by_features = nearest(known, unknown, FOUND)
    by_pixels = nearest(*(digits.images.reshape(len(digits), -1) for digits in (train, test)), FOUND)
    queries = [int(np.argmax(test.labels == k)) for k in range(10)]
    rows = [pictures(test.images[[q]]) + pictures(train.images[by_features[q]]) for q in queries]
    image_grid(rows, path, titles=["query", *map(str, range(1, FOUND + 1))])
    found = {"features": by_features, "pixels": by_pixels}
    return {name: float((train.labels[f] == test.labels[:, None]).mean()) for name, f in found.items()}
