"""Scripts written for PyTorch, as tutorials write them, train to the same losses with only their imports changed."""

import re
from pathlib import Path

import numpy as np
import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
NETWORKS = {
    "digit_classifier": ["Net"],
    "residual_network": ["Net"],
    "conditional_gan": ["Generator", "Discriminator"],
    "attention_and_policy": ["Attention", "Policy"],
    "codebook_and_memory": ["Model"],
}


def names_in(script, library):
    """What the script defines, after its imports of torch have become imports of the library."""
    source = (SCRIPTS / f"{script}.py").read_text()
    source = re.sub(r"^(import|from) torch\b", rf"\1 {library}", source, flags=re.M)
    source = source.replace(f"import {library}\n", f"import {library} as torch\n")
    names = {"__name__": script}
    exec(compile(source, script, "exec"), names)
    return names


def examples(rng, folder):
    return {
        "images": rng.standard_normal((32, 1, 14, 14)).astype(np.float32),
        "labels": rng.integers(0, 10, 32),
        "colours": rng.standard_normal((48, 3, 8, 8)).astype(np.float32),
        "small": rng.uniform(-1, 1, (48, 1, 4, 4)).astype(np.float32),
        "classes": rng.integers(0, 4, 48),
        "noise": rng.standard_normal((6, 8, 6)).astype(np.float32),
        "tokens": rng.integers(0, 7, (3, 7)),
        "states": rng.standard_normal((6, 4)).astype(np.float32),
        "folder": folder,
    }


@pytest.mark.filterwarnings("ignore:BatchNorm1d")  # its 0.8 is eps, as the script has it
@pytest.mark.parametrize("script", NETWORKS)
def test_a_script_trains_the_same(torch, script, rng, tmp_path):
    data = examples(rng, tmp_path)
    theirs = names_in(script, "torch")
    torch.manual_seed(0)
    weights = {
        name: {key: value.numpy().copy() for key, value in theirs[name]().state_dict().items()}
        for name in NETWORKS[script]
    }
    expected = theirs["train"](data, weights)
    losses = names_in(script, "nnlite.torch")["train"](data, weights)
    np.testing.assert_allclose(losses, expected, rtol=2e-4, atol=2e-5)
    assert len(set(expected)) > len(expected) // 3, "it learns something"
