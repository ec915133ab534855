"""Photos get four times as many pixels along each side: SRResNet and SRGAN beside bicubic enlargement.

__main__.py   the command line
photos.py     photos -> pairs of small and large -> training batches
stages.py     the course of a run: content loss first, then content and adversarial loss
judge.py      figures and pictures of photos never seen in training
enlarge.py    a photo of any size, tile by tile
"""
