"""The core of nnlite and nothing else: every other module of the project is blocked.

tests/nnlite/test_core.py runs this in processes of their own.

    python -m tests.core_alone train      trains a convolutional classifier on digits; prints its accuracy on others
    python -m tests.core_alone trace      prints every function that one convolution's backward enters

The `__init__.py` of a package only lists the names of its files, so here a list of the core's takes its place.
"""

from __future__ import annotations

import importlib
import importlib.abc
import sys
import types
from pathlib import Path

import numpy as np

from tests.core_size import CORE, ROOT

PROJECT = ("nnlite", "models", "stylize", "demos", "benchmarks")
PACKAGES = ("nnlite", "nnlite.functional", "nnlite.nn", "nnlite.optim")
MODULES = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in CORE]


class OnlyTheCore(importlib.abc.MetaPathFinder):
    """Refuses to find any other module of the project."""

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in PROJECT and name not in MODULES:
            raise ImportError(f"{name} is not part of the core")


def import_core() -> types.ModuleType:
    """nnlite with the core alone."""
    sys.meta_path.insert(0, OnlyTheCore())
    packages = {}
    for name in PACKAGES:
        package = packages[name] = sys.modules[name] = types.ModuleType(name)
        package.__path__ = [str(ROOT / name.replace(".", "/"))]
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(packages[parent], last, package)
    for name in MODULES:
        module, package = importlib.import_module(name), packages.get(name.rpartition(".")[0])
        own = {key: value for key, value in vars(module).items() if getattr(value, "__module__", None) == name}
        if package is not None:
            vars(package).update({key: value for key, value in own.items() if not key.startswith("_")})
    packages["nnlite"].backend.use("plain")
    return packages["nnlite"]


def classifier(nnlite):
    """Two convolutions with batch norm, and a linear layer, written as in PyTorch."""
    nn, F = nnlite.nn, nnlite.functional

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.norm1 = nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8)
            self.conv2, self.norm2 = nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.BatchNorm2d(16)
            self.out = nn.Linear(16 * 7 * 7, 10)

        def forward(self, x):
            x = F.relu(self.norm1(self.conv1(x)))
            x = F.relu(self.norm2(self.conv2(x)))
            return self.out(x.flatten(1))

    return Classifier()


def train(nnlite) -> float:
    """The share of digits never seen in training that are read right after 100 steps of Adam."""
    digits = np.load(ROOT / "demos" / "assets" / "digits" / "mnist10k.npz")
    images, labels = digits["images"][:, None].astype(np.float32) / 255.0, digits["labels"].astype(np.int64)
    nnlite.backend.random.manual_seed(0)
    order = np.random.default_rng(0).permutation(len(images))
    known, unseen = order[:-1000], order[-1000:]
    network = classifier(nnlite)
    optimizer = nnlite.optim.Adam(network.parameters(), lr=1e-2)
    for step in range(100):
        batch = known[64 * step : 64 * (step + 1)]
        x, y = nnlite.Tensor(images[batch]), nnlite.Tensor(labels[batch])
        loss = nnlite.functional.cross_entropy(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    scores = network(nnlite.Tensor(images[unseen])).numpy()
    return float((scores.argmax(1) == labels[unseen]).mean())


def trace(nnlite) -> set[tuple[str, str]]:
    """(file, function) of every function that the backward pass of one convolution with a bias enters.

    Comprehensions, which Python 3.11 runs as functions, are not counted.
    """
    nnlite.backend.random.manual_seed(0)
    layer, x = nnlite.nn.Conv2d(2, 3, 3, stride=2, padding=1), nnlite.Tensor(np.ones((2, 2, 7, 6)), requires_grad=True)
    layer.weight.array, layer.bias.array = (p.array.astype(np.float64) for p in (layer.weight, layer.bias))
    loss, entered = layer(x).sum(), set()

    def note(frame, event, argument):
        code = frame.f_code
        ours = code.co_filename.startswith(str(ROOT / "nnlite")) and not code.co_name.endswith("comp>")
        if event == "call" and ours and code.co_name != "<genexpr>":
            entered.add((str(Path(code.co_filename).relative_to(ROOT)), code.co_qualname))

    sys.setprofile(note)
    try:
        loss.backward()
    finally:
        sys.setprofile(None)
    assert x.grad is not None and layer.weight.grad is not None and layer.bias.grad is not None
    return entered


def main() -> None:
    nnlite = import_core()
    if sys.argv[1:] == ["train"]:
        print(train(nnlite))
    elif sys.argv[1:] == ["trace"]:
        print(*(f"{file} {function}" for file, function in sorted(trace(nnlite))), sep="\n")
    else:
        sys.exit("usage: python -m tests.core_alone train|trace")


if __name__ == "__main__":
    main()
