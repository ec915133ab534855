"""Transforms made of transforms."""

from collections.abc import Callable, Sequence
from typing import Any

from . import chance

Transform = Callable[[Any], Any]


class Compose:
    """One transform after the other."""

    def __init__(self, transforms: Sequence[Transform]):
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return f"Compose({', '.join(map(repr, self.transforms))})"


class Lambda:
    """Any function of an image."""

    def __init__(self, lambd: Transform):
        if not callable(lambd):
            raise TypeError(f"Lambda: expected a function, got {type(lambd).__name__}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)


class RandomApply(Compose):
    """All the transforms with probability p, else none."""

    def __init__(self, transforms: Sequence[Transform], p: float = 0.5):
        super().__init__(transforms)
        self.p = chance.probability(p, "RandomApply")

    def __call__(self, img: Any) -> Any:
        return super().__call__(img) if chance.happens(self.p) else img


class RandomOrder(Compose):
    """All the transforms in random order."""

    def __call__(self, img: Any) -> Any:
        return Compose([self.transforms[i] for i in chance.order(len(self.transforms))])(img)


class RandomChoice(Compose):
    """One of the transforms."""

    def __call__(self, img: Any) -> Any:
        return self.transforms[chance.below(len(self.transforms))](img)
