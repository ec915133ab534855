"""PyTorch's switches for the precision of float32 products on the GPU, under PyTorch's names and with its defaults.

    nnlite.backends.cudnn.allow_tf32 = True            in convolutions
    nnlite.backends.cuda.matmul.allow_tf32 = False     in all other products

TF32 reads 11 of the 24 bits of each factor and adds up in float32; the GPU's matrix units take nothing longer and are
several times as fast as its float32. (No cuDNN is at work here: the name is what PyTorch scripts say.)
"""


class Precision:
    """allow_tf32: whether float32 products may be TF32."""

    __slots__ = ("allow_tf32",)  # a mistyped name is an error

    def __init__(self, allow_tf32: bool):
        self.allow_tf32 = allow_tf32


class _Cuda:
    __slots__ = ("matmul",)

    def __init__(self):
        self.matmul = Precision(False)


cudnn = Precision(True)
cuda = _Cuda()
