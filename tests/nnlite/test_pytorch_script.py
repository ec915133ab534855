"""A training script for PyTorch, unchanged but for its imports, gives the same losses."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

import nnlite

SCRIPT = Path(__file__).parents[1] / "scripts" / "small_gan.py"


@pytest.fixture
def default_dtypes(torch):
    yield
    torch.set_default_dtype(torch.float32)
    nnlite.set_default_dtype(nnlite.float32)


def run(source, *arguments):
    """What the script defines, and what its train(*arguments) returns."""
    names = {"__name__": "script"}
    exec(compile(source, str(SCRIPT), "exec"), names)
    return names["train"](*arguments)


def initial_weights(torch):
    """Each network's state_dict as float64 arrays, from PyTorch's generator."""
    networks = runpy.run_path(str(SCRIPT))
    torch.manual_seed(0)
    states = {name: networks[network]().state_dict() for name, network in (("G", "Generator"), ("D", "Discriminator"))}
    return {
        name: {key: (v.double() if v.is_floating_point() else v).numpy() for key, v in state.items()}
        for name, state in states.items()
    }


def test_a_small_gan_trains_the_same(torch, default_dtypes, rng):
    source = SCRIPT.read_text()
    ported = re.sub(r"^(import|from) torch\b", r"\1 nnlite", source, flags=re.M)
    ported = ported.replace("import nnlite\n", "import nnlite as torch\n")
    changed = [line for line, before in zip(ported.splitlines(), source.splitlines(), strict=True) if line != before]
    assert len(changed) == 5 and all(line.startswith(("import ", "from ")) for line in changed)

    images = [rng.uniform(-1, 1, (4, 3, 16, 16)) for _ in range(20)]
    noises = [rng.standard_normal((4, 8)) for _ in range(20)]
    weights = initial_weights(torch)
    theirs, their_images = run(source, images, noises, weights)
    ours, our_images = run(ported, images, noises, weights)
    assert theirs[0] != theirs[-1]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    np.testing.assert_allclose(our_images, their_images, rtol=1e-7, atol=1e-9)
