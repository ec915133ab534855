"""Layers: modules around the operations of nnlite.functional.

    module.py       Module, Parameter, state_dict
    container.py    Sequential ModuleList Identity
    conv.py         Conv2d ConvTranspose2d Upsample
    norm.py         BatchNorm2d InstanceNorm2d
    activation.py   ReLU LeakyReLU Tanh Sigmoid Dropout
    loss.py         L1Loss MSELoss BCELoss BCEWithLogitsLoss
    init.py         normal_ uniform_ constant_
"""

import sys

from .. import functional
from . import init
from .activation import Dropout, LeakyReLU, ReLU, Sigmoid, Tanh
from .container import Identity, ModuleList, Sequential
from .conv import Conv2d, ConvTranspose2d, Upsample
from .loss import BCELoss, BCEWithLogitsLoss, L1Loss, MSELoss
from .module import Module, Parameter
from .norm import BatchNorm2d, InstanceNorm2d

# The same module under PyTorch's name, so that `import nnlite.nn.functional as F` works too.
sys.modules[__name__ + ".functional"] = functional
