"""A network that reads scenes: what does a picture show? It judges pictures that other networks made of a caption."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

import nnlite
from demos.shared.images import in_batches, to_network
from demos.shared.run import fall_to_zero
from demos.shared.scenes import SIDE, SIZES, Scene, draw, split_scenes
from models.classifiers import eval_mode
from models.trainable import Trainable
from nnlite import Tensor, nn, optim
from nnlite.nn import functional as F

STEPS, BATCH, LR = 300, 64, 2e-3  # the rate is of the first step; it falls to 0


class SceneReader(Trainable):
    """Pictures (N, 3, SIDE, SIDE) in [-1, 1] -> the seven attributes of a scene, each by a softmax of its own.

    The loss is the sum of their cross entropies.
    """

    def __init__(self, width: int = 16):
        layers: list[nn.Module] = []
        for before, after in ((3, width), (width, 2 * width), (2 * width, 4 * width)):
            layers += [nn.Conv2d(before, after, 5, 2, 2, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        hidden = 4 * width * (SIDE // 8) ** 2
        self.network = nn.Sequential(
            *layers, nn.Flatten(), nn.Linear(hidden, 128), nn.ReLU(), nn.Linear(128, sum(SIZES))
        )
        self.optimizer = optim.Adam(self.network.parameters(), LR)

    def train_step(self, images: Tensor, attributes: Tensor) -> dict[str, Tensor]:
        """One step on pictures and their attributes (N, 7) int64."""
        self.optimizer.zero_grad()
        logits = self.network(images).split(SIZES, 1)
        loss = nnlite.stack([F.cross_entropy(part, attributes[:, k]) for k, part in enumerate(logits)]).sum()
        loss.backward()
        self.optimizer.step()
        return {"loss": loss.detach()}

    def read(self, images: np.ndarray, device: str = "cpu") -> np.ndarray:
        """The most probable attributes, (N, 7)."""
        with eval_mode(self.network):
            logits = in_batches(self.network, images, device)
        return np.stack([part.argmax(1) for part in np.split(logits, np.cumsum(SIZES)[:-1], axis=1)], axis=1)

    def components(self) -> dict[str, Any]:
        return {"network": self.network, "optimizer": self.optimizer}


def train_reader(seed: int, device: str, steps: int = STEPS) -> SceneReader:
    """A reader that has learnt from pictures of all scenes, also of those kept out of the training of others."""
    scenes = [scene for part in split_scenes() for scene in part]
    loader = nnlite.DataLoader(scenes, BATCH, shuffle=True, seed=seed, transform=labelled, device=device)
    reader = SceneReader().to(device)
    rate = fall_to_zero(reader.optimizer, steps)
    for _, batch in tqdm(zip(range(steps), loader.batches(), strict=False), "reader", steps, dynamic_ncols=True):
        reader.train_step(*batch)
        rate.step()
    return reader


def labelled(scene: Scene, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """For the loader: a picture of the scene, and its attributes."""
    return to_network(draw(scene, rng)), scene.attributes()


def pictures_of(scenes: Sequence[Scene], seed: int) -> np.ndarray:
    """A new picture of each scene, (N, 3, SIDE, SIDE) in [-1, 1]."""
    rng = np.random.default_rng(seed)
    return np.stack([to_network(draw(scene, rng)) for scene in scenes])


def compare(read: np.ndarray, scenes: Sequence[Scene]) -> dict[str, float]:
    """The share of attributes (N, 7) that are read as in the scenes, and of pictures where all seven are."""
    right = read == np.stack([scene.attributes() for scene in scenes])
    return {"exact": float(right.all(1).mean()), "attributes": float(right.mean())}
