"""Rows of digits read by a network that tells what it sees: `python -m demos.caption`."""
