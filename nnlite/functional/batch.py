"""One image without a batch axis, (C, H, W), is a batch of one: (1, C, H, W) -> (1, ...) -> (...)."""

from __future__ import annotations

import functools
from typing import Any

from ..errors import ShapeError
from ..function import shape_of
from .shape import unsqueeze


def unbatched(function: Any) -> Any:
    """The function of images (N, C, H, W), which takes and returns one image (C, H, W) as well."""

    @functools.wraps(function)
    def call(input, *args, **kwargs):
        if len(shape_of(input)) != 3:
            return function(input, *args, **kwargs)
        try:
            return function(unsqueeze(input, 0), *args, **kwargs).squeeze(0)
        except ShapeError as error:
            raise ShapeError(f"{error}; the input {input.shape} is taken as a batch of one") from error

    return call
