"""A conditional GAN in the style of a popular collection: Tensor types, Variable, embeddings, clipped weights."""

import math

import torch
import torch.nn as nn
from torch.autograd import Variable

n_classes, latent_dim, img_shape = 4, 6, (1, 4, 4)
cuda = True if torch.cuda.is_available() else False
Tensor = torch.cuda.FloatTensor if cuda else torch.FloatTensor
LongTensor = torch.cuda.LongTensor if cuda else torch.LongTensor


def weights_init_normal(m):
    classname = m.__class__.__name__
    if classname.find("Linear") != -1:
        torch.nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif classname.find("BatchNorm1d") != -1:
        torch.nn.init.normal_(m.weight.data, 1.0, 0.02)
        torch.nn.init.constant_(m.bias.data, 0.0)


class Generator(nn.Module):
    def __init__(self):
        super(Generator, self).__init__()
        self.label_emb = nn.Embedding(n_classes, n_classes)

        def block(in_feat, out_feat, normalize=True):
            layers = [nn.Linear(in_feat, out_feat)]
            if normalize:
                layers.append(nn.BatchNorm1d(out_feat, 0.8))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            return layers

        self.model = nn.Sequential(
            *block(latent_dim + n_classes, 16, normalize=False),
            *block(16, 24),
            nn.Linear(24, int(math.prod(img_shape))),
            nn.Tanh(),
        )

    def forward(self, noise, labels):
        gen_input = torch.cat((self.label_emb(labels), noise), -1)
        img = self.model(gen_input)
        return img.view(img.size(0), *img_shape)


class Discriminator(nn.Module):
    def __init__(self):
        super(Discriminator, self).__init__()
        self.label_embedding = nn.Embedding(n_classes, n_classes)
        self.model = nn.Sequential(
            nn.Linear(n_classes + int(math.prod(img_shape)), 24),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(24, 1),
        )

    def forward(self, img, labels):
        d_in = torch.cat((img.view(img.size(0), -1), self.label_embedding(labels)), -1)
        return self.model(d_in)


def train(data, weights):
    adversarial_loss = torch.nn.MSELoss()
    generator, discriminator = Generator(), Discriminator()
    generator.apply(weights_init_normal)
    discriminator.apply(weights_init_normal)
    for net in (generator, discriminator):
        state = weights[type(net).__name__]
        net.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    if cuda:
        generator.cuda()
        discriminator.cuda()
    optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.002, betas=(0.5, 0.999))
    optimizer_D = torch.optim.RMSprop(discriminator.parameters(), lr=0.002)

    history = []
    for imgs, labels, noise in zip(data["small"].reshape(6, 8, 1, 4, 4), data["classes"].reshape(6, 8), data["noise"]):
        batch_size = imgs.shape[0]
        valid = Variable(Tensor(batch_size, 1).fill_(1.0), requires_grad=False)
        fake = Variable(Tensor(batch_size, 1).fill_(0.0), requires_grad=False)
        real_imgs = Variable(torch.from_numpy(imgs).type(Tensor))
        labels = Variable(torch.from_numpy(labels).type(LongTensor))

        optimizer_G.zero_grad()
        z = Variable(Tensor(noise))
        gen_labels = Variable(LongTensor([i % n_classes for i in range(batch_size)]))
        gen_imgs = generator(z, gen_labels)
        g_loss = adversarial_loss(discriminator(gen_imgs, gen_labels), valid)
        g_loss.backward()
        optimizer_G.step()

        optimizer_D.zero_grad()
        d_real_loss = adversarial_loss(discriminator(real_imgs, labels), valid)
        d_fake_loss = adversarial_loss(discriminator(gen_imgs.detach(), gen_labels), fake)
        d_loss = (d_real_loss + d_fake_loss) / 2
        d_loss.backward()
        optimizer_D.step()
        for p in discriminator.parameters():
            p.data.clamp_(-0.05, 0.05)
        history += [d_loss.item(), g_loss.item(), gen_imgs.data.abs().mean().item()]
    return history
