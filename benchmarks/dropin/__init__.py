"""PyTorch scripts run both ways, on PyTorch and on nnlite: `python -m benchmarks.dropin FOLDER...` (see __main__.py).

__main__.py   the command: which files, in what order, the table
scripts.py    what kind of script a file is
process.py    one run in a process and a folder of its own, with limits
judge.py      two runs compared: equal, raises, differs
child.py      inside such a process: run the script, write down its losses
libraries.py  what `import torch` and `import torchvision` mean there
chance.py     random numbers that are the same in both libraries
datasets.py   stand-ins for data: small random images under torchvision's names, and for files that do not exist
networks.py   networks built and run with guessed arguments
"""
