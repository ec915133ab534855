"""torch.jit: code translated for another runtime. nnlite has none of it: a script may import it, not use it."""

from .names import missing

__getattr__ = missing(__name__)
