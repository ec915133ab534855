"""Every operation, as a function of Tensors: `nnlite.functional`, also reached as `nnlite.nn.functional`.

    arithmetic.py   add sub mul div neg pow exp log sqrt abs
    reduce.py       sum mean
    shape.py        reshape flatten permute transpose clone cast getitem cat interpolate
    activation.py   relu leaky_relu tanh sigmoid
    conv.py         conv2d conv_transpose2d
    norm.py         batch_norm instance_norm
    noise.py        dropout
    loss.py         l1_loss mse_loss binary_cross_entropy binary_cross_entropy_with_logits

Each file holds a family; in it each operation is a class with forward and, directly below, backward.
"""

from .activation import leaky_relu, relu, sigmoid, tanh
from .arithmetic import abs, add, div, exp, log, mul, neg, pow, sqrt, sub
from .conv import conv2d, conv_transpose2d
from .loss import binary_cross_entropy, binary_cross_entropy_with_logits, l1_loss, mse_loss
from .noise import dropout
from .norm import batch_norm, instance_norm
from .reduce import mean, sum
from .shape import cast, cat, clone, flatten, getitem, interpolate, permute, reshape, transpose
