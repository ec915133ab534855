"""Optimisers, in order of complexity, and schedules for their learning rates.

optimizer.py      Optimizer: parameter groups, and state that can be saved
sgd.py            SGD
rmsprop.py        RMSprop
adam.py           Adam
adamw.py          AdamW
lr_scheduler.py   StepLR CosineAnnealingLR LinearLR LambdaLR
"""

from . import lr_scheduler
from .adam import Adam
from .adamw import AdamW
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD
