"""The programs people run: `python -m demos` lists them. What they have in common is in demos/shared."""

from stylize import quiet_start  # first, because of Ctrl-C during the other imports
