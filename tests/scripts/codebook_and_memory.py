"""An operation of one's own, a codebook with straight-through gradients, a teacher, and a queue of its features."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


class LinearFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input, weight, bias=None):
        ctx.save_for_backward(input, weight, bias)
        output = input.mm(weight.t())
        if bias is not None:
            output += bias.unsqueeze(0).expand_as(output)
        return output

    @staticmethod
    def backward(ctx, grad_output):
        input, weight, bias = ctx.saved_tensors
        grad_bias = grad_output.sum(0) if bias is not None and ctx.needs_input_grad[2] else None
        return grad_output.mm(weight), grad_output.t().mm(input), grad_bias


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 48) * 0.1)
        self.bias = nn.Parameter(torch.zeros(4))
        self.codebook = nn.Embedding(5, 4)
        self.decoder = nn.Linear(4, 48)
        self.register_buffer("queue", F.normalize(torch.arange(48.0).view(4, 12) - 20, dim=0))
        self.register_buffer("pointer", torch.zeros(1, dtype=torch.long))

    def encode(self, x):
        z = LinearFunction.apply(x.flatten(1), self.weight, self.bias)
        z += 0.1 * z.detach().sign()
        return z

    def forward(self, x):
        z = self.encode(x)
        codes = self.codebook.weight
        distances = z.pow(2).sum(1, keepdim=True) + codes.pow(2).sum(1) - 2 * torch.matmul(z, codes.t())
        indices = torch.argmin(distances, dim=1).unsqueeze(1)
        encodings = torch.zeros(indices.shape[0], 5)
        encodings.scatter_(1, indices, 1)
        quantized = torch.matmul(encodings, codes)
        loss = F.mse_loss(quantized, z.detach()) + 0.25 * F.mse_loss(quantized.detach(), z)
        return self.decoder(z + (quantized - z).detach()), loss, encodings.mean(dim=0)

    @torch.no_grad()
    def enqueue(self, keys):
        start = int(self.pointer)
        self.queue[:, start : start + keys.shape[0]] = keys.T
        self.pointer[0] = (start + keys.shape[0]) % 12


def train(data, weights):
    model = Model()
    model.load_state_dict({name: torch.from_numpy(value) for name, value in weights["Model"].items()})
    teacher = copy.deepcopy(model)
    for p in teacher.parameters():
        p.requires_grad = False
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    history = []
    for step in range(6):
        rows = data["small"][step * 4 : step * 4 + 4].reshape(4, 16).repeat(3, axis=1)
        batch = torch.FloatTensor(rows)
        rows *= 0.5  # changes the batch too: they share memory
        reconstruction, codebook_loss, used = model(batch)
        query = F.normalize(model.encode(batch + 0.1), dim=1)
        with torch.no_grad():
            for a, b in zip(teacher.parameters(), model.parameters()):
                a.data = a.data * 0.9 + b.data * 0.1
            key = F.normalize(teacher.encode(batch), dim=1)
        positive = torch.einsum("nc,nc->n", [query, key]).unsqueeze(-1)
        negative = torch.einsum("nc,ck->nk", [query, model.queue.clone().detach()])
        logits = torch.cat([positive, negative], dim=1) / 0.5
        model.enqueue(key)
        loss = F.mse_loss(reconstruction, batch) + codebook_loss
        loss = loss + 0.1 * F.cross_entropy(logits, torch.zeros(logits.shape[0], dtype=torch.long))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step == 1:
            kept = optimizer.state_dict()
        if step == 3:
            optimizer.load_state_dict(kept)
        perplexity = torch.exp(-torch.sum(used * torch.log(used + 1e-10)))
        history += [loss.item(), perplexity.item(), model.queue.sum().item()]
    image = batch[:1].clone().requires_grad_(True)
    handle = image.register_hook(lambda g: g / (g.norm() + 1e-8))
    for _ in range(3):
        (slope,) = torch.autograd.grad(model(image)[0].pow(2).sum(), image)
        image.data += 0.1 * slope
        history.append(image.norm().item())
    handle.remove()
    return history
