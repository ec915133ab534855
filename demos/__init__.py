"""The programs people run."""

from stylize import quiet_start
