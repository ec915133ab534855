"""torch.backends.mps: Apple's GPUs, which nnlite does not use."""

from ..names import missing


def is_available() -> bool:
    return False


is_built = is_available
__getattr__ = missing(__name__)
