"""The course of a run: SRResNet learns by the content loss; then SRGAN goes on from its weights."""

from __future__ import annotations

import nnlite
from models.srgan import SRGAN, ContentModel, SRResNet
from models.trainable import Trainable

PRESETS = {
    "quick": {"steps": 1600, "content_steps": 1300, "width": 32, "blocks": 6, "batch": 16, "crop": 24},
    "full": {"steps": 3400, "content_steps": 3000, "width": 64, "blocks": 6, "batch": 16, "crop": 24},
}
CONTENT_LR, GENERATOR_LR, DISCRIMINATOR_LR = 1e-3, 1e-4, 1e-3  # of the first step of a stage; they fall to 0
ADVERSARIAL_WEIGHT = 3e-2


class Stages(Trainable):
    """Two models, one after the other: `content` for `content_steps` of the `steps`, then `srgan`."""

    def __init__(self, width: int, blocks: int, content_steps: int, steps: int):
        self.content = ContentModel(SRResNet(width, blocks), CONTENT_LR)
        self.srgan = SRGAN(SRResNet(width, blocks), ADVERSARIAL_WEIGHT, GENERATOR_LR, DISCRIMINATOR_LR)
        self.content_steps, self.steps = content_steps, steps
        self.current: ContentModel | SRGAN = self.content
        optimizers = self.content.optimizer, self.srgan.generator_optimizer, self.srgan.discriminator_optimizer
        self.rates = [(group, group["lr"]) for optimizer in optimizers for group in optimizer.param_groups]

    def schedule(self, step: int) -> None:
        """Choose the model of a step, counted from 0, and its rates, which fall to 0 along a straight line."""
        if step < self.content_steps:
            self.current, left = self.content, 1.0 - step / self.content_steps
        else:
            self.current, left = self.srgan, (self.steps - step) / (self.steps - self.content_steps)
        if step == self.content_steps:
            self.srgan.start_from(self.content.generator)
        for group, first in self.rates:
            group["lr"] = first * left

    def train_step(self, small: nnlite.Tensor, large: nnlite.Tensor) -> dict[str, nnlite.Tensor]:
        """A step of the one whose turn it is; "adversarial" and "discriminator" are 0 in the first stage."""
        none = nnlite.tensor(0.0)
        return {"content": none, "adversarial": none, "discriminator": none} | self.current.train_step(small, large)

    def components(self):
        return {"content": self.content, "srgan": self.srgan}
