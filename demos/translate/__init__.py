"""Pix2Pix on anything: pairs of your own, or made from photos, teach it to turn one kind of picture into another.

__main__.py    the command line, and the training loop
folders.py     a paired dataset, as people have them -> pairs
tasks.py       photos -> pairs, by damage that is to be undone
pairs.py       pairs that are trained on, and those held out
baselines.py   what needs no network, to compare with
judge.py       figures and a picture of pairs never seen in training
"""
