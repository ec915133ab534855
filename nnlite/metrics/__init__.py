"""How good is it? Figures for judging images, generators and scores, on NumPy arrays.

images.py      l1 psnr ssim: how far apart two images are
generative.py  inception_score frechet_distance adversarial_metric: how good a generator is
ranking.py     roc_auc: how well a score tells two classes apart
detection.py   mean_average_precision average_precision iou: how well things are found in images
"""

from .detection import average_precision, iou, mean_average_precision
from .generative import AdversarialMetric, adversarial_metric, frechet_distance, inception_score
from .images import l1, psnr, ssim
from .ranking import roc_auc
