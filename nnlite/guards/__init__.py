"""Guards: what a function refuses, and in which words. The formulas themselves are in functional/, nn/ and optim/.

A guard has the name and the arguments of the function it guards, is called before it (errors.guarded), and raises if
they make no sense. common.py has the checks that many of them share. The operations' guards:

    arrays.py        arithmetic, reductions, shapes, parts, products
    boxes.py         boxes in images, RoI align
    activations.py   nonlinearities, norms, random numbers
    images.py        convolution, pooling, borders, resizing
    losses.py        losses
    picks.py         indices, masks, order, products along an axis, random numbers
    products.py      products by name, triangles, repetitions, functions of every element
"""

from . import activations, arrays, boxes, images, layers, losses, optimizers, picks, products, recurrent, tensors
from .common import register

for file in (activations, arrays, boxes, images, losses, picks, products):
    register(file)
