"""The questions that a PyTorch script asks about the GPU, under PyTorch's names."""

from .backend import gpu_available
from .backend.random import manual_seed

is_available = gpu_available
manual_seed_all = manual_seed
