"""Photographs to cartoons with OpenCV, and paired datasets of the two. Knows nothing of nnlite.

One photo:

    from stylize import read_image, stylize, write_image
    write_image("cartoon.png", stylize(read_image("photo.jpg"), "toon"))

What there is to import is listed in api.py.
"""

from . import quiet_start  # first, because of Ctrl-C during the other imports
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import *  # noqa: F403  (for editors and type checkers)


def __getattr__(name: str) -> Any:
    """Import a module of this package, or a name that api.py lists, when it is first used.

    This way console.py can be imported alone, before anything that takes long or may be missing, such as OpenCV.
    """
    if find_spec(f"{__name__}.{name}"):
        return import_module(f".{name}", __name__)
    return getattr(import_module(".api", __name__), name)
