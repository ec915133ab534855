"""size_average= and reduce=, which `reduction` has replaced, as arguments of nnlite's losses.

In PyTorch's signatures the two are still there: size_average after the arguments that are given by position, and reduce
before reduction. nnlite's losses take whatever comes after size_average by name only, so the signatures follow.
"""

import inspect
import warnings
from collections.abc import Callable
from typing import Any

_SIZE_AVERAGE, _REDUCE = (
    inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)
    for name in ("size_average", "reduce")
)


def is_loss(function: Any) -> bool:
    """Whether a function has an argument `reduction` that is given by name only."""
    reduction = inspect.signature(function).parameters.get("reduction") if inspect.isfunction(function) else None
    return reduction is not None and reduction.kind is inspect.Parameter.KEYWORD_ONLY


def old_signature(function: Callable) -> inspect.Signature:
    """PyTorch's signature of one of nnlite's losses."""
    parameters = inspect.signature(function).parameters.values()
    by_name = [p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
    later = [q for p in by_name for q in ((_REDUCE, p) if p.name == "reduction" else (p,))]
    in_order = [*(p for p in parameters if p not in by_name), _SIZE_AVERAGE, *later]
    return inspect.Signature([p.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in in_order])


def translated(signature: inspect.Signature, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name, with `reduction` in place of the old two, for which PyTorch's warning is given."""
    given = signature.bind(*args, **kwargs).arguments
    size_average, reduce = given.pop("size_average", None), given.pop("reduce", None)
    if size_average is not None or reduce is not None:
        given["reduction"] = "none" if reduce is False else "sum" if size_average is False else "mean"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction={given['reduction']!r} instead.",
            stacklevel=3,
        )
    return given
