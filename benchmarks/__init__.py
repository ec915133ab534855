"""The same work here and in PyTorch, side by side, in one run: `python -m benchmarks.train_steps`."""

from stylize import quiet_start  # first: Ctrl-C during what follows
