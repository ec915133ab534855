"""What runs the operations, and PyTorch's switches for it: nnlite.backends.use("plain"), .without("winograd"), ..."""

from .backend import CHOICES, use
from .backend.cpu.memory import keep_freed_memory
from .backend.precision import cuda, cudnn
from .backend.tricks import TRICKS, without

__all__ = ["CHOICES", "TRICKS", "cuda", "cudnn", "keep_freed_memory", "use", "without"]
