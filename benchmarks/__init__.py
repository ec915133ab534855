"""The same work here and in PyTorch, side by side, in one run: `python -m benchmarks.train_steps`."""

from stylize import quiet_start  # first, because of Ctrl-C during the other imports
