"""Photographs become pairs (photo, cartoon), Pix2Pix learns from them, new photos come out as cartoons.

__main__.py   the command line, and the training loop
recipe.py     the options of a run, stored in every file that it writes
weights.py    the file of a trained generator: its weights and metadata
preview.py    what the project's weights draw, before a short training
pairs.py      photos -> pairs of photo and cartoon
crops.py      pairs -> training batches and test crops
tiles.py      a generator on an image of any size, tile by tile
full_size.py  a painter on a large photo: layers at one size, paint at another
evaluate.py   the figures on photos never seen in training
apply.py      photo files and folders through a trained generator
video.py      videos and cameras through one
two_sample.py  can a classifier tell generated pictures from real cartoons?
judge.py      how good a trained generator is on photos that it never saw
"""
