"""A generator that paints: a network decides, layer by layer, how a photo becomes a cartoon, and the layers make it.

Adding a network's output to the photo carries all of the photo's texture through, and L1 settles for half of it. So
here the photo only lends its colours, and passes through what a painter would do with them:

    paint = smooth(grade(photo) + retouch)     a recursive filter joins pixels up to the edges (edge_preserving.py)
    paint = tones(paint + touch up)            few steps of lightness (lab.py)
    cartoon = paint (1 - ink darken)           lines, which keep some of the colour that they lie on

All of it is in CIE L*a*b*. The network is a U-Net (Ronneberger, Fischer & Brox 2015) of residual blocks (He et al.
2016). It starts at half resolution: four pixels become one with four times the channels (Shi et al. 2016), so nothing
is lost, convolutions see twice as far, and each costs a quarter.

The layers are smooth maps, so they can be enlarged, and painted with at any size: the edges come from the photo, and
lines and tones are cut from the enlarged maps (`paint`). What the network costs does not grow with the photo.
"""

from __future__ import annotations

import nnlite
from models.edge_preserving import smooth
from models.init import init_he
from models.lab import lab_to_rgb, rgb_to_lab, tones
from models.unet import check_size, gaussian_kernel, local_contrast
from nnlite import Tensor, nn
from nnlite.nn import functional as F
from nnlite.torch.nn.functional import pixel_unshuffle

LAYERS = {"retouch": 3, "touch_up": 3, "left": 1, "above": 1, "hardness": 1, "ink": 1}  # and their channels
START = {"left": 2.0, "above": 2.0, "hardness": 2.0, "ink": -3.0}  # of these, times GAIN; others at 0
GAIN = 16.0  # of the layers that are not colours: a rate that suits colours would move them too slowly
SLOPE = 0.2  # of the leaky rectifiers


class Painter(nn.Module):
    """Photos (N, 3, H, W) in [-1, 1] to cartoons, H and W multiples of 8.

    width   channels at half resolution; 2 and 3 times as many at a quarter and an eighth
    pen     0: ink may lie on single pixels, for hairlines; 1: it is blurred by the tip of a pen, which leaves no dots
    steps   of lightness, where the network asks for hard ones
    """

    blur: Tensor
    multiple = 8

    def __init__(self, width: int = 32, pen: int = 1, steps: int = 8):
        super().__init__()
        self.pen, self.steps = pen, steps
        self.rectify = nn.LeakyReLU(SLOPE)
        halves, quarters, eighths = width, 2 * width, 3 * width
        self.register_buffer("blur", gaussian_kernel())
        self.first = nn.Conv2d(4 * 6, halves, 3, 1, 1)
        self.at_half = Residual(halves)
        self.to_quarter = nn.Conv2d(halves, quarters, 4, 2, 1)
        self.at_quarter = nn.Sequential(Residual(quarters), Residual(quarters))
        self.to_eighth = nn.Conv2d(quarters, eighths, 4, 2, 1)
        self.at_eighth = nn.Sequential(Residual(eighths), Residual(eighths))
        self.from_eighth = nn.Conv2d(eighths, quarters, 1)
        self.at_quarter_again = Residual(quarters)
        self.from_quarter = nn.Conv2d(quarters, halves, 1)
        self.at_half_again = nn.Sequential(Residual(halves), Residual(halves))
        self.to_full = nn.Conv2d(halves, 4 * 16, 3, 1, 1)
        self.mix = nn.Conv2d(16 + 6, 24, 1)
        self.last = nn.Conv2d(24, sum(LAYERS.values()), 1)
        init_he(self, slope=SLOPE)
        for module in self.modules():
            if isinstance(module, Residual):
                nn.init.zeros_(module.second.weight)  # it starts as the identity
        nn.init.normal_(self.last.weight, 0.0, 0.005)  # all layers are nearly even at first
        self.last.bias = nn.Parameter(start_of_layers())
        self.grade = nn.Conv2d(3, 3, 1)
        self.grade.weight = nn.Parameter(nnlite.eye(3).reshape(3, 3, 1, 1))
        nn.init.zeros_(self.grade.bias)
        self.darken = nn.Parameter(nnlite.tensor([0.9, 0.5, 0.5]).reshape(1, 3, 1, 1))

    def forward(self, photo: Tensor) -> Tensor:
        return self.paint(photo, self.layers(photo))

    def layers(self, photo: Tensor) -> Tensor:
        """The layers of LAYERS on top of each other, (N, 10, H, W), before they are bent into their ranges."""
        check_size(type(self).__name__, photo, self.multiple)
        seen = nnlite.cat([2.0 * rgb_to_lab(photo), local_contrast(photo, self.blur)], 1)
        half = self.at_half(self.rectify(self.first(pixel_unshuffle(seen, 2))))
        quarter = self.at_quarter(self.rectify(self.to_quarter(half)))
        eighth = self.at_eighth(self.rectify(self.to_eighth(quarter)))
        quarter = self.at_quarter_again(quarter + F.interpolate(self.from_eighth(eighth), scale_factor=2))
        half = self.at_half_again(half + F.interpolate(self.from_quarter(quarter), scale_factor=2))
        full = F.pixel_shuffle(self.rectify(self.to_full(half)), 2)
        layers = self.last(self.rectify(self.mix(nnlite.cat([full, seen], 1))))
        return nnlite.cat([layers[:, :-1], soften(layers[:, -1:])], 1) if self.pen else layers

    def paint(self, photo: Tensor, layers: Tensor, scale: float = 1.0) -> Tensor:
        """The cartoon of a photo with these layers, both (N, ., H, W).

        scale   how many times larger the photo is than the one the layers were made for: the path from one place to
                another is that many pixels longer, so each joins a neighbour more closely, and lines have borders that
                are as sharp
        """
        of = split(layers)
        retouch, touch_up = of["retouch"].tanh(), of["touch_up"].tanh()
        left, above = ((GAIN * of[name]).sigmoid() ** (1.0 / scale) for name in ("left", "above"))
        paint = smooth(self.grade(rgb_to_lab(photo)) + retouch, left, above) + touch_up
        hardness = F.softplus(GAIN * of["hardness"]) + 0.05
        paint = nnlite.cat([tones(paint[:, :1], hardness, self.steps), paint[:, 1:]], 1)
        ink = (scale * GAIN * of["ink"]).sigmoid()
        return lab_to_rgb(paint * (1.0 - ink * self.darken))


class Residual(nn.Module):
    """x + conv(rectify(conv(x))), 3x3 both, then the rectifier (He et al. 2016)"""

    def __init__(self, channels: int):
        super().__init__()
        self.rectify = nn.LeakyReLU(SLOPE)
        self.first = nn.Conv2d(channels, channels, 3, 1, 1)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.rectify(x + self.second(self.rectify(self.first(x))))


def soften(ink: Tensor) -> Tensor:
    """The ink layer blurred by a tent of 3x3 pixels, as broad as the tip of a pen: a single pixel is no line.

    At the border it is the mean of the pixels inside the image.
    """
    line = nnlite.tensor([1.0, 2.0, 1.0], dtype=ink.dtype, device=ink.device)
    tent = (line[:, None] * line).reshape(1, 1, 3, 3)
    return F.conv2d(ink, tent, padding=1) / F.conv2d(nnlite.ones_like(ink[:1]), tent, padding=1)


def split(layers: Tensor) -> dict[str, Tensor]:
    """Each layer by its name."""
    return dict(zip(LAYERS, layers.split(list(LAYERS.values()), 1), strict=True))


def start_of_layers() -> Tensor:
    """What each channel of the layers is at first."""
    return nnlite.tensor([START.get(name, 0.0) / GAIN for name, channels in LAYERS.items() for _ in range(channels)])
