"""torch.zeros, torch.rand, ...: nnlite's functions of these names with the arguments that only PyTorch's have.

size=(2, 3)                 the shape by name
generator=g                 random numbers from a torch.Generator
layout=, pin_memory=, memory_format=    accepted where they ask for what happens anyway
out=                        refused: write y.copy_(...) into a tensor that is there
"""

import functools
from collections.abc import Callable
from typing import Any

from .. import creation as ours
from ..tensor import Tensor
from .device import device
from .names import refuse

strided, contiguous_format, preserve_format = "strided", "contiguous_format", "preserve_format"

DRAWS = {"rand": "uniform", "randn": "normal", "rand_like": "uniform", "randn_like": "normal"}


def _with_more_arguments(function: Any) -> Callable[..., Tensor]:
    name, random = function.__name__, function.__name__.startswith("rand")

    @functools.wraps(function)
    def create(*args, out=None, generator=None, layout=strided, pin_memory=False, memory_format=None, **kind):
        other_order = None if memory_format in (contiguous_format, preserve_format) else memory_format
        refuse(f"torch.{name}", out=out, layout=None if layout == strided else layout, memory_format=other_order)
        if generator is not None and not random:
            raise TypeError(f"torch.{name}: there is nothing random about it; leave generator out")
        if kind.get("device") is not None:
            kind["device"] = device.make(kind["device"])
        if name == "randint":
            args = _low_high_size(list(args), kind)
        if "size" in kind and name in ("zeros", "ones", "empty", "rand", "randn"):
            args = (*args, kind.pop("size"))
        return function(*args, **kind) if generator is None else _drawn(generator, function, args, kind)

    return create


def _low_high_size(args, kind):
    """The arguments of randint(low, high, size) and randint(high, size), by position or by name."""
    try:
        size = kind.pop("size") if "size" in kind else args.pop()
        high = kind.pop("high") if "high" in kind else args.pop()
        low = kind.pop("low") if "low" in kind else args.pop() if args else 0
    except IndexError as error:
        raise TypeError("torch.randint: expected (high, size) or (low, high, size)") from error
    if args:
        raise TypeError(f"torch.randint: expected (high, size) or (low, high, size), not {args} as well")
    return low, high, size


def _drawn(generator, function, args, kind):
    """What the function returns, with numbers from another generator in it."""
    if function.__name__ == "randperm":
        n = kind.pop("n") if "n" in kind else args[0]
        return ours.tensor(generator.permutation(n), **kind)
    if function.__name__ == "randint":
        return ours.tensor(generator.integers(*args), **kind)
    if function.__name__ not in DRAWS:
        raise TypeError(f"torch.{function.__name__}: generator is not covered; use torch.randint(low, high, x.size())")
    like = ours.empty_like if function.__name__.endswith("_like") else ours.empty
    result = like(*args, **kind)
    result.array[...] = getattr(generator, DRAWS[function.__name__])(result.shape, result.dtype, result.device)
    return result


empty, eye, full, ones, zeros = map(_with_more_arguments, (ours.empty, ours.eye, ours.full, ours.ones, ours.zeros))
arange, linspace = map(_with_more_arguments, (ours.arange, ours.linspace))
rand, randn, randint, randperm = map(_with_more_arguments, (ours.rand, ours.randn, ours.randint, ours.randperm))
empty_like, full_like = map(_with_more_arguments, (ours.empty_like, ours.full_like))
ones_like, zeros_like = map(_with_more_arguments, (ours.ones_like, ours.zeros_like))
rand_like, randn_like = map(_with_more_arguments, (ours.rand_like, ours.randn_like))
randint_like = _with_more_arguments(ours.randint_like)
tensor, as_tensor = _with_more_arguments(ours.tensor), _with_more_arguments(ours.as_tensor)
