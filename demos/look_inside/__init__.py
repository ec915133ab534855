"""What a trained network has learnt, seen from inside: LeNet-5, and the generator of cartoons.

    digits.py    LeNet-5: filters, activation maps, occlusion, what excites a unit, neighbours
    cartoon.py   the same questions put to the generator
    pictures.py  weights, maps and layers as pictures

The computation is in models/visualise.py.
"""
