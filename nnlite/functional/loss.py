"""Losses that compare two tensors element by element, and nll_loss; cross_entropy is in cross_entropy.py.

Each takes `reduction`: 'mean' over all elements, 'sum', or 'none'; some also 'batchmean', the sum over the batch size.
It is given by name wherever PyTorch still has the deprecated size_average and reduce in front of it.
"""

from __future__ import annotations

from ..errors import guarded
from ..function import Function
from ..tensor import Tensor
from .activation import log_one_plus_exp, logistic
from .arithmetic import exp, log, mul, pow, sub
from .compare import ne
from .cross_entropy import averaged, class_axis, class_weights, one_hot
from .piecewise import abs, clip, where
from .relu import relu


@guarded
def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """|input - target|. Shapes that differ are broadcast, with a warning; ShapeError if they cannot be."""
    return reduced(abs(sub(input, target)), reduction)


@guarded
def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """(input - target)^2. Shapes as in l1_loss."""
    return reduced(pow(sub(input, target), 2), reduction)


@guarded
def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), for d = input - target (Huber 1964).

    A square near 0, so that its slope fades there, and a line further out, so that outliers do not dominate.
    Shapes as in l1_loss. Raises ValueError unless delta > 0.
    """
    return reduced(_huber(sub(input, target), delta), reduction)


@guarded
def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """d^2 / (2 beta) where |d| < beta, else |d| - beta / 2, for d = input - target (Girshick 2015).

    This is huber_loss / beta; for beta = 0 it is l1_loss. Shapes as in l1_loss. Raises ValueError for a negative
    beta.
    """
    difference = sub(input, target)
    return reduced(_huber(difference, beta) / beta if beta else abs(difference), reduction)


def _huber(d, delta):
    inside = clip(d, -delta, delta)
    return inside * (d - 0.5 * inside)  # d (d - d/2) near 0, and +-delta (d -+ delta/2) further out


class BCE(Function):
    """y = -(t ln p + (1 - t) ln(1 - p)), each logarithm at least -100

    dp = dy (p - t) / (p (1 - p)),    dt = dy (ln(1 - p) - ln p)
    """

    def forward(self, p, t):
        self.p, self.t = p, t
        self.log_p, self.log_q = self._log(p), self._log(1.0 - p)
        return -(t * self.log_p + (1.0 - t) * self.log_q)

    def backward(self, dy):
        p = self.p
        dp = dy * (p - self.t) / self.xp.maximum(p * (1.0 - p), 1e-12)
        return dp, dy * (self.log_q - self.log_p)

    def _log(self, p):
        smallest = float(self.xp.finfo(p.dtype).smallest_subnormal)  # ln 0 would warn before it is cut
        return self.xp.maximum(self.xp.log(self.xp.maximum(p, smallest)), -100.0)


class BCEWithLogits(Function):
    """y = -(w t ln s + (1 - t) ln(1 - s)) with s = sigmoid(z), as w t ln(1 + e^-z) + (1 - t) ln(1 + e^z)

    Written this way nothing overflows, and no digit of a small loss is lost. w has no gradient.
    dz = dy ((1 - t) s - w t (1 - s)),    dt = dy (w ln(1 + e^-z) - ln(1 + e^z))
    """

    def forward(self, z, t, w):
        self.z, self.t, self.w = z, t, w
        return w * t * log_one_plus_exp(self.xp, -z) + (1.0 - t) * log_one_plus_exp(self.xp, z)

    def backward(self, dy):
        xp, z, t, w = self.xp, self.z, self.t, self.w
        to_z, to_t, _ = self.needs_input_grad
        return (
            dy * ((1.0 - t) * logistic(xp, z) - w * t * logistic(xp, -z)) if to_z else None,
            dy * (w * log_one_plus_exp(xp, -z) - log_one_plus_exp(xp, z)) if to_t else None,
            None,
        )


@guarded
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """-(t ln p + (1 - t) ln(1 - p)) for probabilities p = input and targets t in 0..1, times weight if given.

    Logarithms are cut at -100 as in PyTorch, so p = 0 or 1 gives a finite loss. Raises ShapeError for shapes that
    differ or a weight that does not broadcast to them, TypeError for dtypes that differ, and ValueError for an input
    outside 0..1 (which waits for the GPU: in training use the form with logits).
    """
    values = BCE.apply(input, target)
    return reduced(values if weight is None else mul(values, weight), reduction)


@guarded
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """binary_cross_entropy(sigmoid(input), target, weight), computed without overflow or lost digits.

    pos_weight multiplies the term of t = 1: above 1 it makes up for positives that are rare. It has no gradient.
    Raises ShapeError for input and target that differ in shape, or weights that do not broadcast to it.
    """
    values = BCEWithLogits.apply(input, target, 1.0 if pos_weight is None else pos_weight)
    return reduced(values if weight is None else mul(values, weight), reduction)


@guarded
def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """t (ln t - input), for logarithms of probabilities `input`, and target t: probabilities, or with `log_target`
    their logarithms. Where t = 0 it is 0.

    Summed over all outcomes it is the divergence KL(t || e^input) (Kullback & Leibler 1951), so the mean over a
    batch of distributions is reduction='batchmean': the sum over the batch size. Raises ShapeError for shapes that
    differ.
    """
    if log_target:
        values = exp(target) * (target - input)
    else:
        values = target * (log(target + (target == 0)) - input)  # 0 (ln 1 - input) where target is 0
    return reduced(values, reduction)


@guarded
def gaussian_kl(mu: Tensor, log_var: Tensor, *, reduction: str = "mean") -> Tensor:
    """KL(N(mu, e^log_var) || N(0, 1)) = -(1 + log_var - mu^2 - e^log_var) / 2 for each element.

    A VAE's second term (Kingma & Welling 2014); its sum over the latent numbers, mean over the batch, is
    reduction='batchmean'. Raises ShapeError for shapes that differ. PyTorch has no such function.
    """
    return reduced(0.5 * (mu * mu + exp(log_var) - log_var - 1.0), reduction)


@guarded
def hinge_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """max(0, 1 - target * input) for scores `input` and targets +1 or -1: nothing to gain beyond a margin of 1.

    The hinge GAN (Lim & Ye 2017) trains a discriminator D of real x and generated G(z) on

        D:  E max(0, 1 - D(x)) + E max(0, 1 + D(G(z)))    hinge_loss with targets +1 and -1
        G:  -E D(G(z))                                    no margin: -D(G(z)).mean()

    Raises ShapeError for shapes that differ. PyTorch has no such function.
    """
    return reduced(relu(sub(1.0, mul(target, input))), reduction)


@guarded
def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """-weight[t] input[t], for log-probabilities input (N, C), (N, C, d1, ...) or (C,) and the right classes t.

    It is cross-entropy, once the logarithm of softmax has been taken. target: whole numbers 0 .. C-1, of input's shape
    without C; where it is ignore_index, the loss is 0. weight (C,) is 1 by default. The mean is over what is not
    ignored, and divides by the weights that were used.

    Raises TypeError for a target that is not whole numbers, ShapeError for shapes that do not fit, and, on the CPU,
    IndexError for a class that is not there and ValueError for a mean over nothing. (On the GPU a look at the target
    would stop the training step until it has come back: there such a class counts as ignored, and the mean is NaN.)
    """
    q = one_hot(input, target, ignore_index) * class_weights(input, weight)
    values = -(q * where(ne(q, 0), input, 0.0)).sum(class_axis(input))  # an input of -infinity counts where q is not 0
    return averaged("nll_loss", values, q.sum(), reduction)


def reduced(values: Tensor, reduction: str) -> Tensor:
    """The values of a loss as `reduction` asks."""
    if reduction == "batchmean":
        return values.sum() / len(values)
    return values if reduction == "none" else values.mean() if reduction == "mean" else values.sum()
