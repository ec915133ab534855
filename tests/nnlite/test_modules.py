"""Every module against PyTorch's of the same name: state_dict, files both ways, outputs and gradients."""

import numpy as np
import pytest

import nnlite
from nnlite import nn
from tests.helpers import assert_close
from tests.operations import MODULES

NOT_IN_PYTORCH = {"Module", "Parameter"}
# They compute nothing, draw random numbers, or take whole ones: each is tested in a file of its own.
BY_HAND = {"ModuleList", "ModuleDict", "Dropout", "Dropout2d", "NLLLoss", "Embedding"}


def inputs(name):
    rng = np.random.default_rng(5)
    return [rng.random(shape).astype(np.float32) for shape in MODULES[name][1:]]


def as_arrays(state):
    return {name: value.detach().numpy().copy() for name, value in state.items()}


def test_every_module_is_here():
    classes = {name for name, value in vars(nn).items() if isinstance(value, type) and issubclass(value, nn.Module)}
    tested = {type(module).__name__ for make, *_ in MODULES.values() for module in make(nn).modules()}
    assert classes - tested <= BY_HAND | NOT_IN_PYTORCH


@pytest.mark.parametrize("name", MODULES)
def test_files_go_both_ways_between_pytorch_and_here(torch, name, tmp_path):
    """Names, order, shapes and dtypes of state_dict are PyTorch's; after either file both compute the same."""
    from safetensors.torch import load_file, save_file

    make = MODULES[name][0]
    ours, theirs = make(nn), make(torch.nn)
    assert [(k, v.shape, str(v.dtype)) for k, v in ours.state_dict().items()] == [
        (k, tuple(v.shape), str(v.dtype).removeprefix("torch.")) for k, v in theirs.state_dict().items()
    ]
    x = inputs(name)
    ours(*map(nnlite.tensor, x))  # moves running statistics, which travel as well
    nnlite.save(ours.state_dict(), tmp_path / "ours.safetensors")
    theirs.load_state_dict(load_file(tmp_path / "ours.safetensors"), strict=True)
    compare(torch, ours, theirs, x)

    other = make(torch.nn)
    other(*map(torch.tensor, x))
    save_file({k: v.contiguous() for k, v in other.state_dict().items()}, tmp_path / "theirs.safetensors")
    assert ours.load_state_dict(nnlite.load(tmp_path / "theirs.safetensors"), strict=True) == ([], [])
    compare(torch, ours, other, x)


def compare(torch, ours, theirs, x):
    """Outputs, gradients and what they leave in the buffers, in eval mode and in training."""
    for mode in (False, True):
        ours.train(mode)
        theirs.train(mode)
        leaves = [nnlite.tensor(a, requires_grad=True) for a in x]
        others = [torch.tensor(a, requires_grad=True) for a in x]
        # clones, as no leaf can be changed in place
        y, z = ours(*[a.clone() for a in leaves]), theirs(*[b.clone() for b in others])
        assert_close(y, z, 1e-5)
        u = np.random.default_rng(0).standard_normal(y.shape).astype(np.float32)
        y.backward(nnlite.tensor(u))
        z.backward(torch.tensor(u))
        for a, b in zip([*leaves, *ours.parameters()], [*others, *theirs.parameters()], strict=True):
            if b.grad is not None:
                assert_close(a.grad, b.grad, 1e-5, terms=np.linalg.norm(u))
        for key, value in as_arrays(ours.state_dict()).items():
            assert_close(value, theirs.state_dict()[key], 1e-5)
        ours.zero_grad()
        theirs.zero_grad()


@pytest.mark.parametrize("name", MODULES)
def test_a_module_moves_to_float64_and_keeps_it(name):
    module = MODULES[name][0](nn).double()
    y = module(*[nnlite.tensor(a, dtype=nnlite.float64) for a in inputs(name)])
    floats = [t.dtype for t in module.state_dict().values() if t.dtype.kind == "f"]
    assert y.dtype == np.float64 and set(floats) <= {np.dtype("float64")}
