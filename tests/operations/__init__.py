"""Every operation and module, a file for each file of nnlite/functional/, as tables:

OPERATIONS  name -> op(call, shapes of the inputs): gradients are checked, PyTorch is compared with
RANDOM      the same for what draws random numbers, and so has no counterpart to compare with
MODULES     name -> (make, shapes of the inputs): make(nn) with nnlite.nn and torch.nn
ARGUMENTS   function -> strategies for its arguments, most of them bad; the last may be a dictionary of keywords
ROOM_ARGUMENTS   the same for functions of nnlite.torch
"""

from tests.operations import (
    activation, arithmetic, boxes, compare, conv, cumulative, elementary, gather, index, linear, loss, noise, norm,
    order, pad, pool, products, recurrent, reduce, repeat, resize, room, sampling, shape, triangle,
)  # fmt: skip

_FILES = (
    arithmetic, elementary, compare, reduce, cumulative, shape, index, gather, order, repeat, triangle, pad, resize,
    linear, products, activation, conv, pool, boxes, norm, recurrent, noise, sampling, loss, room,
)  # fmt: skip


def _all(table):
    return {name: entry for file in _FILES for name, entry in getattr(file, table, {}).items()}


OPERATIONS, RANDOM, MODULES, ARGUMENTS, ROOM_ARGUMENTS = (
    _all(table) for table in ("OPERATIONS", "RANDOM", "MODULES", "ARGUMENTS", "ROOM_ARGUMENTS")
)
