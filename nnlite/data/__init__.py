"""Datasets and batches.

    loader.py    DataLoader: batches, in an order that the seed decides
    mnist.py     mnist: 70,000 handwritten digits, from a public mirror
    download.py  fetch: a file whose checksum is known, resumed where a connection broke
"""

from .loader import DataLoader
from .mnist import mnist
