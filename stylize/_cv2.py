"""The one place that imports OpenCV, so that anything wrong with the installation is explained here, in one line."""

import re
from typing import NoReturn

_OLDEST = (4, 10)  # the first version that works with NumPy 2


def _fail(remedy: str, cause: ImportError | None = None) -> NoReturn:
    raise ImportError(remedy) from cause


try:
    import cv2
except ModuleNotFoundError as error:
    _fail(f"OpenCV is not installed ({error}); pip install opencv-python", error)
except ImportError as error:
    if "numpy" in str(error):
        _fail(f"this OpenCV does not fit the installed NumPy ({error}); pip install --upgrade opencv-python", error)
    _fail(  # on a bare server the wheel is there, but libGL or glib is not
        f"OpenCV failed to load ({error}); install the system packages it needs (Debian, Ubuntu: apt install "
        "libgl1 libglib2.0-0), or the wheel that needs none (pip uninstall opencv-python, then "
        "pip install opencv-python-headless)",
        error,
    )

if not hasattr(cv2, "imdecode"):  # a folder that an uninstall left behind, a file named cv2.py, another package
    _place = getattr(cv2, "__file__", None) or cv2.__path__[0]
    _fail(
        f"{_place} is called cv2, but it is not OpenCV; rename it if it is yours, then pip install --force-reinstall "
        "opencv-python"
    )
if tuple(map(int, re.findall(r"\d+", cv2.__version__)[:2])) < _OLDEST:
    _fail(f"OpenCV {cv2.__version__} is too old (4.10 or later is needed); pip install --upgrade opencv-python")

__all__ = ["cv2"]
