"""Modules: the tree, its names, saving and loading, and PyTorch's names and shapes."""

import subprocess
import sys

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import CheckpointError, nn
from tests.helpers import assert_close, leaf


class Net(nn.Module):
    """Modules in modules, a parameter of its own, and a buffer."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(np.ones(3, np.float32))
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.BatchNorm2d(4), nn.Dropout()))
        self.heads = nn.ModuleList([nn.ConvTranspose2d(4, 2, 2, bias=False), nn.Identity()])
        self.register_buffer("seen", nnlite.tensor([0.0, 1.0]))
        self.note, self.nothing = "not a tensor", None


NAMES = [
    "scale",
    "seen",
    "body.0.weight",
    "body.0.bias",
    "body.1.0.weight",
    "body.1.0.bias",
    "body.1.0.running_mean",
    "body.1.0.running_var",
    "body.1.0.num_batches_tracked",
    "heads.0.weight",
]


def test_names_come_in_the_order_of_assignment():
    net = Net()
    assert list(net.state_dict()) == NAMES
    buffers = [n for n in NAMES if n == "seen" or "running" in n or "tracked" in n]
    assert [name for name, _ in net.named_buffers()] == buffers
    assert [name for name, _ in net.named_parameters()] == [n for n in NAMES if n not in buffers]
    assert [name for name, _ in net.named_modules()][:4] == ["", "body", "body.0", "body.1"]
    assert len(list(net.modules())) == 9
    assert all(isinstance(p, nn.Parameter) and p.requires_grad for p in net.parameters())


def test_modes_reach_every_module():
    net = Net()
    assert all(m.training for m in net.modules())
    assert net.eval() is net and not any(m.training for m in net.modules())
    assert net.train() is net and all(m.training for m in net.modules())
    assert Net().training, "a mode belongs to one tree, not to the class"


def test_apply_goes_through_children_first():
    seen = []
    net = Net()
    assert net.apply(seen.append) is net
    assert seen[-1] is net and seen.index(net.body[0]) < seen.index(net.body)


def test_gradients_are_frozen_and_forgotten():
    net = nn.Conv2d(1, 1, 1)
    x = nnlite.tensor(np.ones((1, 1, 2, 2), np.float32))
    net(x).sum().backward()
    assert net.weight.grad is not None
    net.zero_grad()
    assert net.weight.grad is None and net.bias.grad is None
    net.requires_grad_(False)
    assert net(x).grad_fn is None
    assert net.requires_grad_() is net and net(x).grad_fn is not None


def test_gradients_may_be_filled_with_zeros_instead():
    net = nn.Linear(2, 1)
    net(nnlite.ones(1, 2)).sum().backward()
    grad = net.weight.grad
    net.zero_grad(set_to_none=False)
    assert net.weight.grad is grad and grad.tolist() == [[0.0, 0.0]]


def test_a_parameter_under_two_names_is_trained_once_and_saved_twice():
    net = nn.Sequential(nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1))
    net[1].weight = net[0].weight
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert "1.weight" in net.state_dict()


def test_functional_is_one_module_under_three_names():
    import nnlite.nn.functional as G

    assert G is nnlite.functional is nn.functional is F


def test_layers_are_their_functions(rng):
    x = leaf(np.abs(rng.standard_normal((2, 3, 6, 6))), np.float32)
    nnlite.manual_seed(1)
    dropped = F.dropout(x, 0.3).detach().numpy()
    nnlite.manual_seed(1)
    assert np.array_equal(nn.Dropout(0.3)(x).detach().numpy(), dropped)
    assert nn.Dropout(0.3).eval()(x) is x
    target = nnlite.full_like(x, 0.5)
    p = x.sigmoid()
    for module, function in (
        (nn.L1Loss, F.l1_loss),
        (nn.MSELoss, F.mse_loss),
        (nn.BCELoss, F.binary_cross_entropy),
        (nn.BCEWithLogitsLoss, F.binary_cross_entropy_with_logits),
    ):
        for reduction in ("mean", "sum"):
            assert float(module(reduction=reduction)(p, target)) == float(function(p, target, reduction=reduction))
    assert float(nn.L1Loss()(p, target)) == float(F.l1_loss(p, target))
    assert np.array_equal(nn.ReLU(inplace=True)(x.clone()).detach().numpy(), F.relu(x).detach().numpy())
    assert np.array_equal(nn.Sigmoid()(x).detach().numpy(), p.detach().numpy())


# Against PyTorch

LAYERS = {
    "conv": lambda nn: nn.Conv2d(3, 4, (3, 2), stride=2, padding=1),
    "conv without bias": lambda nn: nn.Conv2d(3, 4, 3, 1, 0, bias=False),
    "transposed": lambda nn: nn.ConvTranspose2d(3, 4, 4, 2, 1, 1),
    "batch norm": lambda nn: nn.BatchNorm2d(3, 1e-4, 0.2),
    "instance norm": lambda nn: nn.InstanceNorm2d(3, affine=True),
    "instance norm plain": lambda nn: nn.InstanceNorm2d(3),
    "all in a row": lambda nn: nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.LeakyReLU(0.2), nn.Sequential(nn.ConvTranspose2d(4, 3, 2), nn.Tanh())
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_files_go_both_ways_between_pytorch_and_here(torch, name, tmp_path, rng):
    """Names, order, shapes and dtypes of state_dict are PyTorch's, and so are the outputs."""
    from safetensors.torch import load_file, save_file

    ours, theirs = LAYERS[name](nn), LAYERS[name](torch.nn)
    assert [(k, v.shape, str(v.dtype)) for k, v in ours.state_dict().items()] == [
        (k, tuple(v.shape), str(v.dtype).removeprefix("torch.")) for k, v in theirs.state_dict().items()
    ]
    x = rng.standard_normal((2, 3, 5, 6)).astype(np.float32)
    ours(nnlite.tensor(x))  # moves the running statistics, which travel as well
    nnlite.save(ours.state_dict(), tmp_path / "ours.safetensors")
    theirs.load_state_dict(load_file(tmp_path / "ours.safetensors"), strict=True)
    _same_output(torch, ours, theirs, x)

    other = LAYERS[name](torch.nn)
    save_file({k: v.contiguous() for k, v in other.state_dict().items()}, tmp_path / "theirs.safetensors")
    assert ours.load_state_dict(nnlite.load(tmp_path / "theirs.safetensors")) == ([], [])
    _same_output(torch, ours, other, x)


def _same_output(torch, ours, theirs, x):
    ours.eval()
    theirs.eval()
    with torch.no_grad():
        assert_close(ours(nnlite.tensor(x)), theirs(torch.tensor(x)), 1e-5)


# load_state_dict


def test_loading_copies_numpy_arrays_and_tensors(rng):
    net, other = Net(), Net()
    other.body[0].weight.array[...] = rng.standard_normal((4, 3, 3, 3))
    state = {name: t if "weight" in name else t.numpy() for name, t in other.state_dict().items()}
    state["body.1.0.num_batches_tracked"] = 5  # a plain number will do for a 0-d tensor
    weight = net.body[0].weight
    net.load_state_dict(state)
    assert net.body[0].weight is weight and np.array_equal(
        weight.detach().numpy(), other.body[0].weight.detach().numpy()
    )
    assert int(net.body[1][0].num_batches_tracked) == 5
    other.body[0].weight.array[...] = 0.0
    assert weight.detach().numpy().any(), "loading copies"


def test_every_key_that_does_not_fit_is_named_and_nothing_changes():
    net = Net()
    before = {name: t.numpy().copy() for name, t in net.state_dict().items()}
    state = {name: np.full(t.shape, 9.0) for name, t in before.items()}
    del state["scale"], state["heads.0.weight"]
    state |= {"extra": np.ones(1), "body.9.bias": np.ones(2)}
    state |= {"body.0.weight": np.ones((4, 6, 3, 3)), "seen": np.ones(3)}
    for strict in (True, False):
        with pytest.raises(CheckpointError) as caught:
            net.load_state_dict(state, strict=strict)
        message = str(caught.value)
        assert "Net" in message and "\n" not in message
        assert "missing: scale, heads.0.weight" in message
        assert "unexpected: extra, body.9.bias" in message
        assert "seen (file (3,), model (2,))" in message
        assert "body.0.weight (file (4, 6, 3, 3), model (4, 3, 3, 3))" in message
        assert all(np.array_equal(t.numpy(), before[name]) for name, t in net.state_dict().items())


def test_what_is_missing_or_too_much_may_be_ignored():
    net = Net()
    keys = net.load_state_dict({"scale": np.full(3, 2.0), "extra": np.ones(1)}, strict=False)
    assert keys.unexpected_keys == ["extra"] and keys.missing_keys == NAMES[1:]
    assert net.scale.detach().numpy().tolist() == [2.0, 2.0, 2.0]


def test_loading_wants_a_dictionary():
    with pytest.raises(TypeError, match=r"expected a dictionary .* got str; read a file with nnlite\.load"):
        Net().load_state_dict("weights.safetensors")


def test_state_dict_shares_memory_and_keeps_no_graph():
    net = Net()
    state = net.state_dict()
    assert not any(t.requires_grad for t in state.values())
    net.scale.array[...] = 5.0
    assert state["scale"].numpy().tolist() == [5.0] * 3


# Initial values


def test_layers_start_uniform_within_the_inverse_root_of_fan_in():
    for layer, fan_in in (
        (nn.Conv2d(16, 64, 3), 16 * 9),
        (nn.ConvTranspose2d(64, 16, 4), 16 * 16),
        (nn.Linear(144, 64), 144),
    ):
        bound = fan_in**-0.5
        weight = layer.weight.detach().numpy()
        assert 0.99 * bound < np.abs(weight).max() <= bound and np.abs(layer.bias.detach().numpy()).max() <= bound
        assert weight.std() == pytest.approx(bound / 3**0.5, rel=0.03) and abs(weight.mean()) < 0.03 * bound


def test_the_start_equals_pytorchs_in_distribution(torch):
    torch.manual_seed(0)
    for make in (
        lambda nn: nn.Conv2d(4, 500, 4),
        lambda nn: nn.ConvTranspose2d(4, 500, 4),
        lambda nn: nn.Linear(64, 500),
    ):
        ours, theirs = make(nn), make(torch.nn)
        for a, b in ((ours.weight, theirs.weight), (ours.bias, theirs.bias)):
            a, b = a.detach().numpy(), b.detach().numpy()
            assert np.abs(a).max() == pytest.approx(np.abs(b).max(), rel=0.02)
            assert a.std() == pytest.approx(b.std(), rel=0.1)


def test_an_embedding_starts_normal_with_a_row_of_zeros():
    weight = nn.Embedding(200, 50, padding_idx=-2).weight.detach().numpy()
    others = np.delete(weight, 198, axis=0)
    assert not weight[198].any() and abs(others.mean()) < 0.03 and others.std() == pytest.approx(1.0, rel=0.02)
    assert weight.dtype == np.float32
    for row in (200, -201):
        with pytest.raises(IndexError, match=f"padding_idx {row} is not one of the 200 rows"):
            nn.Embedding(200, 50, row)


@pytest.mark.parametrize("padding_idx", [None, 1, -1])
def test_embeddings_are_pytorchs(torch, padding_idx):
    ours, theirs = nn.Embedding(4, 3, padding_idx), torch.nn.Embedding(4, 3, padding_idx)
    ours.load_state_dict({name: t.numpy() for name, t in theirs.state_dict().items()})
    index = [[0, 1, 3], [3, 3, 1]]
    y, expected = ours(nnlite.tensor(index)), theirs(torch.tensor(index))
    assert np.array_equal(y.detach().numpy(), expected.detach().numpy())
    (y * y).sum().backward()
    (expected * expected).sum().backward()
    np.testing.assert_allclose(ours.weight.grad.numpy(), theirs.weight.grad.numpy(), rtol=1e-6)


@pytest.mark.parametrize("freeze", [True, False])
def test_an_embedding_of_given_vectors(torch, rng, freeze):
    table = rng.standard_normal((4, 3)).astype(np.float32)
    ours = nn.Embedding.from_pretrained(nnlite.tensor(table), freeze, padding_idx=-1)
    theirs = torch.nn.Embedding.from_pretrained(torch.tensor(table), freeze, padding_idx=-1)
    index = [[0, 3], [1, 1]]
    assert np.array_equal(ours(nnlite.tensor(index)).detach().numpy(), theirs(torch.tensor(index)).detach().numpy())
    assert repr(ours) == repr(theirs) and ours.weight.requires_grad is theirs.weight.requires_grad is not freeze


def test_fresh_parameters_have_the_default_dtype():
    nnlite.set_default_dtype(nnlite.float64)
    try:
        layers = nn.Linear(2, 2), nn.Embedding(2, 2)
    finally:
        nnlite.set_default_dtype(nnlite.float32)
    assert {p.dtype for layer in layers for p in layer.parameters()} == {np.dtype("float64")}


def test_initialisers_fill_in_place():
    t = nn.Parameter(np.empty((50, 40, 3, 3), np.float32))
    data = t.array
    assert nn.init.normal_(t, 2.0, 0.5) is t and t.array is data and t.requires_grad and t.dtype == np.float32
    assert t.detach().numpy().mean() == pytest.approx(2.0, abs=0.02) and t.detach().numpy().std() == pytest.approx(
        0.5, abs=0.02
    )
    nn.init.uniform_(t, -3.0, 1.0)
    assert -3.0 <= t.detach().numpy().min() < -2.9 and 0.9 < t.detach().numpy().max() <= 1.0
    assert (
        nn.init.constant_(t, 0.25).detach().numpy().min() == nn.init.constant_(t, 0.25).detach().numpy().max() == 0.25
    )


def test_weights_do_not_depend_on_memory_order_but_on_the_seed():
    def weights(seed):
        nnlite.manual_seed(seed)
        return nn.Conv2d(3, 4, 3).weight.detach().numpy()

    assert np.array_equal(weights(1), weights(1)) and not np.array_equal(weights(1), weights(2))


# Slips


def test_an_eps_that_was_meant_as_momentum_is_warned_of():
    with pytest.warns(UserWarning, match=r"did you mean momentum=0\.8"):
        nn.BatchNorm2d(4, 0.8)


def test_running_statistics_count_batches_only_in_training(rng):
    layer = nn.BatchNorm2d(3)
    x = nnlite.tensor(rng.standard_normal((2, 3, 4, 4)).astype(np.float32))
    layer(x)
    layer.eval()(x)
    assert int(layer.num_batches_tracked) == 1


def test_a_forgotten_forward_and_a_mistyped_name_raise():
    with pytest.raises(NotImplementedError, match="Net defines no forward"):
        Net()(1)
    code = "from nnlite import nn; nn.Conv2d(1, 1, 1).wieght"
    message = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr
    assert "'Conv2d' object has no attribute 'wieght'. Did you mean: 'weight'?" in message


def test_a_list_is_no_parameter():
    with pytest.raises(TypeError, match="not list"):
        nn.Parameter([1.0, 2.0])


def test_importing_nnlite_needs_neither_opencv_nor_matplotlib_nor_cupy():
    code = "import sys, nnlite, nnlite.plot; print(sorted({'cv2', 'matplotlib', 'cupy', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
