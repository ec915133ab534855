"""Autoencoders: networks that learn to return their input through a code that keeps only what matters.

An encoder f turns an image x into a code h = f(x), a decoder g turns the code into a reconstruction r = g(h). All
are trained without labels to make r like x; they differ in what keeps them from merely copying:

    Autoencoder              a code with fewer numbers than x (Hinton & Salakhutdinov 2006)
    DenoisingAutoencoder     its input is corrupted, its target is not (Vincent, Larochelle, Bengio & Manzagol 2008)
    SparseAutoencoder        few code units may be active at a time (Lee, Ekanadham & Ng 2008; Ng 2011)
    ContractiveAutoencoder   the code may hardly move when x moves (Rifai, Vincent, Muller, Glorot & Bengio 2011)

and, independently of that, in the network, made by `dense`, `convolutional`, `feature_maps`, `one_layer` or `tied`:

    model = Autoencoder(*dense(latent=2))
    model.train_step(x); code = model.encode(x); reconstruction = model.decode(code)

Images are (N, 1, 28, 28) in 0..1. Every loss is the mean squared error over images and pixels, plus the term that its
class adds. The papers sum over pixels, so their weights for the added term are larger than the ones here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Any

import nnlite
from models.trainable import Trainable
from nnlite import ShapeError, Tensor, nn, optim
from nnlite.nn import functional as F

IMAGE = (1, 28, 28)
PIXELS = 28 * 28

Network = tuple[nn.Sequential, nn.Sequential]  # encoder, decoder


class Autoencoder(Trainable):
    """Encoder and decoder with Adam, trained on L = mean (x - g(f(x)))^2.

    With linear f and g the best it could do is project onto the leading principal components (models/pca.py). What it
    does better, it owes to being nonlinear.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, lr: float = 1e-3):
        self.encoder, self.decoder = encoder, decoder
        parameters = nn.ModuleList([encoder, decoder]).parameters()  # a weight that both share is listed once
        self.optimizer = optim.Adam(parameters, lr)

    def encode(self, x: Tensor) -> Tensor:
        """Images (N, 1, 28, 28) -> codes. Raises ShapeError for other images."""
        if x.ndim != 4 or x.shape[1:] != IMAGE:
            raise ShapeError(f"{type(self).__name__}: expected images (N, 1, 28, 28), got shape {x.shape}")
        return self.encoder(x)

    def decode(self, code: Tensor) -> Tensor:
        """Codes -> images (N, 1, 28, 28)."""
        return self.decoder(code)

    def reconstruct(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))

    def train_step(self, x: Tensor, target: Tensor | None = None) -> dict[str, Tensor]:
        """One step towards `target` (x itself, if not given); returns the terms of the loss as detached 0-d Tensors."""
        self.optimizer.zero_grad()
        terms = self.losses(x, x if target is None else target)
        reduce(add, terms.values()).backward()
        self.optimizer.step()
        return {name: term.detach() for name, term in terms.items()}

    def losses(self, x: Tensor, target: Tensor) -> dict[str, Tensor]:
        """The terms whose sum is trained on, under their names."""
        return {"mse": F.mse_loss(self.reconstruct(x), target)}

    def components(self) -> dict[str, Any]:
        return {"encoder": self.encoder, "decoder": self.decoder, "optimizer": self.optimizer}


class DenoisingAutoencoder(Autoencoder):
    """L = mean (x - g(f(c(x))))^2 for a random corruption c, a new one in every step.

    Copying does not help: to restore what c removed, it has to know what digits look like. `corrupt` maps a batch of
    images to a corrupted one: `gaussian_noise`, Vincent's `masking_noise`, or your own function.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, corrupt: Callable[[Tensor], Tensor], lr: float = 1e-3):
        super().__init__(encoder, decoder, lr)
        self.corrupt = corrupt

    def losses(self, x: Tensor, target: Tensor) -> dict[str, Tensor]:
        return super().losses(self.corrupt(x), target)


class SparseAutoencoder(Autoencoder):
    """L = mean (x - r)^2 + weight * S, with a code of many units, few of them active for any one image.

    penalty "kl"   S = mean over units of KL(rho || m), m the unit's mean activation over the batch; for sigmoid
                   units. Each unit should be active for a share rho of the images.
    penalty "l1"   S = mean |h| over images and units; for ReLU units, which it sets to exactly 0
    weight         0.5 for "kl" and 0.05 for "l1", if not given
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        penalty: str = "kl",
        weight: float | None = None,
        rho: float = 0.05,
        lr: float = 1e-3,
    ):
        if penalty not in ("kl", "l1"):
            raise ValueError(f"SparseAutoencoder: penalty must be 'kl' or 'l1', got {penalty!r}")
        if not 0 < rho < 1:
            raise ValueError(f"SparseAutoencoder: rho is a share of the images, 0 < rho < 1, got {rho}")
        super().__init__(encoder, decoder, lr)
        self.penalty, self.rho = penalty, rho
        self.weight = {"kl": 0.5, "l1": 0.05}[penalty] if weight is None else weight

    def losses(self, x: Tensor, target: Tensor) -> dict[str, Tensor]:
        code = self.encode(x)
        sparsity = bernoulli_kl(self.rho, code.mean(0)).mean() if self.penalty == "kl" else code.abs().mean()
        return {"mse": F.mse_loss(self.decode(code), target), self.penalty: self.weight * sparsity}


class ContractiveAutoencoder(Autoencoder):
    """L = mean (x - r)^2 + weight * mean over images of ||J||^2, J = df/dx the Jacobian of the encoder.

    The code should move only where that improves the reconstruction: along the digits' own variations. The encoder
    must be one sigmoid layer, so that ||J||^2 has a closed form (`squared_jacobian`), and the weights must be `tied`;
    otherwise the encoder could shrink its weights and the decoder enlarge its own.
    """

    encoder: nn.Sequential

    def __init__(self, encoder: nn.Sequential, decoder: nn.Module, weight: float = 1e-4, lr: float = 1e-3):
        super().__init__(encoder, decoder, lr)
        self.weight = weight

    def losses(self, x: Tensor, target: Tensor) -> dict[str, Tensor]:
        code = self.encode(x)
        contraction = squared_jacobian(code, self.encoder[1].weight).mean()
        return {"mse": F.mse_loss(self.decode(code), target), "contraction": self.weight * contraction}


def bernoulli_kl(rho: float, m: Tensor) -> Tensor:
    """KL between coins with probabilities rho and m of heads: rho ln(rho / m) + (1 - rho) ln((1 - rho) / (1 - m))."""
    return rho * (rho / m).log() + (1.0 - rho) * ((1.0 - rho) / (1.0 - m)).log()


def squared_jacobian(h: Tensor, weight: Tensor) -> Tensor:
    """||dh/dx||^2 (Frobenius) for each row of h = sigmoid(x W^T + b); h (N, H), W (H, D) -> (N,).

    dh_j/dx_i = h_j (1 - h_j) W_ji, so the sum of squares is  sum_j (h_j (1 - h_j))^2 sum_i W_ji^2.
    """
    return ((h * (1.0 - h)) ** 2) @ (weight**2).sum(1)


def gaussian_noise(sigma: float) -> Callable[[Tensor], Tensor]:
    """c(x) = x + sigma * N(0, 1), not clipped to 0..1."""
    return lambda x: x + sigma * nnlite.randn_like(x)


def masking_noise(share: float) -> Callable[[Tensor], Tensor]:
    """c(x) = x with this share of its pixels, drawn independently, set to 0."""
    return lambda x: x * (nnlite.rand_like(x) >= share)


def masked_square(side: int) -> Callable[[Tensor], Tensor]:
    """c(x) = x with a square of this side, at a random place in each image, filled with grey 0.5."""
    if not 1 <= side < IMAGE[1]:
        raise ValueError(f"masked_square: the side of the square must be 1 to {IMAGE[1] - 1} pixels, got {side}")
    last = IMAGE[1] - side

    def corrupt(x: Tensor) -> Tensor:
        place = nnlite.arange(IMAGE[1], device=x.device)
        top, left = nnlite.randint(0, last + 1, (2, len(x), 1), device=x.device)
        rows, columns = ((place >= first) * (place < first + side) for first in (top, left))
        return nnlite.where(rows[:, None, :, None] * columns[:, None, None, :], 0.5, x)

    return corrupt


def dense(latent: int, hidden: tuple[int, ...] = (512, 128)) -> Network:
    """784 - 512 - 128 - latent and back, ReLU between, the code linear, the reconstruction through a sigmoid."""
    sizes = [PIXELS, *hidden]
    down = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]
    up = [layer for a, b in pairwise(sizes[::-1]) for layer in (nn.ReLU(), nn.Linear(a, b))]
    encoder = nn.Sequential(nn.Flatten(), *down, nn.Linear(hidden[-1], check_latent(latent)))
    decoder = nn.Sequential(nn.Linear(latent, hidden[-1]), *up, nn.Sigmoid(), nn.Unflatten(1, IMAGE))
    return encoder, decoder


def convolutional(latent: int, width: int = 16, hidden: tuple[int, ...] = ()) -> Network:
    """28x28 - 14x14 - 7x7 by convolutions of stride 2, linear layers to the code, and transposed convolutions back.

    hidden   units between the 7x7 maps and the code. A code of two or three numbers needs some: a single linear
             layer turns it into a plane, and the convolutions after it hardly bend that.
    """
    deep = (2 * width, 7, 7)
    sizes = [2 * width * 7 * 7, *hidden, check_latent(latent)]
    maps, images = feature_maps(width, 2 * width)
    down = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.LeakyReLU(0.2))]
    up = [layer for a, b in pairwise(sizes[::-1]) for layer in (nn.Linear(a, b), nn.LeakyReLU(0.2))]
    return nn.Sequential(maps, nn.Flatten(), *down[:-1]), nn.Sequential(*up, nn.Unflatten(1, deep), images)


def feature_maps(*channels: int) -> Network:
    """Convolutions of stride 2 only: the code is a stack of small images (N, channels[-1], 28 / 2^k, 28 / 2^k).

    Such a code keeps where things are in the image, which denoising needs; it is not a short summary. Digits are mostly
    empty paper: at a high learning rate the first steps can drive every ReLU of a layer to 0 for good, so the
    rectifiers are leaky.
    """
    shapes = list(pairwise((1, *channels)))
    down = [layer for a, b in shapes for layer in (nn.Conv2d(a, b, 4, 2, 1), nn.LeakyReLU(0.2))]
    up = [layer for a, b in reversed(shapes) for layer in (nn.ConvTranspose2d(b, a, 4, 2, 1), nn.LeakyReLU(0.2))]
    return nn.Sequential(*down), nn.Sequential(*up[:-1], nn.Sigmoid())


def one_layer(latent: int, activation: type[nn.Module] = nn.Sigmoid) -> Network:
    """784 - latent - 784: each unit of the code is one weighted sum of pixels, whose weights form an image."""
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, check_latent(latent)), activation())
    decoder = nn.Sequential(nn.Linear(latent, PIXELS), nn.Sigmoid(), nn.Unflatten(1, IMAGE))
    return encoder, decoder


def tied(latent: int) -> Network:
    """`one_layer` with the same matrix in both directions: h = sigmoid(x W^T + b), r = sigmoid(h W + c)."""
    encoder, _ = one_layer(latent)
    return encoder, nn.Sequential(TransposedLinear(encoder[1]), nn.Sigmoid(), nn.Unflatten(1, IMAGE))


class TransposedLinear(nn.Module):
    """y = x W + c with the matrix W of a Linear layer and a bias of its own."""

    def __init__(self, layer: nn.Linear):
        super().__init__()
        self.weight = layer.weight
        self.bias = nn.Parameter(nnlite.zeros(layer.in_features))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight + self.bias


def check_latent(latent: int) -> int:
    """Return latent. Raises ValueError if it is below 1."""
    if latent < 1:
        raise ValueError(f"a code needs at least one number, got latent = {latent}")
    return latent
