"""Find things in scenes that are made on the spot: digits on photos, symbols and arrows of a flowchart.

digits.py      the scenes of digits, and a search for blobs with LeNet-5 to compare with
flowchart.py   the scenes of flowcharts, and a search for contours to compare with
scenes.py      what both have in common
pictures.py    boxes drawn on scenes
"""
