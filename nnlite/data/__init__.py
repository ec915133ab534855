"""Datasets and batches.

loader.py    DataLoader: batches, in an order that the seed decides
collate.py   collate: samples joined into a batch
augment.py   Augment and its changes: images turned, enlarged, moved, flipped at random
mnist.py     mnist: 70,000 handwritten digits, from a public mirror
download.py  fetch: a file whose checksum is known, resumed where a connection broke
"""

from .augment import Augment, RandomAffine, RandomCrop, RandomHorizontalFlip, RandomVerticalFlip
from .loader import DataLoader
from .mnist import mnist
