"""torch.onnx: models in a format for other programs. nnlite has none of it: a script may import it, not use it."""

from .names import missing

__getattr__ = missing(__name__)
