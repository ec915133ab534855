"""What differences.py says is so: each refusal raises one line here and runs in PyTorch, each difference shows."""

import pytest

import nnlite.torch
from nnlite.torch.differences import DIFFERS, REFUSED
from tests.nnlite.torch.helpers import comparable, outcome


def ones(t, *shape):
    return t.ones(*shape, requires_grad=True)


def optimizer(t, **settings):
    return t.optim.SGD([ones(t, 1)], lr=0.1, **settings)


def stale(t):
    x = ones(t, 2) * 1
    view = x.view(2, 1)
    x.mul_(2)
    return (view * 2).sum().tolist()


def into_a_view_of_a_weight(t):
    weight = t.nn.Conv2d(3, 4, 3).weight.detach()
    weight.view(4, -1)[0] = 0.0
    return weight[0].sum().tolist()


def backward_of_two(t):
    y = (ones(t, 2) + 1).sum()
    y.backward()
    y.backward()


def gradient(function, t):
    x = t.tensor([0.0, 1.0], requires_grad=True)
    function(x).backward()
    return str(x.grad.tolist())  # NaN equals NaN


def random_numbers(t):
    t.manual_seed(0)
    return t.rand(3)


def scheduled(t):
    t.optim.lr_scheduler.StepLR(optimizer(t), 1).step()


class Two:
    """A function of PyTorch's kind with two results."""

    def __new__(cls, t):
        methods = {"forward": staticmethod(lambda ctx, x: (x, x)), "backward": staticmethod(lambda ctx, a, b: a + b)}
        return type("Two", (t.autograd.Function,), methods)


# A part of the key, and what PyTorch does and nnlite refuses.
REFUSALS = {
    "torch.Tensor": lambda t: t.Tensor((2, 3)),
    "torch.add": lambda t: t.tensor([1], dtype=t.uint8) + -1,
    "torch.arange": lambda t: t.arange(0.0, 3.0, 1.0, dtype=t.int64),
    "torch.autocast": lambda t: t.autocast("cpu"),
    "torch.div": lambda t: t.div(t.ones(1), 2, rounding_mode="floor"),
    "torch.exp": lambda t: [getattr(t.tensor([4]), name)() for name in ("exp", "log", "sqrt", "sigmoid", "tanh")],
    "torch.index_select": lambda t: t.index_select(t.ones(2), 0, t.tensor(1)),
    "torch.logical_and": lambda t: t.tensor([1]) & t.tensor([2]),
    "torch.mean": lambda t: t.zeros(0).mean(),
    "torch.norm": lambda t: t.norm(t.ones(2), p=0),
    "torch.pow": lambda t: t.tensor([2]) ** t.tensor([-2]),
    "torch.set_default_device": lambda t: t.set_default_device("meta") or t.set_default_device("cpu"),
    "torch.sum": lambda t: t.sum(t.ones(2), dtype=t.float64),
    "torch.unique": lambda t: t.unique(ones(t, 2)),
    "torch.zeros": lambda t: t.zeros(2, out=t.empty(2)),
    "torch.Tensor.zero_": lambda t: t.zeros(1).expand(2).zero_(),
    "torch.Tensor.backward": lambda t: ones(t, 2).sum().backward(create_graph=True),
    "torch.Tensor.share_memory_": lambda t: t.ones(2).share_memory_(),
    "torch.Tensor.storage": lambda t: t.ones(2).storage(),
    "torch.Tensor.view": lambda t: t.ones(2).view(t.int32),
    "torch.nn.CrossEntropyLoss": lambda t: t.nn.CrossEntropyLoss()(t.zeros(1, 2), t.tensor([-100])),
    "torch.nn.Embedding": lambda t: t.nn.Embedding(3, 2, max_norm=1.0),
    "torch.nn.GRU": lambda t: t.nn.GRU(1, 2)(t.nn.utils.rnn.pack_sequence([t.ones(2, 1), t.ones(1, 1)])),
    "torch.nn.LSTM": lambda t: t.nn.LSTM(1, 2, proj_size=1),
    "torch.nn.HuberLoss": lambda t: t.nn.HuberLoss()(t.ones(1), t.ones(1, dtype=t.float64)),
    "torch.nn.KLDivLoss": lambda t: t.nn.KLDivLoss(reduction="batchmean")(t.tensor(0.5), t.tensor(0.5)),
    "torch.nn.MaxPool2d": lambda t: t.nn.MaxPool2d(2, return_indices=True)(t.ones(1, 1, 2, 2)),
    "torch.nn.Upsample": lambda t: t.nn.Upsample(scale_factor=2, mode="area")(t.ones(1, 1, 2, 2)),
    "torch.nn.functional.linear": lambda t: t.nn.functional.linear(t.ones(1, 2), t.ones(2, 2), t.ones(1)),
    "torch.nn.functional.pad": lambda t: t.nn.functional.pad(t.ones(1, 1, 1), (-1, 2), mode="replicate"),
    "torch.nn.functional.relu": lambda t: t.nn.functional.relu(t.tensor([1])),
    "torch.optim.AdamW": lambda t: optimizer(t, maximize=True),
    "torch.optim.SGD": lambda t: t.optim.SGD([x := ones(t, 1), x], lr=0.1, momentum=0.9),
    "torch.autograd.Function": lambda t: Two(t).apply(ones(t, 1)),
    "torch.autograd.grad": lambda t: t.autograd.grad(
        ones(t, 1).sum(), [ones(t, 1)], create_graph=True, allow_unused=True
    ),
}
# No PyTorch without a GPU, or no torchvision, to compare with, or PyTorch refuses it too; tests of these are elsewhere.
NOT_COMPARED = {
    "torch.save", "torch.load", "torch.cuda.set_device", "torch.distributions.Bernoulli",
    "torch.distributions.kl_divergence", "torchvision.transforms.ColorJitter", "torchvision.transforms.Resize",
}  # fmt: skip

# The same for what both do, and not in the same way: values, errors or warnings differ.
DIFFERENCES = {
    "torch.manual_seed": random_numbers,
    "torch.Size": lambda t: isinstance(t.ones(2).shape, t.Size),
    "torch.device": lambda t: str(t.device("cuda")),
    "torch.dtype": lambda t: str(t.float32),
    "torch.inference_mode": lambda t: (t.inference_mode()(lambda: t.ones(1))() * ones(t, 1)).sum().backward(),
    "torch.lt": lambda t: (t.tensor([1], dtype=t.uint8) < -1).tolist(),
    "torch.remainder": lambda t: (2 % ones(t, 1)).sum().backward(),
    "torch.sort": lambda t: t.zeros(40).sort(descending=True)[1].tolist(),
    "torch.sub": lambda t: (t.ones(1) - True).tolist(),
    "torch.logsumexp": lambda t: t.logsumexp(t.zeros(2), None).tolist(),
    "torch.Tensor.add_": stale,
    "torch.Tensor.backward": backward_of_two,
    "torch.Tensor.contiguous": lambda t: (t.ones(2, 3).T * 2).is_contiguous(),
    "torch.Tensor.grad_fn": lambda t: type((ones(t, 1) * 2).grad_fn).__name__,
    "torch.Tensor.view": into_a_view_of_a_weight,
    "torch.nn.KLDivLoss": lambda t: gradient(lambda x: t.nn.functional.kl_div(t.ones(2), x, reduction="sum"), t),
    "torch.optim.lr_scheduler.LRScheduler": scheduled,
    "torch.distributions.Normal": lambda t: t.distributions.Normal(0.0, -1.0, validate_args=False) and None,
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refused_here(name):
    result, _ = outcome(REFUSALS[name], nnlite.torch)
    assert isinstance(result, Exception) and "\n" not in str(result), result


@pytest.mark.parametrize("name", REFUSALS)
def test_not_refused_by_pytorch(torch, name):
    result, _ = outcome(REFUSALS[name], torch)
    assert not isinstance(result, Exception), result


@pytest.mark.parametrize("name", DIFFERENCES)
def test_it_differs(torch, fast, name):
    (ours, our_warnings), (theirs, their_warnings) = (outcome(DIFFERENCES[name], t) for t in (nnlite.torch, torch))
    assert not (isinstance(ours, Exception) and isinstance(theirs, Exception)), (ours, theirs)
    assert (str(comparable(ours)), our_warnings) != (str(comparable(theirs)), their_warnings)


def test_every_refusal_has_an_example():
    named = {key: [name for name in key.split() if name in REFUSALS or name in NOT_COMPARED] for key in REFUSED}
    assert not [key for key, names in named.items() if not names]


def test_every_example_is_of_a_name():
    assert DIFFERENCES.keys() <= {name for key in DIFFERS for name in key.split()}
    assert REFUSALS.keys() | NOT_COMPARED <= {name for key in REFUSED for name in key.split()}
