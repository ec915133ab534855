"""What exists only for speed can be switched off by name, and is then really not used."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nnlite
from nnlite import nn
from nnlite.backend import im2col, phases, scatter, tricks, two_parts
from nnlite.backend.cpu import Cpu, blas, blocks, products, threads, winograd

FOLDER = Path(im2col.__file__).parent

# For each trick a function that only it calls.
ENTRANCES = {
    "im2col": (Cpu, "rows_outer"),
    "phases": (phases, "spread"),
    "scatter": (scatter, "spread"),
    "two_parts": (two_parts.TwoParts, "__init__"),
    "winograd": (winograd, "rows_matmul"),
    "shared_weights": (products, "_are_few"),
    "by_tap": (products, "_columns_by_tap"),
    "blocks": (blocks, "_slices"),
    "threads": (threads, "_pool"),
    "one_blas_thread": (blas, "_switch"),
}


def train():
    """The weights after two steps of a small network that has a use for every trick."""
    nnlite.manual_seed(1)
    first, wide = nn.Conv2d(1, 4, 5), nn.Conv2d(4, 4, 3, padding=1)
    down, up = nn.Conv2d(4, 16, 4, 2, 1), nn.ConvTranspose2d(16, 2, 4, 2, 1)
    net = nn.Sequential(first, nn.BatchNorm2d(4), wide, nn.LeakyReLU(0.2), down, up, nn.Flatten(), nn.Linear(128, 3))
    sgd, x = nnlite.optim.SGD(net.parameters(), 1e-2, momentum=0.9), nnlite.randn(2, 1, 12, 12)
    for _ in range(2):
        sgd.zero_grad()
        (net(x) ** 2).mean().backward()
        sgd.step()
    return np.concatenate([p.detach().numpy().ravel() for p in net.parameters()])


def test_each_has_an_entrance_here():
    assert list(ENTRANCES) == list(tricks.TRICKS)


@pytest.mark.parametrize("name", tricks.TRICKS)
def test_switched_off_it_is_not_entered(name, tiny_blocks, monkeypatch):
    owner, attribute = ENTRANCES[name]
    entered, real = [], getattr(owner, attribute)

    def spy(*args, **kwargs):
        entered.append(attribute)
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, attribute, staticmethod(spy) if owner is Cpu else spy)
    with nnlite.backends.without(name):
        without = train()
    assert not entered
    with_it = train()
    assert entered
    np.testing.assert_allclose(without, with_it, rtol=0, atol=1e-5)


def test_off_ends_with_the_block_and_blocks_may_overlap():
    first, second = nnlite.backends.without("winograd", "blocks"), nnlite.backends.without("winograd")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert tricks.on("blocks") and not tricks.on("winograd")
    second.__exit__(None, None, None)
    assert tricks.on("winograd")
    with pytest.raises(ZeroDivisionError), nnlite.backends.without("threads"):
        raise ZeroDivisionError
    assert tricks.on("threads")


def test_an_unknown_name_is_an_error():
    with pytest.raises(ValueError, match="no trick 'magic'; the tricks are im2col, phases"):
        with nnlite.backends.without("winograd", "magic"):
            pass
    assert tricks.on("winograd")


@pytest.mark.parametrize("name", tricks.TRICKS)
def test_each_is_explained_in_the_file_that_holds_it(name):
    file, what = tricks.TRICKS[name].split(": ", 1)
    assert f'on("{name}")' in "".join(path.read_text() for path in FOLDER.rglob("*.py"))
    assert '"""' in (FOLDER / file).read_text() and what


def run(code, **environment):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=60)


def test_the_environment_switches_off_and_chooses_at_the_start():
    code = (
        "from nnlite.backend import on, tricks\n"
        "print([name for name in tricks.TRICKS if not tricks.on(name)], type(on('cpu')))"
    )
    result = run(code, NNLITE_WITHOUT="winograd, by_tap", NNLITE_BACKEND="plain")
    assert result.stdout == "['winograd', 'by_tap'] <class 'nnlite.backend.plain.Plain'>\n", result.stderr
    assert "there is no trick 'magic'" in run(code, NNLITE_WITHOUT="magic").stderr
    assert "no backend 'quick'" in run(code, NNLITE_BACKEND="quick").stderr
