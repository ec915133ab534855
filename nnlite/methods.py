"""x.exp() is exp(x): functions whose first argument is a tensor are its methods too, with the same arguments."""

from . import functional
from .tensor import Tensor

_NAMES = """
    abs add sub mul div neg pow exp log sqrt clip clamp maximum minimum matmul
    eq ne lt le gt ge logical_not logical_and logical_or
    sum mean var std max min amax amin argmax argmin logsumexp norm
    reshape view flatten transpose permute squeeze unsqueeze expand split chunk flip roll clone
    relu sigmoid tanh softmax log_softmax
"""

for _name in _NAMES.split():
    setattr(Tensor, _name, getattr(functional, _name))
