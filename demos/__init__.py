"""The programs people run."""

from stylize import quiet_start  # first: Ctrl-C during what follows
