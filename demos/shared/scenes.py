"""Pictures made on the spot, with captions: "three red circles above a blue square".

A scene is two groups of shapes, the first above the second or left of it. Each group is one of 36 kinds: one to three
circles, squares or triangles of one colour. Each scene has two captions, as "above" can be said the other way round as
"below". Where exactly the shapes lie, their size, and a little of their colour are left to chance.

Some scenes are kept out of training, always the same ones. Either both of their groups occur in others (NEW_PAIR), or
one of them occurs nowhere else, only its number, its colour and its shape do, each in other company (NEW_GROUP).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

import cv2
import numpy as np

SIDE = 32  # of a picture, pixels
COUNTS = ("a", "two", "three")
COLOURS = {"red": (215, 40, 45), "green": (35, 150, 70), "blue": (45, 85, 205), "yellow": (240, 190, 30)}  # RGB, 0..255
SHAPES = ("circle", "square", "triangle")
PLACES = {"above": "below", "left of": "right of"}  # of the first group, and of the second seen from the first
PAPER = 245
PITCH = 10.4  # from one shape of a group to the next, pixels
FINE = 8  # a picture is drawn so many times larger, then made small: edges become smooth

PAD = ""  # after the end of a caption
WORDS = (PAD, *COUNTS, *COLOURS, *SHAPES, *(f"{shape}s" for shape in SHAPES), "above", "below", "left", "right", "of")
LONGEST = 8  # words in a caption


class Group(NamedTuple):
    """One to three shapes: each field is an index into COUNTS, COLOURS or SHAPES."""

    count: int
    colour: int
    shape: int

    def __str__(self) -> str:
        plural = "s" if self.count else ""
        return f"{COUNTS[self.count]} {list(COLOURS)[self.colour]} {SHAPES[self.shape]}{plural}"


class Scene(NamedTuple):
    """Two groups, the first above the second (place 0) or left of it (place 1)."""

    place: int
    first: Group
    second: Group

    def captions(self) -> tuple[str, str]:
        """What it shows, from the first group's side and from the second's."""
        place, reverse = list(PLACES.items())[self.place]
        return f"{self.first} {place} {self.second}", f"{self.second} {reverse} {self.first}"

    @classmethod
    def of(cls, attributes: np.ndarray) -> Scene:
        """The scene with these attributes."""
        place, *groups = attributes.tolist()
        return cls(place, Group(*groups[:3]), Group(*groups[3:]))

    def attributes(self) -> np.ndarray:
        """The place, and number, colour and shape of each group: (7,) int64, each below its entry in SIZES."""
        return np.array([self.place, *self.first, *self.second], np.int64)


SIZES = (len(PLACES), *2 * (len(COUNTS), len(COLOURS), len(SHAPES)))
GROUPS = [Group(*each) for each in product(range(len(COUNTS)), range(len(COLOURS)), range(len(SHAPES)))]
NEW_GROUPS = [Group(0, 2, 1), Group(1, 0, 2), Group(2, 1, 0), Group(1, 3, 1)]
NEW_PAIRS = 0.2  # share of the other scenes that is kept out of training too


class Scenes(NamedTuple):
    """All 2,592 scenes: those to train on, and those kept out because of the pair or of one group."""

    seen: list[Scene]
    new_pair: list[Scene]
    new_group: list[Scene]


@cache
def split_scenes() -> Scenes:
    """The split is the same each time."""
    scenes = [Scene(*each) for each in product(range(len(PLACES)), GROUPS, GROUPS)]
    known = [not {scene.first, scene.second} & set(NEW_GROUPS) for scene in scenes]
    kept_out = np.random.default_rng(0).random(len(scenes)) < NEW_PAIRS
    parts: Scenes = Scenes([], [], [])
    for scene, usual, kept in zip(scenes, known, kept_out, strict=True):
        (parts.new_group if not usual else parts.new_pair if kept else parts.seen).append(scene)
    return parts


def near_miss(scene: Scene, rng: np.random.Generator) -> Scene:
    """A scene to train on that differs from this one in one attribute."""
    while True:
        attributes = scene.attributes()
        changed = rng.integers(len(SIZES))
        attributes[changed] = (attributes[changed] + rng.integers(1, SIZES[changed])) % SIZES[changed]
        other = Scene.of(attributes)
        if other in _seen():
            return other


@cache
def _seen() -> set[Scene]:
    return set(split_scenes().seen)


def scene_of(caption: str) -> Scene | None:
    """The scene that a caption describes; None if it is not one of `Scene.captions`."""
    return _by_caption().get(" ".join(caption.lower().split()))


@cache
def _by_caption() -> dict[str, Scene]:
    return {caption: scene for part in split_scenes() for scene in part for caption in scene.captions()}


def encode(captions: Sequence[str]) -> np.ndarray:
    """Each word as its place in WORDS: (N, LONGEST) int64, 0 after the end.

    Raises ValueError for words that are not in WORDS, for too many, and for none.
    """
    codes = np.zeros((len(captions), LONGEST), np.int64)
    for row, caption in zip(codes, captions, strict=True):
        words = caption.lower().split()
        if unknown := [word for word in words if word not in WORDS]:
            raise ValueError(f"unknown word {unknown[0]!r} in {caption!r}; the known ones are {', '.join(WORDS[1:])}")
        if not 1 <= len(words) <= LONGEST:
            raise ValueError(f"a caption has 1 to {LONGEST} words, {caption!r} has {len(words)}")
        row[: len(words)] = [WORDS.index(word) for word in words]
    return codes


def draw(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """A picture of it, (SIDE, SIDE, 3) uint8."""
    picture = np.full((SIDE * FINE, SIDE * FINE, 3), PAPER, np.uint8)
    for side, group in enumerate((scene.first, scene.second)):
        colour = np.clip(list(COLOURS.values())[group.colour] + rng.normal(0.0, 8.0, 3), 0, 255).tolist()
        radius = rng.uniform(4.1, 4.6)
        for along, across in _places(group.count + 1, rng):
            across += SIDE / 4 + side * SIDE / 2
            x, y = (along, across) if scene.place == 0 else (across, along)
            _draw_shape(picture, SHAPES[group.shape], x, y, radius, colour)
    return cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _places(count: int, rng: np.random.Generator) -> np.ndarray:
    """Centres of so many shapes in a row, (count, 2): along the row in 0..SIDE, and across it around 0."""
    middle = (np.arange(count) + 0.5 - count / 2) * PITCH + SIDE / 2
    along = middle + rng.uniform(-1, 1) * min(2.0, (SIDE - PITCH * count) / 2)  # "above" stays clear of "left of"
    return np.stack([along, np.full(count, rng.uniform(-1.0, 1.0))], axis=1)


def _draw_shape(picture: np.ndarray, shape: str, x: float, y: float, radius: float, colour: Sequence[float]) -> None:
    """Filled, around (x, y) in pixels of the small picture."""
    centre = np.array([x, y])
    if shape == "circle":
        cv2.circle(picture, np.rint(FINE * centre).astype(int).tolist(), round(FINE * radius), colour, cv2.FILLED)
        return
    square = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    corners = np.array(square if shape == "square" else [(0, -1.1), (1.1, 0.9), (-1.1, 0.9)])
    size = 0.92 * radius if shape == "square" else radius
    cv2.fillConvexPoly(picture, np.rint(FINE * (centre + size * corners)).astype(np.int32), colour)
