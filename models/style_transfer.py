"""Style transfer: the content of one picture in the style of another (Gatys, Ecker & Bethge 2016).

No network is trained. A convolutional network with fixed weights describes pictures by its features, and a picture x is
changed by gradient descent until one part of its description matches the photo p, another part the painting a:

    content   mean over positions and channels of (F(x) - F(p))^2      F: features (C, M) of one layer, M positions
    style     mean over layers of 1/4 mean (G(x) - G(a))^2             G = F F^T / M, the Gram matrix (C, C)
    loss      content_weight content + style_weight style

G says which features occur together, no matter where: how a painting looks, not what it shows. The paper sums the
content loss; as a mean it weighs the same at any size.
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
    """1/4 mean (G - gram)^2 of one layer: the paper's E = sum (G - gram)^2 / (4 C^2 M^2), whose G is a sum."""
    return F.mse_loss(gram_matrix(features), gram) * 0.25


class Canvas(nn.Module):
    """The picture being painted: a photo plus changes at `levels` resolutions, each half the one before.

    Adam changes every number by about the same amount; with pixels only it would draw in single pixels, whose gradients
    from an untrained network are noisy. A change to 8x8 pixels at once is a broad stroke. levels=1 means pixels only,
    which suits L-BFGS better: its steps are larger where gradients are larger.
    """

    photo: Tensor

    def __init__(self, photo: Tensor, levels: int):
        super().__init__()
        self.register_buffer("photo", photo, persistent=False)
        h, w = photo.shape[2:]
        for k in range(levels):
            level = nnlite.zeros(1, 3, -(-h // 2**k), -(-w // 2**k), device=photo.device)
            self.register_parameter(f"level{k}", nn.Parameter(level))

    def forward(self) -> Tensor:
        """The picture, (1, 3, H, W) in [-1, 1]."""
        x = self.photo
        for level in self.parameters():
            x = x + F.interpolate(level, size=self.photo.shape[2:], mode="bilinear")
        return x.clip(-1.0, 1.0)


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
            return float(closure()), as_vector(p.grad for p in group["params"])

        # No tolerance: how small the loss and the gradients are depends on the weights of the terms.
        options = {"maxiter": group["iterations"], "ftol": 0.0, "gtol": 0.0}
        start = as_vector(p.detach() for p in group["params"])
        set_parameters(self.minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options).x)


def as_vector(tensors: Iterable[Tensor]) -> np.ndarray:
    """All their numbers in one vector of float64, the type that scipy computes in."""
    return np.concatenate([t.cpu().numpy().ravel() for t in tensors]).astype(np.float64)


class StyleTransfer(Trainable):
    """A canvas, which starts as the photo, and the optimiser that paints on it.

    network          features of pictures by layer, on the device of the pictures: models/vgg.py
    content_weight, style_weight   as above
    content_layer, style_layers    of the network; the deeper the content layer, the more freely pixels may change
    levels           resolutions of the canvas
    lr               of Adam; pixels range from -1 to 1
    optimizer        "adam" or "lbfgs"
    """

    def __init__(
        self,
        network: VGGFeatures,
        photo: Tensor,
        painting: Tensor,
        content_weight: float = 1.0,
        style_weight: float = 1e4,
        content_layer: str = "conv4_2",
        style_layers: Sequence[str] = STYLE_LAYERS,
        levels: int = 5,
        lr: float = 0.02,
        optimizer: str = "adam",
    ):
        self.network, self.content_weight, self.style_weight = network, content_weight, style_weight
        self.content_layer, self.layers = content_layer, [*style_layers, content_layer]
        with nnlite.no_grad():
            self.content = network(photo, [content_layer])[content_layer]
            self.grams = {name: gram_matrix(f) for name, f in network(painting, style_layers).items()}
        self.canvas = Canvas(photo, levels)
        parameters = list(self.canvas.parameters())
        self.optimizer = LBFGS(parameters) if optimizer == "lbfgs" else optim.Adam(parameters, lr)

    def losses(self) -> tuple[Tensor, Tensor]:
        """Content and style loss of the canvas as it is now, not yet weighted."""
        features = self.network(self.canvas(), self.layers)
        content = F.mse_loss(features[self.content_layer], self.content)
        each = [style_loss(features[name], gram) for name, gram in self.grams.items()]
        return content, sum(each[1:], each[0]) / len(each)

    def train_step(self) -> dict[str, Tensor]:
        """One step of the optimiser; the losses before it as detached 0-d Tensors."""
        seen: list[dict[str, Tensor]] = []

        def closure() -> Tensor:
            self.optimizer.zero_grad()
            content, style = self.losses()
            seen.append({"content": content.detach(), "style": style.detach()})
            loss = self.content_weight * content + self.style_weight * style
            loss.backward()
            return loss

        self.optimizer.step(closure)
        return seen[0]

    def components(self) -> dict[str, Any]:
        return {"canvas": self.canvas, "optimizer": self.optimizer}
