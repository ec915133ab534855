"""The checks of the exercises, a file for each page. Reading them gives some answers away."""
