"""The one place that imports OpenCV, so that a missing system library is explained once, in one sentence."""

import sys

try:
    import cv2
except ImportError as error:  # on a bare server the wheel is there, but libGL or glib is not
    _REMEDY = (
        f"OpenCV failed to load ({error}); install the system packages it needs (Debian, Ubuntu: apt install "
        "libgl1 libglib2.0-0), or the wheel that needs none (pip uninstall opencv-python, then "
        "pip install opencv-python-headless)"
    )
    if sys.argv[0] == "-m":  # `python -m stylize` has not reached __main__.py yet, which could catch this
        sys.exit(f"stylize: {_REMEDY}")
    raise ImportError(_REMEDY) from error

__all__ = ["cv2"]
