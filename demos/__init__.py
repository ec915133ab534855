"""The programs people run."""

from stylize import quiet_start  # first, because of Ctrl-C during the other imports
