"""Products, masks, gather and scatter: a small attention model, and the policy gradient of a bandit."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Categorical


class Attention(nn.Module):
    def __init__(self, vocabulary=7, d_model=8, heads=2):
        super().__init__()
        self.heads, self.d_k = heads, d_model // heads
        self.embed = nn.Embedding(vocabulary, d_model)
        self.register_buffer("mask", torch.tril(torch.ones(6, 6)).view(1, 1, 6, 6))
        self.qkv = nn.ModuleList([nn.Linear(d_model, d_model) for _ in range(3)])
        self.norm = nn.LayerNorm(d_model)
        self.out = nn.Linear(d_model, vocabulary)

    def forward(self, tokens):
        x = self.embed(tokens)
        b, t, d = x.size()
        q, k, v = [f(x).view(b, t, self.heads, self.d_k).transpose(1, 2) for f in self.qkv]
        scores = torch.matmul(q, k.transpose(-2, -1)) / self.d_k**0.5
        scores = scores.masked_fill(self.mask[:, :, :t, :t] == 0, float("-inf"))
        p = F.softmax(scores, dim=-1)
        y = torch.einsum("bhqk,bhkd->bhqd", p, v).transpose(1, 2).contiguous().view(b, t, d)
        pooled = torch.bmm(x.transpose(1, 2), x).diagonal(dim1=1, dim2=2)
        return self.out(self.norm(x + y) + 0.01 * pooled.unsqueeze(1))


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine = nn.Linear(4, 3)

    def forward(self, x):
        return F.softmax(self.affine(x), dim=1)


def train(data, weights):
    model, policy = Attention(), Policy()
    for net in (model, policy):
        state = weights[type(net).__name__]
        net.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.1)
    policy_optimizer = torch.optim.Adadelta(policy.parameters(), lr=1.0)
    tokens = torch.tensor(data["tokens"])
    history = []
    for step in range(5):
        optimizer.zero_grad()
        logits = model(tokens[:, :-1])
        target = tokens[:, 1:]
        logp = F.log_softmax(logits, dim=-1).gather(2, target.unsqueeze(2)).squeeze(2)
        one_hot = torch.zeros_like(logits).scatter_(2, target.unsqueeze(2), 1.0)
        loss = -(logp.sum() + (one_hot * logits).sum() * 0.01) / target.numel()
        loss.backward()
        optimizer.step()

        states = torch.from_numpy(data["states"])
        rewards = torch.arange(len(states)).float() % 3
        returns = torch.flip(torch.cumsum(torch.flip(rewards, [0]), 0), [0])
        returns = (returns - returns.mean()) / (returns.std() + 1e-8)
        m = Categorical(policy(states))
        actions = torch.arange(len(states)) % 3
        policy_loss = []
        for log_prob, R in zip(m.log_prob(actions), returns):
            policy_loss.append(-log_prob * R)
        policy_optimizer.zero_grad()
        policy_loss = torch.stack(policy_loss).sum()
        policy_loss.backward()
        policy_optimizer.step()

        values, order = torch.sort(logits[0, -1], descending=True)
        history += [loss.item(), policy_loss.item(), m.entropy().mean().item(), values[0].item(), order[0].item()]
        grads = torch.autograd.grad(policy(states).log().mean(), policy.parameters())
        history.append(sum(g.abs().sum() for g in grads).item())
    return history
