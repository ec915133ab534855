"""Style transfer: the content of one picture in the style of another (Gatys, Ecker & Bethge 2016).

No network is trained by it. A convolutional network with fixed weights describes pictures by its features, and a
picture x is changed by gradient descent until one part of its description matches the photo p, another part the
painting a:

    content      mean over positions and channels of (F(x) - F(p))^2     F: features (C, M) of one layer, M positions
    style        mean over layers of |G(x) - G(a)|^2 / |G(a)|^2          G = F F^T / M, the Gram matrix (C, C)
    roughness    mean difference of neighbouring pixels                  total variation (Rudin, Osher & Fatemi 1992)
    loss         content_weight content + style_weight style + roughness_weight roughness

G says which features occur together, no matter where: how a painting looks, not what it shows. The paper weighs the
layers by their numbers of channels and positions; divided by the painting's own |G|^2, each counts the same, whatever
the scale of a network's features.

Painting goes from coarse to fine (Gatys et al. 2017): first on a small picture, in which the network sees far and a
stroke is a few pixels wide, then on larger ones, which begin with what was painted. The painting shrinks and grows
along with the photo, and its strokes with it.
Images are (1, 3, H, W) in [-1, 1]; photo and painting may differ in size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

import nnlite
from models.trainable import Trainable
from models.vgg import VGGFeatures
from nnlite import Tensor, nn, optim
from nnlite.nn import functional as F

STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")


def gram_matrix(features: Tensor) -> Tensor:
    """F F^T / M of features (1, C, H, W), F being (C, M) with M = H W: (C, C)."""
    _, c, h, w = features.shape
    pixels = features.permute(0, 2, 3, 1).reshape(h * w, c)  # channels last, as in memory
    return pixels.T @ pixels / (h * w)


def style_loss(features: Tensor, gram: Tensor) -> Tensor:
    """|G - gram|^2 / |gram|^2 of one layer."""
    return ((gram_matrix(features) - gram) ** 2).sum() / (gram**2).sum()


def roughness(x: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring pixels, below one another and next to one another."""
    down, across = x[:, :, 1:] - x[:, :, :-1], x[:, :, :, 1:] - x[:, :, :, :-1]
    return down.abs().mean() + across.abs().mean()


class Canvas(nn.Module):
    """The picture being painted: the smallest photo, enlarged, plus changes at several resolutions.

    photos   the photo in the sizes that are painted, from small to large
    levels   resolutions of changes to the smallest; each half the one before

    Adam changes every number by about the same amount; with pixels only it would draw in single pixels, whose gradients
    are noisy. A change to 4x4 pixels at once is a broad stroke. levels=1 means pixels only, which suits L-BFGS better:
    its steps are larger where gradients are larger. Each larger size adds one finer level.
    """

    photo: Tensor

    def __init__(self, photos: Sequence[Tensor], levels: int):
        super().__init__()
        self.register_buffer("photo", photos[0], persistent=False)
        self.sizes = [(h, w) for *_, h, w in (photo.shape for photo in photos)]
        h, w = self.sizes[0]
        coarser = [(-(-h // 2**k), -(-w // 2**k)) for k in range(1, levels)]
        for k, size in enumerate([*self.sizes[::-1], *coarser]):
            self.register_parameter(f"level{k}", nn.Parameter(nnlite.zeros(1, 3, *size, device=photos[0].device)))

    def forward(self, stage: int = -1) -> Tensor:
        """The picture in the size of this stage, counted from 0, (1, 3, H, W) in [-1, 1]; finer levels are left out."""
        size = self.sizes[stage]
        x = resized(self.photo, size)
        for level in self.parameters():
            if level.shape[2] <= size[0]:
                x = x + resized(level, size)
        return x.clip(-1.0, 1.0)


def resized(x: Tensor, size: tuple[int, int]) -> Tensor:
    """x in this size, by bilinear interpolation."""
    return x if x.shape[2:] == size else F.interpolate(x, size=size, mode="bilinear")


class LBFGS(optim.Optimizer):
    """scipy's L-BFGS (Liu & Nocedal 1989), the paper's optimiser: past gradients show how a step will change them.

    One step is several iterations, each with about one gradient. Every step starts afresh: nothing is kept between
    steps except the parameters, so a checkpoint needs nothing else. Raises ImportError if scipy is not installed.
    """

    def __init__(self, params: Sequence[Tensor], iterations: int = 25):
        try:
            from scipy.optimize import minimize
        except ImportError as error:
            raise ImportError("L-BFGS is scipy's, which is not installed: pip install scipy, or use Adam") from error
        super().__init__(params, {"iterations": iterations})
        self.minimize = minimize

    def step(self, closure: Callable[[], Any] | None = None) -> None:
        """Lower the loss that `closure` returns; it also computes the gradients of all parameters."""
        if closure is None:
            raise TypeError("LBFGS.step: pass a closure that computes the gradients and returns the loss")
        (group,) = self.param_groups
        sizes = [p.numel() for p in group["params"]]

        def set_parameters(x: np.ndarray) -> None:
            with nnlite.no_grad():
                for p, values in zip(group["params"], np.split(x, np.cumsum(sizes)[:-1]), strict=True):
                    p.copy_(nnlite.tensor(values.reshape(p.shape), dtype=p.dtype, device=p.device))

        def loss_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
            set_parameters(x)
            return float(closure()), as_vector(
                p.grad if p.grad is not None else nnlite.zeros_like(p) for p in group["params"]
            )

        # No tolerance: how small the loss and the gradients are depends on the weights of the terms.
        options = {"maxiter": group["iterations"], "ftol": 0.0, "gtol": 0.0}
        start = as_vector(p.detach() for p in group["params"])
        set_parameters(self.minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options).x)


def as_vector(tensors: Iterable[Tensor]) -> np.ndarray:
    """All their numbers in one vector of float64, the type that scipy computes in."""
    return np.concatenate([t.cpu().numpy().ravel() for t in tensors]).astype(np.float64)


class StyleTransfer(Trainable):
    """A canvas, which starts as the photo, and the optimiser that paints on it.

    network          features of pictures by layer, on their device: models/vgg.py, models/patch_filters.py
    photos, paintings   each in the sizes that are painted, from small to large
    content_weight, style_weight, roughness_weight   as above
    content_layer, style_layers    of the network; the deeper the content layer, the more freely pixels may change
    levels           resolutions of the canvas at the smallest size
    lr               of Adam; pixels range from -1 to 1
    optimizer        "adam" or "lbfgs"

    `stage` is which of the sizes is being painted, counted from 0. Raises ValueError unless there are as many paintings
    as photos.
    """

    def __init__(
        self,
        network: VGGFeatures,
        photos: Sequence[Tensor],
        paintings: Sequence[Tensor],
        content_weight: float = 1.0,
        style_weight: float = 40.0,
        roughness_weight: float = 0.2,
        content_layer: str = "conv4_1",
        style_layers: Sequence[str] = STYLE_LAYERS,
        levels: int = 3,
        lr: float = 0.02,
        optimizer: str = "adam",
    ):
        if len(photos) != len(paintings):
            raise ValueError(f"StyleTransfer: {len(photos)} photos and {len(paintings)} paintings; give one for one")
        self.network = network
        self.content_weight, self.style_weight, self.roughness_weight = content_weight, style_weight, roughness_weight
        self.content_layer, self.layers = content_layer, [*style_layers, content_layer]
        with nnlite.no_grad():
            self.contents = [network(photo, [content_layer])[content_layer] for photo in photos]
            described = [network(painting, style_layers) for painting in paintings]
        self.grams = [{name: gram_matrix(f) for name, f in features.items()} for features in described]
        self.canvas, self.stage = Canvas(photos, levels), 0
        parameters = list(self.canvas.parameters())
        self.optimizer = LBFGS(parameters) if optimizer == "lbfgs" else optim.Adam(parameters, lr)

    def losses(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Content and style loss of a picture in the size of this stage, not yet weighted."""
        features = self.network(picture, self.layers)
        content = F.mse_loss(features[self.content_layer], self.contents[self.stage])
        each = [style_loss(features[name], gram) for name, gram in self.grams[self.stage].items()]
        return content, sum(each[1:], each[0]) / len(each)

    def train_step(self) -> dict[str, Tensor]:
        """One step of the optimiser; the losses before it as detached 0-d Tensors."""
        seen: list[dict[str, Tensor]] = []

        def closure() -> Tensor:
            self.optimizer.zero_grad()
            picture = self.canvas(self.stage)
            content, style = self.losses(picture)
            seen.append({"content": content.detach(), "style": style.detach()})
            loss = self.content_weight * content + self.style_weight * style
            loss = loss + self.roughness_weight * roughness(picture)
            loss.backward()
            return loss

        self.optimizer.step(closure)
        return seen[0]

    def components(self) -> dict[str, Any]:
        return {"canvas": self.canvas, "optimizer": self.optimizer}
