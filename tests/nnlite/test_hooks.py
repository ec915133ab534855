"""Forward hooks: when they run, what they may change, and how they go away. The same scenes play in PyTorch."""

import copy

import pytest

import nnlite
from nnlite import nn


def scene_order(lib, nn):
    """Hooks of one kind in the order of registration; outer before inner on the way in, after it on the way out."""
    log = []
    net = nn.Sequential(nn.Tanh(), nn.Identity())
    for module in (net, *net):
        for i in (1, 2):
            module.register_forward_pre_hook(lambda m, args, i=i: log.append((type(m).__name__, i, len(args))))
            module.register_forward_hook(lambda m, args, out, i=i: log.append((type(m).__name__, i, tuple(out.shape))))
    net(lib.zeros(2, 3))
    return log


def scene_changes(lib, nn):
    """What hooks return takes the place of arguments and output, one after the other; None changes nothing."""
    log = []
    net = nn.Identity()
    net.register_forward_pre_hook(lambda m, args: args[0] + 1)
    net.register_forward_pre_hook(lambda m, args: (args[0] * 2,))
    net.register_forward_pre_hook(lambda m, args: None)
    net.register_forward_hook(lambda m, args, out: log.append((args[0].tolist(), out.tolist())))
    net.register_forward_hook(lambda m, args, out: out * 10)
    net.register_forward_hook(lambda m, args, out: out + args[0])
    return [net(lib.tensor([1.0, 2.0])).tolist(), log]


def scene_removal(lib, nn):
    """Removing one leaves the others; twice is no error; a hook may remove itself while it runs."""
    log = []
    net = nn.Tanh()
    x = lib.zeros(1)
    first = net.register_forward_hook(lambda *_: log.append("first"))
    net.register_forward_hook(lambda *_: log.append("second"))
    once = net.register_forward_pre_hook(lambda *_: (log.append("once"), once.remove())[1])
    net(x)
    first.remove()
    first.remove()
    net(x)
    with net.register_forward_hook(lambda *_: log.append("inside")):
        net(x)
    net(x)
    return log


def scene_copies(lib, nn):
    """A copy of a module has its hooks, and removing them from the original leaves them there."""
    log = []
    net = nn.Tanh()
    handle = net.register_forward_hook(lambda *_: log.append("called"))
    twin = copy.deepcopy(net)
    handle.remove()
    net(lib.zeros(1))
    log.append("twin")
    twin(lib.zeros(1))
    return log


def scene_forward_alone(lib, nn):
    """forward() itself runs no hooks, and hooks of one instance are not those of another."""
    log = []
    net = nn.Tanh()
    net.register_forward_hook(lambda *_: log.append("called"))
    net.forward(lib.zeros(1))
    nn.Tanh()(lib.zeros(1))
    return log


SCENES = [scene_order, scene_changes, scene_removal, scene_copies, scene_forward_alone]


@pytest.mark.parametrize("scene", SCENES)
def test_hooks_play_as_in_pytorch(torch, scene):
    assert scene(nnlite, nn) == scene(torch, torch.nn)


def test_the_scenes_happen():
    """So that two empty logs cannot pass for agreement."""
    assert len(scene_order(nnlite, nn)) == 12
    assert scene_changes(nnlite, nn) == [[44.0, 66.0], [([4.0, 6.0], [4.0, 6.0])]]
    assert scene_removal(nnlite, nn) == ["once", "first", "second", "second", "second", "inside", "second"]
    assert scene_copies(nnlite, nn) == ["twin", "called"]


def test_keyword_arguments_reach_forward_but_not_hooks():
    class Scale(nn.Module):
        def forward(self, input, *, by=1.0):
            return input * by

    seen = []
    net = Scale()
    net.register_forward_pre_hook(lambda m, args: seen.append(args))
    x = nnlite.tensor([1.0])
    assert net(x, by=3.0).tolist() == [3.0] and net(input=x).tolist() == [1.0]
    assert seen == [(x,), ()]


def test_a_changed_output_stays_in_the_graph():
    net = nn.Linear(2, 1)
    net.register_forward_hook(lambda m, args, out: 5.0 * out)
    net(nnlite.ones(1, 2)).sum().backward()
    assert net.bias.grad.tolist() == [5.0] and net.weight.grad.tolist() == [[5.0, 5.0]]


def test_a_failing_hook_is_heard():
    net = nn.Tanh()
    net.register_forward_hook(lambda m, args, out: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        net(nnlite.zeros(1))
