"""What the programs in demos/ share. None of these files is a program.

run.py           a training run, which a loop reports to: checkpoint, losses, pictures, Ctrl-C
run_folder.py    the folder that it writes into
options.py       the command line
program.py       how a program starts, stops and reports a mistake
digits.py        the digits to learn from
ink.py           digits drawn on photos
images.py        pixels into a network and out of it
autoencoders.py  what the demos of autoencoders have in common
gans.py          what the demos of GANs have in common
weights.py       weights from files that a user names
"""
