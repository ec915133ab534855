"""Names that torchvision has and nnlite does not."""

from collections.abc import Callable
from typing import Any

from ..differences import why_not


def refuse(module: str) -> Callable[[str], Any]:
    """A module's __getattr__: NotImplementedError with the name that was asked for and what to do instead."""

    def missing(name: str) -> Any:
        if name.startswith("__"):  # Python itself asks for these
            raise AttributeError(f"module {module} has no attribute {name}")
        raise NotImplementedError(f"{module}.{name} is not covered; {why_not(f'{module}.*')}")

    return missing
