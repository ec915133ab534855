"""Optimisers, in order of complexity, and schedules for their learning rates.

optimizer.py      Optimizer: parameter groups, and state that can be saved
sgd.py            SGD
adagrad.py        Adagrad
rmsprop.py        RMSprop
adadelta.py       Adadelta
adam.py           Adam, also with amsgrad
adamw.py          AdamW
lr_scheduler.py   LRScheduler StepLR MultiStepLR CosineAnnealingLR LinearLR LambdaLR ReduceLROnPlateau
"""

from . import lr_scheduler
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam
from .adamw import AdamW
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD
