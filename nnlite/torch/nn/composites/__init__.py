"""Functions and layers of PyTorch's that are made of nnlite's operations, and so need no backward of their own.

nonlinearities.py   selu softsign logsigmoid celu hardsigmoid hardswish mish tanhshrink softmin threshold glu, and their
                    layers
distances.py        normalize cosine_similarity pairwise_distance, CosineSimilarity PairwiseDistance
losses.py           losses that ask for a margin, or come from a distribution
sequences.py        convolution and pooling along one axis
images.py           one_hot adaptive_max_pool2d pixel_unshuffle, upsampling and borders
parameters.py       ParameterList ParameterDict

The names in small letters belong to torch.nn.functional, the others to torch.nn.
"""

from .distances import CosineSimilarity, PairwiseDistance, cosine_similarity, normalize, pairwise_distance
from .images import (
    AdaptiveMaxPool2d, CircularPad2d, ConstantPad1d, ConstantPad2d, PixelUnshuffle, ReflectionPad1d, ReplicationPad1d,
    UpsamplingBilinear2d, UpsamplingNearest2d, ZeroPad1d, adaptive_max_pool2d, one_hot, pixel_unshuffle,
)  # fmt: skip
from .losses import (
    CosineEmbeddingLoss, GaussianNLLLoss, HingeEmbeddingLoss, MarginRankingLoss, MultiLabelSoftMarginLoss,
    PoissonNLLLoss, SoftMarginLoss, TripletMarginLoss, cosine_embedding_loss, gaussian_nll_loss, hinge_embedding_loss,
    margin_ranking_loss, multilabel_soft_margin_loss, poisson_nll_loss, soft_margin_loss, triplet_margin_loss,
)  # fmt: skip
from .nonlinearities import (
    CELU, GLU, SELU, Hardsigmoid, Hardswish, LogSigmoid, Mish, Softmax2d, Softmin, Softsign, Tanhshrink, Threshold,
    celu, glu, hardsigmoid, hardswish, logsigmoid, mish, selu, softmin, softsign, tanhshrink, threshold,
)  # fmt: skip
from .parameters import ParameterDict, ParameterList
from .sequences import (
    AdaptiveAvgPool1d, AdaptiveMaxPool1d, AvgPool1d, Conv1d, ConvTranspose1d, Dropout1d, MaxPool1d,
    adaptive_avg_pool1d, adaptive_max_pool1d, avg_pool1d, conv1d, conv_transpose1d, dropout1d, max_pool1d,
)  # fmt: skip
