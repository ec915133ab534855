"""Photos get four times as many pixels along each side: SRResNet and SRGAN compared with bicubic enlargement.

__main__.py   the command line, and the training loop
photos.py     photos -> pairs of small and large -> training batches
judge.py      figures and pictures of photos never seen in training
enlarge.py    a photo of any size, tile by tile
"""
