"""The one place that imports OpenCV, so that a missing system library is explained once, in one sentence."""

try:
    import cv2
except ImportError as error:  # on a bare server the wheel is there, but libGL or glib is not
    raise ImportError(
        f"OpenCV failed to load ({error}); install the system packages it needs (Debian, Ubuntu: apt install "
        "libgl1 libglib2.0-0), or the wheel that needs none (pip uninstall opencv-python, then "
        "pip install opencv-python-headless)"
    ) from error

__all__ = ["cv2"]
