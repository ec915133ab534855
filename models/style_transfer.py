"""Style transfer: what one picture shows, in another picture's style (Gatys, Ecker & Bethge 2016).

No network is trained. A convolutional network whose weights stay as they are describes pictures, and a picture x is
changed by gradient descent until one part of its description is that of the photo p, another that of the painting a:

    content   mean over positions and channels of (F(x) - F(p))^2      F: features (C, M) of one layer, M positions
    style     mean over layers of 1/4 mean (G(x) - G(a))^2             G = F F^T / M, the Gram matrix (C, C)
    loss      content_weight content + style_weight style

G says which features occur together, wherever that is: how a painting looks, not what it shows. The paper sums the
content loss; as a mean it weighs the same at any size.
Images are (1, 3, H, W) in [-1, 1]; photo and painting may differ in size.
"""

from __future__ import annotations

from collections.abc import Sequence

import nnlite
from models.trainable import Trainable
from models.vgg import VGGFeatures
from nnlite import Tensor, nn, optim
from nnlite.nn import functional as F

STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")


def gram_matrix(features: Tensor) -> Tensor:
    """F F^T / M of features (1, C, H, W), F being (C, M) with M = H W: (C, C)."""
    _, c, h, w = features.shape
    pixels = features.permute(0, 2, 3, 1).reshape(h * w, c)  # channels last, as it lies in memory
    return pixels.T @ pixels / (h * w)


def style_loss(features: Tensor, gram: Tensor) -> Tensor:
    """1/4 mean (G - gram)^2 of one layer: the E of the paper, sum (G - gram)^2 / (4 C^2 M^2) with sums in its G."""
    return F.mse_loss(gram_matrix(features), gram) * 0.25


class Canvas(nn.Module):
    """The picture that is painted: a photo, and what is added to it at `levels` resolutions, each half the last.

    Adam moves every number by about the same; with pixels alone it would draw in single pixels, whose gradients from
    an untrained network are noisy. What is added to 8x8 pixels at once is a broad stroke. levels=1 is pixels alone.
    """

    def __init__(self, photo: Tensor, levels: int):
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


class StyleTransfer(Trainable):
    """A canvas, begun as the photo, and the Adam that paints on it.

    network          features of pictures by layer, on the device of the pictures: models/vgg.py
    content_weight, style_weight   as above
    content_layer, style_layers    of the network; the deeper, the more freely pixels may change
    levels           resolutions of the canvas
    lr               of Adam; pixels have values from -1 to 1
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
    ):
        self.network, self.content_weight, self.style_weight = network, content_weight, style_weight
        self.content_layer, self.layers = content_layer, [*style_layers, content_layer]
        with nnlite.no_grad():
            self.content = network(photo, [content_layer])[content_layer]
            self.grams = {name: gram_matrix(f) for name, f in network(painting, style_layers).items()}
        self.canvas = Canvas(photo, levels)
        self.optimizer = optim.Adam(self.canvas.parameters(), lr)

    def losses(self) -> tuple[Tensor, Tensor]:
        """Content and style loss of the canvas as it is, without their weights."""
        features = self.network(self.canvas(), self.layers)
        content = F.mse_loss(features[self.content_layer], self.content)
        each = [style_loss(features[name], gram) for name, gram in self.grams.items()]
        return content, sum(each[1:], each[0]) / len(each)

    def train_step(self) -> dict[str, Tensor]:
        """One step of Adam; the losses before it as detached 0-d Tensors."""
        self.optimizer.zero_grad()
        content, style = self.losses()
        (self.content_weight * content + self.style_weight * style).backward()
        self.optimizer.step()
        return {"content": content.detach(), "style": style.detach()}

    def parts(self):
        return {"canvas": self.canvas, "optimizer": self.optimizer}
