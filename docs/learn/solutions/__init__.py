"""The solutions of the exercises, a file for each page, under the names that the page uses."""
