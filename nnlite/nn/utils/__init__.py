"""Tools for a module's parameters and their gradients.

clip_grad.py          clip_grad_norm_ clip_grad_value_
parametrizations.py   spectral_norm
"""

from . import parametrizations
from .clip_grad import clip_grad_norm_, clip_grad_value_
