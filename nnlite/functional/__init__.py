"""Every operation, as a function of Tensors: `nnlite.functional`, also reached as `nnlite.nn.functional`.

    arithmetic.py   add sub mul div neg pow exp log sqrt abs clip maximum minimum where
    compare.py      eq ne lt le gt ge logical_not logical_and logical_or
    linear.py       matmul linear embedding
    reduce.py       sum mean var std max min amax amin argmax argmin logsumexp norm
    shape.py        reshape view flatten permute transpose squeeze unsqueeze expand clone cast to_device
    index.py        getitem cat stack split chunk flip roll
    pad.py          pad
    resize.py       interpolate pixel_shuffle
    activation.py   relu leaky_relu prelu elu gelu silu softplus tanh sigmoid softmax log_softmax
    conv.py         conv2d conv_transpose2d
    pool.py         max_pool2d avg_pool2d adaptive_avg_pool2d
    batch_norm.py   batch_norm
    norm.py         instance_norm layer_norm group_norm
    noise.py        dropout dropout2d rsample
    loss.py         l1_loss mse_loss huber_loss smooth_l1_loss binary_cross_entropy binary_cross_entropy_with_logits
                    kl_div gaussian_kl hinge_loss
    cross_entropy.py  cross_entropy nll_loss

Each file holds a family; in it each operation is a class with forward and, directly below, backward.
"""

from .activation import elu, gelu, leaky_relu, log_softmax, prelu, relu, sigmoid, silu, softmax, softplus, tanh
from .arithmetic import (
    abs, add, clamp, clip, div, exp, log, maximum, minimum, mul, neg, pow, sqrt, sub, where,
)  # fmt: skip
from .batch_norm import batch_norm
from .compare import eq, ge, gt, le, logical_and, logical_not, logical_or, lt, ne
from .conv import conv2d, conv_transpose2d
from .cross_entropy import cross_entropy, nll_loss
from .index import cat, chunk, flip, getitem, roll, split, stack
from .linear import embedding, linear, matmul
from .loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    gaussian_kl,
    hinge_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from .noise import dropout, dropout2d, rsample
from .norm import group_norm, instance_norm, layer_norm
from .pad import pad
from .pool import adaptive_avg_pool2d, avg_pool2d, max_pool2d
from .reduce import amax, amin, argmax, argmin, logsumexp, max, mean, min, norm, std, sum, var
from .resize import interpolate, pixel_shuffle
from .shape import (
    cast, clone, expand, flatten, permute, reshape, squeeze, to_device, transpose, unsqueeze, view,
)  # fmt: skip
