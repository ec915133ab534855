"""A PyTorch script as people write them. test_pytorch_script.py runs it with PyTorch, and with its imports changed."""

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.optim import lr_scheduler

nz, ngf, ndf, nc = 8, 4, 4, 3
lr, beta1 = 2e-3, 0.5
real_label, fake_label = 0.9, 0.0


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif classname.find("BatchNorm") != -1:
        nn.init.normal_(m.weight.data, 1.0, 0.02)
        nn.init.constant_(m.bias.data, 0)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(nz, ngf * 2 * 4 * 4)
        self.main = nn.Sequential(
            nn.BatchNorm2d(ngf * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf),
            nn.ReLU(inplace=True),
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(ngf, nc, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, input):
        x = self.project(input).view(-1, ngf * 2, 4, 4)
        return self.main(x)


class Discriminator(nn.Module):
    def __init__(self):
        super(Discriminator, self).__init__()
        self.conv1 = nn.Conv2d(nc, ndf, 4, 2, 1, bias=False)
        self.conv2 = nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(ndf * 2)
        self.head = nn.Linear(ndf * 2, 1)

    def forward(self, input):
        x = F.leaky_relu(self.conv1(input), 0.2, inplace=True)
        x = F.leaky_relu(self.norm2(self.conv2(x)), 0.2)
        x = F.avg_pool2d(x, 2)
        x = x.mean(dim=[2, 3])
        return torch.sigmoid(self.head(x)).squeeze(1)


def train(images, noises, weights):
    """Losses of D and G and mean outputs of D, step by step. All arguments hold NumPy arrays."""
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    netG, netD = Generator().to(device), Discriminator().to(device)
    netG.apply(weights_init)
    netD.apply(weights_init)
    netG.load_state_dict({k: torch.from_numpy(v) for k, v in weights["G"].items()})
    netD.load_state_dict({k: torch.from_numpy(v) for k, v in weights["D"].items()})
    criterion = nn.BCELoss()
    optimizerD = optim.Adam(netD.parameters(), lr=lr, betas=(beta1, 0.999))
    optimizerG = optim.Adam(netG.parameters(), lr=lr, betas=(beta1, 0.999))
    scheduler = lr_scheduler.StepLR(optimizerG, step_size=5, gamma=0.5)

    history = []
    for data, noise in zip(images, noises):
        netD.zero_grad()
        real = torch.from_numpy(data).to(device)
        b_size = real.size(0)
        label = torch.full((b_size,), real_label, dtype=torch.float64, device=device)
        output = netD(real).view(-1)
        errD_real = criterion(output, label)
        errD_real.backward()
        D_x = output.mean().item()

        fake = netG(torch.from_numpy(noise).to(device))
        label.fill_(fake_label)
        output = netD(fake.detach()).view(-1)
        errD_fake = criterion(output, label)
        errD_fake.backward()
        errD = errD_real + errD_fake
        nn.utils.clip_grad_norm_(netD.parameters(), 5.0)
        optimizerD.step()

        netG.zero_grad()
        label.fill_(real_label)
        output = netD(fake).view(-1)
        errG = criterion(output, label) + 0.1 * F.l1_loss(fake, real)
        errG.backward()
        optimizerG.step()
        scheduler.step()
        with torch.no_grad():
            for p in netD.parameters():
                p.clamp_(-0.5, 0.5)
        history.append((errD.item(), errG.item(), D_x, output.mean().item(), scheduler.get_last_lr()[0]))
    return history, netG.eval()(torch.from_numpy(noises[0])).detach().cpu().numpy()
