"""torch.distributed: training on several machines. nnlite has none of it, and says so when asked."""

from .names import missing


def is_available() -> bool:
    return False


is_initialized = is_available
__getattr__ = missing(__name__)
