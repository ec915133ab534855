"""The networks of models/ written in PyTorch from their papers, with the same names in state_dict."""

from itertools import pairwise


def build(torch):
    """(StrokeUNet, UNet, PatchDiscriminator, train_step) in PyTorch."""
    nn, F = torch.nn, torch.nn.functional

    def block(conv, channels):
        return nn.Sequential(conv, nn.BatchNorm2d(channels), nn.LeakyReLU(0.2))

    class StrokeUNet(nn.Module):
        def __init__(self, width, levels):
            super().__init__()

            def conv3x3(a, b):
                return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.LeakyReLU(0.2))

            c = [min(width * 2**i, width * 8) for i in range(levels + 1)]
            self.register_buffer("blur", torch.zeros(3, 3, 7, 7))
            self.first = nn.Sequential(conv3x3(6, width), conv3x3(width, width))
            self.down = nn.ModuleList(
                nn.Sequential(nn.Conv2d(a, b, 4, 2, 1), nn.LeakyReLU(0.2)) for a, b in pairwise(c)
            )
            self.fuse = nn.ModuleList(conv3x3(a + b, b) for a, b in pairwise(c[::-1]))
            self.last = nn.Sequential(conv3x3(width, width), nn.Conv2d(width, 3, 3, padding=1))

        def forward(self, photo):
            mean = F.conv2d(photo, self.blur, padding=3) / F.conv2d(torch.ones_like(photo), self.blur, padding=3)
            x, skips = self.first(torch.cat([photo, 5.0 * (photo - mean)], 1)), []
            for down in self.down:
                skips.append(x)
                x = down(x)
            for fuse, skip in zip(self.fuse, skips[::-1], strict=True):
                x = fuse(torch.cat([F.interpolate(x, scale_factor=2, mode="nearest"), skip], 1))
            return photo + self.last(x)

    class UNet(nn.Module):
        """Isola et al. 2017, appendix 6.1.1, for 32x32: five levels, no dropout."""

        def __init__(self, width, decoder):
            super().__init__()
            w = width
            down = [(3, w), (w, 2 * w), (2 * w, 4 * w), (4 * w, 8 * w), (8 * w, 8 * w)]
            up = [(8 * w, 8 * w), (16 * w, 4 * w), (8 * w, 2 * w), (4 * w, w), (2 * w, 3)]
            self.down = nn.ModuleList(
                nn.Sequential(
                    *([nn.LeakyReLU(0.2)] if i else []),
                    nn.Conv2d(a, b, 4, 2, 1, bias=i in (0, 4)),
                    *([] if i in (0, 4) else [nn.BatchNorm2d(b)]),
                )
                for i, (a, b) in enumerate(down)
            )

            def grow(a, b, last):
                if decoder == "transposed":
                    return [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=last)]
                return [nn.Upsample(scale_factor=2), nn.Conv2d(a, b, 3, 1, 1, bias=last)]

            self.up = nn.ModuleList(
                nn.Sequential(nn.ReLU(), *grow(a, b, i == 4), *([] if i == 4 else [nn.BatchNorm2d(b)]))
                for i, (a, b) in enumerate(up)
            )

        def forward(self, x):
            skips = []
            for down in self.down:
                x = down(x)
                skips.append(x)
            x = self.up[0](x)
            for up, skip in zip(list(self.up)[1:], skips[-2::-1], strict=True):
                x = up(torch.cat([x, skip], 1))
            return torch.tanh(x)

    class PatchDiscriminator(nn.Module):
        def __init__(self, width):
            super().__init__()
            layers = [nn.Conv2d(6, width, 4, 2, 1), nn.LeakyReLU(0.2)]
            for a, b, stride in ((1, 2, 2), (2, 4, 2), (4, 8, 1)):
                layers += block(nn.Conv2d(a * width, b * width, 4, stride, 1, bias=False), b * width)
            self.layers = nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))

        def forward(self, photo, image):
            return self.layers(torch.cat([photo, image], 1))

    def train_step(g, d, g_adam, d_adam, photo, cartoon, lambda_l1, true_label):
        bce = F.binary_cross_entropy_with_logits
        fake = g(photo)
        real_logits, fake_logits = d(photo, cartoon), d(photo, fake.detach())
        d_loss = 0.5 * (
            bce(real_logits, torch.full_like(real_logits, true_label)) + bce(fake_logits, torch.zeros_like(fake_logits))
        )
        d_adam.zero_grad()
        d_loss.backward()
        d_adam.step()
        logits = d(photo, fake)
        adversarial, l1 = bce(logits, torch.ones_like(logits)), F.l1_loss(fake, cartoon)
        g_adam.zero_grad()
        (adversarial + lambda_l1 * l1).backward()
        g_adam.step()
        return {"discriminator": d_loss.item(), "adversarial": adversarial.item(), "l1": l1.item()}

    return StrokeUNet, UNet, PatchDiscriminator, train_step
