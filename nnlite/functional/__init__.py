"""Every operation, as a function of Tensors: `nnlite.functional`, also reached as `nnlite.nn.functional`.

The core (docs/read-the-core.md):

    arithmetic.py   add sub mul div neg pow exp log sqrt
    reduce.py       sum mean
    shape.py        reshape flatten permute transpose squeeze unsqueeze
    linear.py       matmul linear
    conv.py         conv2d conv_transpose2d
    batch_norm.py   batch_norm
    relu.py         relu leaky_relu
    cross_entropy.py  cross_entropy

and the rest, built the same way:

    elementary.py   sin log1p square sign round floor_divide remainder
    products.py     mm bmm dot outer
    einsum.py       einsum
    triangle.py     tril diag
    repeat.py       repeat expand_as
    piecewise.py    abs clip maximum minimum where
    compare.py      eq ne lt le gt ge logical_not logical_and logical_or
    statistics.py   var std max min amax amin argmax argmin logsumexp norm
    cast.py         clone cast to_device expand
    index.py        getitem cat stack split chunk flip roll
    gather.py       gather scatter index_select
    order.py        sort argsort topk unique
    cumulative.py   cumsum prod
    embedding.py    embedding
    recurrent.py    rnn lstm gru, one layer over a sequence: what nn/recurrent.py is made of
    activation.py   prelu elu hardtanh relu6 gelu silu softplus tanh sigmoid softmax log_softmax
    pool.py         max_pool2d avg_pool2d adaptive_avg_pool2d
    norm.py         instance_norm layer_norm group_norm
    pad.py          pad
    batch.py        what makes one image (C, H, W) a batch of one
    resize.py       interpolate pixel_shuffle
    boxes.py        box_area box_iou nms batched_nms
    roi_align.py    roi_align
    noise.py        dropout dropout2d rsample
    sampling.py     bernoulli normal multinomial
    loss.py         l1_loss mse_loss huber_loss smooth_l1_loss binary_cross_entropy binary_cross_entropy_with_logits
                    kl_div gaussian_kl hinge_loss nll_loss

Each file holds a family; in it each operation is a class with forward and, directly below, backward.
"""

from . import batch
from .activation import elu, gelu, hardtanh, log_softmax, prelu, relu6, sigmoid, silu, softmax, softplus, tanh
from .arithmetic import add, div, exp, log, mul, neg, pow, sqrt, sub
from .batch_norm import batch_norm
from .boxes import batched_nms, box_area, box_iou, nms
from .cast import cast, clone, expand, to_device
from .compare import eq, ge, gt, le, logical_and, logical_not, logical_or, lt, ne
from .conv import conv2d, conv_transpose2d
from .cross_entropy import cross_entropy
from .cumulative import cumsum, prod
from .einsum import einsum
from .elementary import floor_divide, log1p, remainder, round, sign, sin, square
from .embedding import embedding
from .gather import gather, index_select, scatter
from .index import cat, chunk, flip, getitem, roll, split, stack
from .linear import linear, matmul
from .loss import (
    binary_cross_entropy, binary_cross_entropy_with_logits, gaussian_kl, hinge_loss, huber_loss, kl_div, l1_loss,
    mse_loss, nll_loss, smooth_l1_loss,
)  # fmt: skip
from .noise import dropout, dropout2d, rsample
from .norm import group_norm, instance_norm, layer_norm
from .order import argsort, sort, topk, unique
from .pad import pad
from .piecewise import abs, clamp, clip, maximum, minimum, where
from .pool import adaptive_avg_pool2d, avg_pool2d, max_pool2d
from .products import bmm, dot, mm, outer
from .reduce import mean, sum
from .relu import leaky_relu, relu
from .repeat import expand_as, repeat
from .resize import interpolate, pixel_shuffle
from .roi_align import roi_align
from .sampling import bernoulli, multinomial, normal
from .shape import flatten, permute, reshape, squeeze, transpose, unsqueeze
from .statistics import amax, amin, argmax, argmin, logsumexp, max, min, norm, std, var
from .triangle import diag, tril

conv2d, conv_transpose2d, pixel_shuffle = map(batch.unbatched, (conv2d, conv_transpose2d, pixel_shuffle))
max_pool2d, avg_pool2d, adaptive_avg_pool2d = map(batch.unbatched, (max_pool2d, avg_pool2d, adaptive_avg_pool2d))
