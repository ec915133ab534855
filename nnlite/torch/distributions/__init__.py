"""torch.distributions: Normal, Bernoulli and Categorical, and the divergence of two of a kind.

Arguments that PyTorch would check (validate_args) are always checked.
"""

from ..names import missing
from . import bernoulli, categorical, distribution, kl, normal
from .bernoulli import Bernoulli
from .categorical import Categorical
from .distribution import Distribution
from .kl import kl_divergence
from .normal import Normal

__getattr__ = missing(__name__)
