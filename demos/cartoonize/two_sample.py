"""Can drawings be told from real cartoons? The classifier two-sample test of Lopez-Paz & Oquab (2017).

A fresh classifier learns to tell crops of two kinds apart, and is then asked about crops of other photos. If both kinds
look alike, it is right half of the time, whatever it learnt. The test is only as good as its classifier. So it is also
tried on what is surely different, photos and cartoons, and on what is surely the same, cartoons and cartoons.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

import nnlite
from demos.cartoonize.crops import grid
from demos.shared.run import fall_to_zero
from models.classifiers import Classifier
from models.init import init_he
from models.resnet import conv_norm
from nnlite import Tensor, nn

SIDE = 64  # of the crops, pixels; they overlap by half
FOLDS = 2  # each photo is judged by a classifier that has seen none of its fold
FEWEST = 3  # photos
REPEATS = 2  # the test is repeated with other folds and weights, and the accuracies averaged
STEPS, BATCH, LR = 400, 16, 6e-3

Crops = np.ndarray  # (N, SIDE, SIDE, 3) uint8
Pictures = Sequence[np.ndarray]  # each (H, W, 3) uint8


def two_sample_test(
    photos: Pictures, generated: Pictures, targets: Pictures, seed: int = 0, device: str = "cpu"
) -> dict[str, float]:
    """How often a classifier is right, 0..1, in telling photos from targets, generated pictures from targets, and two
    halves of the targets' crops from each other.

    The pictures belong together in threes. Crops of both kinds come from the same places, so that their content gives
    nothing away; the two halves come from different ones. Returns {} if there are fewer than FEWEST threes with room
    for a crop. The library's random numbers are left as they were.
    """
    threes = [three for three in zip(photos, generated, targets, strict=True) if min(three[0].shape[:2]) >= SIDE]
    if len(threes) < FEWEST:
        return {}
    photo, drawn, target = ([cut(picture) for picture in kind] for kind in zip(*threes, strict=True))
    halves = np.random.default_rng(seed)
    shuffled = [halves.permutation(crops) for crops in target]
    kinds = {
        "photo": (photo, target),
        "generated": (drawn, target),
        "target": ([crops[::2] for crops in shuffled], [crops[1::2] for crops in shuffled]),
    }
    progress = tqdm(kinds.items(), desc="two-sample test", unit="question", disable=None)
    return {kind: accuracy(*samples, seed, device) for kind, samples in progress}


def cut(picture: np.ndarray) -> Crops:
    """All crops of a picture, each half a crop from the next."""
    return np.stack(list(grid(picture, SIDE, SIDE // 2)))


def accuracy(one: Sequence[Crops], other: Sequence[Crops], seed: int = 0, device: str = "cpu") -> float:
    """The share of crops, 0..1, that are given to the right kind by classifiers that never saw their photos.

    one, other    crops of two kinds, for each photo; at least as many photos as folds
    """
    state, rights = nnlite.get_rng_state(), []
    try:
        for repeat in range(REPEATS):
            rng = np.random.default_rng((seed, repeat))
            order = rng.permutation(len(one))
            for fold in range(FOLDS):
                judged = order[fold::FOLDS]
                learnt = np.setdiff1d(order, judged)
                classifier = train(*labelled(one, other, learnt), rng, device)
                rights.append(is_right(classifier, *labelled(one, other, judged), device))
    finally:
        nnlite.set_rng_state(state)
    return float(np.concatenate(rights).mean())


def labelled(one: Sequence[Crops], other: Sequence[Crops], photos: np.ndarray) -> tuple[Crops, np.ndarray]:
    """The crops of some photos in one array, and 0 or 1 for each: is it the other kind?"""
    crops = [np.concatenate([kind[i] for i in photos]) for kind in (one, other)]
    return np.concatenate(crops), np.repeat([0, 1], [len(each) for each in crops])


def train(crops: Crops, labels: np.ndarray, rng: np.random.Generator, device: str) -> Classifier:
    """A classifier with fresh weights, trained on random batches, half of each mirrored."""
    nnlite.manual_seed(int(rng.integers(2**32)))
    classifier = Classifier(build_network(), LR).to(device)
    rate = fall_to_zero(classifier.optimizer, STEPS)
    for _ in range(STEPS):
        chosen = rng.integers(len(crops), size=BATCH)
        batch = crops[chosen]
        batch[: BATCH // 2] = batch[: BATCH // 2, :, ::-1]
        classifier.train_step(inputs(batch).to(device), Tensor(labels[chosen]).to(device))
        rate.step()
    return classifier


def build_network() -> nn.Sequential:
    """Three convolutions, the mean of each map, two logits: 22 thousand weights.

    The first one has a stride of 4, which makes it fast: it has the most pixels to go over.
    """
    layers: list[nn.Module] = []
    before = 15
    for after, size, stride in ((16, 4, 4), (32, 3, 2), (48, 3, 2)):
        layers += [*conv_norm(before, after, size, stride), nn.ReLU()]
        before = after
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 2))
    init_he(network)
    return network


def inputs(crops: Crops) -> Tensor:
    """What the network sees, (N, 15, SIDE - 1, SIDE - 1) in [-1, 1]: the colours, the steps to each pixel from its left
    and upper neighbours, cut off at 4 levels, and the signs of these steps.

    What sets paint apart from a photo is a level or two between neighbours. From the colours alone, whose range is 255,
    a network takes long to learn to see that. So it also finds what people cannot see, such as noise of a level.
    """
    levels = crops.transpose(3, 0, 1, 2).astype(np.float32)
    here, left, above = levels[:, :, 1:, 1:], levels[:, :, 1:, :-1], levels[:, :, :-1, 1:]
    maps = np.empty((15, *here.shape[1:]), np.float32)
    maps[:3] = here / 127.5 - 1.0
    maps[3:6], maps[6:9] = here - left, here - above
    maps[9:] = maps[3:9].clip(-1.0, 1.0)
    maps[3:9] = (maps[3:9] / 4.0).clip(-1.0, 1.0)
    return Tensor(maps.transpose(1, 0, 2, 3))


def is_right(classifier: Classifier, crops: Crops, labels: np.ndarray, device: str) -> np.ndarray:
    """For each crop, is it given to the right kind?"""
    parts = [crops[start : start + 100] for start in range(0, len(crops), 100)]
    taken_for = [classifier.predict(inputs(part).to(device)).cpu().numpy().argmax(1) for part in parts]
    return np.concatenate(taken_for) == labels
