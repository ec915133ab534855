"""The generator of models/painter.py as PyTorch code that runs with either library, and its recursive filter.

A recursive filter written with PyTorch's operations records some thousands of them in a step. So both libraries have
it as one operation with its own backward: nnlite's is models/edge_preserving.py, PyTorch's is here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models import edge_preserving
from models.lab import KNEE, LAB, XYZ
from models.lab import SLOPE as LINE
from models.painter import GAIN, LAYERS, SLOPE
from models.unet import GAIN as CONTRAST
from models.unet import RADIUS, gaussian_kernel

COLOURS = {  # what models/lab.py multiplies colours with, and the L, a, b that it takes from them
    "to_xyz": XYZ, "to_lab": LAB, "from_xyz": np.linalg.inv(XYZ), "from_lab": np.linalg.inv(LAB),
    "zero": np.array([[0.16, 0.0, 0.0]]),
}  # fmt: skip


def painter(torch: Any, width: int = 32, steps: int = 8) -> Any:
    """models.painter.Painter of this library, with the same names in state_dict; its weights are the library's own."""
    nn, F = torch.nn, torch.nn.functional
    smooth = smooth_of(torch)

    def rectify(x):
        return F.leaky_relu(x, SLOPE)

    def unshuffle(x):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 1, 3, 5, 2, 4).reshape(n, 4 * c, h // 2, w // 2)

    def rgb_to_lab(image, constants):
        rgb = 0.5 * image + 0.5
        linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb.clip(min=0.04045) + 0.055) / 1.055) ** 2.4)
        xyz = F.conv2d(linear, constants["to_xyz"])
        f = torch.where(xyz <= KNEE**3, LINE * xyz + 4 / 29, xyz.clip(min=KNEE**3) ** (1 / 3))
        return F.conv2d(f, constants["to_lab"]) - constants["zero"]

    def lab_to_rgb(lab, constants):
        f = F.conv2d(lab + constants["zero"], constants["from_lab"])
        linear = F.conv2d(torch.where(f <= KNEE, (f - 4 / 29) / LINE, f**3), constants["from_xyz"])
        bent = 1.055 * linear.clip(min=0.0031308) ** (1 / 2.4) - 0.055
        return 2.0 * torch.where(linear <= 0.0031308, 12.92 * linear, bent) - 1.0

    def tones(light, hardness):
        border = (light.detach() * steps).round() / steps
        return border + 0.5 / steps * (hardness * (light - border) * (2 * steps)).tanh() / hardness.tanh()

    def local_contrast(image, blur):
        inside = F.conv2d(torch.full_like(image[:1], 1.0), blur, padding=RADIUS)
        return CONTRAST * (image - F.conv2d(image, blur, padding=RADIUS) / inside)

    class Residual(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.first = nn.Conv2d(channels, channels, 3, 1, 1)
            self.second = nn.Conv2d(channels, channels, 3, 1, 1)

        def forward(self, x):
            return rectify(x + self.second(rectify(self.first(x))))

    class Painter(nn.Module):
        def __init__(self):
            super().__init__()
            a, b, c = width, 2 * width, 3 * width
            self.register_buffer("blur", torch.tensor(gaussian_kernel().numpy()))
            for name, value in COLOURS.items():
                self.register_buffer(name, torch.tensor(value[..., None, None]), persistent=False)
            tent = np.outer([1.0, 2.0, 1.0], [1.0, 2.0, 1.0]).astype(np.float32) / 16
            self.register_buffer("tent", torch.tensor(tent.reshape(1, 1, 3, 3)), persistent=False)
            self.first, self.at_half = nn.Conv2d(24, a, 3, 1, 1), Residual(a)
            self.to_quarter = nn.Conv2d(a, b, 4, 2, 1)
            self.at_quarter = nn.Sequential(Residual(b), Residual(b))
            self.to_eighth = nn.Conv2d(b, c, 4, 2, 1)
            self.at_eighth = nn.Sequential(Residual(c), Residual(c))
            self.from_eighth, self.at_quarter_again = nn.Conv2d(c, b, 1), Residual(b)
            self.from_quarter, self.at_half_again = nn.Conv2d(b, a, 1), nn.Sequential(Residual(a), Residual(a))
            self.to_full = nn.Conv2d(a, 64, 3, 1, 1)
            self.mix, self.last = nn.Conv2d(22, 24, 1), nn.Conv2d(24, sum(LAYERS.values()), 1)
            self.grade = nn.Conv2d(3, 3, 1)
            self.darken = nn.Parameter(torch.tensor([0.9, 0.5, 0.5]).reshape(1, 3, 1, 1))

        def forward(self, photo):
            constants = {name: getattr(self, name).to(photo.dtype) for name in COLOURS}
            lab = rgb_to_lab(photo, constants)
            seen = torch.cat([2.0 * lab, local_contrast(photo, self.blur)], 1)
            half = self.at_half(rectify(self.first(unshuffle(seen))))
            quarter = self.at_quarter(rectify(self.to_quarter(half)))
            eighth = self.at_eighth(rectify(self.to_eighth(quarter)))
            quarter = self.at_quarter_again(quarter + F.interpolate(self.from_eighth(eighth), scale_factor=2))
            half = self.at_half_again(half + F.interpolate(self.from_quarter(quarter), scale_factor=2))
            full = F.pixel_shuffle(rectify(self.to_full(half)), 2)
            layers = self.last(rectify(self.mix(torch.cat([full, seen], 1))))

            retouch, touch_up, left, above, hardness, ink = layers.split(list(LAYERS.values()), 1)
            tent, inside = self.tent.to(photo.dtype), torch.full_like(ink[:1], 1.0)
            ink = F.conv2d(ink, tent, padding=1) / F.conv2d(inside, tent, padding=1)
            left, above = (GAIN * left).sigmoid(), (GAIN * above).sigmoid()
            paint = smooth(self.grade(lab) + retouch.tanh(), left, above) + touch_up.tanh()
            light = tones(paint[:, :1], F.softplus(GAIN * hardness) + 0.05)
            paint = torch.cat([light, paint[:, 1:]], 1)
            return lab_to_rgb(paint * (1.0 - (GAIN * ink).sigmoid() * self.darken), constants)

    return Painter()


def smooth_of(torch: Any) -> Any:
    """models.edge_preserving.smooth of this library."""
    if torch.__name__ == "nnlite":
        return edge_preserving.smooth

    class Sweeps(torch.autograd.Function):
        """models.edge_preserving.Sweeps"""

        @staticmethod
        def forward(ctx, x, a, dim):
            ctx.order = (dim, 1, 0, 5 - dim)
            ctx.again = np.argsort(ctx.order).tolist()
            x, a = (tensor.permute(ctx.order).contiguous() for tensor in (x, a))
            y = sweep(x, a[1:])
            z = sweep(y.flip(0), a[1:].flip(0)).flip(0)
            ctx.save_for_backward(x, a, y, z)
            return z.permute(ctx.again)

        @staticmethod
        def backward(ctx, dz):
            x, a, y, z = ctx.saved_tensors
            dz = dz.permute(ctx.order).contiguous()
            dy, da_back = sweep_gradient(dz.flip(0), y.flip(0), a[1:].flip(0), z.flip(0))
            dx, da = sweep_gradient(dy.flip(0), x, a[1:], y)
            da = torch.cat([torch.zeros_like(a[:1]), da + da_back.flip(0)])
            return dx.permute(ctx.again), da.permute(ctx.again), None

    def sweep(x, a):
        y = x.clone()
        y[1:].addcmul_(a, x[1:], value=-1.0)
        lines = y.unbind()
        for before, line, join in zip(lines, lines[1:], a.unbind(), strict=False):
            line.addcmul_(join, before)
        return y

    def sweep_gradient(dy, x, a, y):
        g = dy.clone()
        lines = g.unbind()[::-1]
        for after, line, join in zip(lines, lines[1:], a.unbind()[::-1], strict=False):
            line.addcmul_(join, after)
        da = (g[1:] * (y[:-1] - x[1:])).sum(1, keepdim=True)
        g[1:] *= 1.0 - a
        return g, da

    def smooth(image, left, above):
        for _ in range(edge_preserving.ROUNDS):
            image = Sweeps.apply(Sweeps.apply(image, left, 3), above, 2)
            left, above = left * left, above * above
        return image

    return smooth
