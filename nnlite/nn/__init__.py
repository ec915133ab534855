"""Layers: modules around the operations of nnlite.functional.

module.py       Module, Parameter, hooks, state_dict
linear.py       Linear
conv.py         Conv2d ConvTranspose2d
batch_norm.py   BatchNorm1d BatchNorm2d
container.py    Sequential ModuleList ModuleDict Identity

layer.py        Layer: what layers without weights have in common
activation.py   ReLU ReLU6 Hardtanh LeakyReLU PReLU ELU GELU SiLU Softplus Tanh Sigmoid Softmax LogSoftmax
pool.py         MaxPool2d AvgPool2d AdaptiveAvgPool2d
pad.py          ZeroPad2d ReflectionPad2d ReplicationPad2d
resize.py       Upsample PixelShuffle
shape.py        Flatten Unflatten
dropout.py      Dropout Dropout2d
norm.py         InstanceNorm1d InstanceNorm2d LayerNorm GroupNorm
embedding.py    Embedding
recurrent.py    RNN LSTM GRU RNNCell LSTMCell GRUCell
loss.py         L1Loss MSELoss HuberLoss SmoothL1Loss BCELoss BCEWithLogitsLoss KLDivLoss CrossEntropyLoss NLLLoss

init.py         uniform_ normal_ trunc_normal_ constant_ eye_ xavier_ kaiming_ orthogonal_
summary.py      the table of layers that module.summary prints
utils/          clip_grad_norm_ clip_grad_value_, parametrizations.spectral_norm
"""

import sys

from .. import functional
from . import init, utils
from .activation import (
    ELU, GELU, Hardtanh, LeakyReLU, LogSoftmax, PReLU, ReLU, ReLU6, Sigmoid, SiLU, Softmax, Softplus, Tanh,
)  # fmt: skip
from .batch_norm import BatchNorm1d, BatchNorm2d
from .container import Identity, ModuleDict, ModuleList, Sequential
from .conv import Conv2d, ConvTranspose2d
from .dropout import Dropout, Dropout2d
from .embedding import Embedding
from .linear import Linear
from .loss import (
    BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, HuberLoss, KLDivLoss, L1Loss, MSELoss, NLLLoss, SmoothL1Loss,
)  # fmt: skip
from .module import Module, Parameter
from .norm import GroupNorm, InstanceNorm1d, InstanceNorm2d, LayerNorm
from .pad import ReflectionPad2d, ReplicationPad2d, ZeroPad2d
from .pool import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from .recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from .resize import PixelShuffle, Upsample
from .shape import Flatten, Unflatten

# The same module under PyTorch's name, so that `import nnlite.nn.functional as F` works too.
sys.modules[__name__ + ".functional"] = functional
