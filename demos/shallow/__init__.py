"""A shallow classifier on designed features next to a network, on shapes drawn on photos."""
