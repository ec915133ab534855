"""Networks of a file, built and run forward and backward with arguments and inputs that are guessed.

PyTorch's run guesses until a network works, and writes down how; nnlite's run then does exactly the same.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.dropin.child import Record, array, described, norm
from benchmarks.dropin.datasets import numbers

MOST = 16  # networks of a file
SIDES = (32, 28, 64, 128, 224, 256, 8, 4, 1)  # of the images given to a convolution, the quick ones first
NO_MAKERS = ("main", "test", "train", "demo", "run", "parse", "get_args", "load", "save", "eval", "_")
BY_NAME = (  # words in the name of an argument, and what it is given
    (("class", "n_cls"), 10),
    (("shape",), [3, 32, 32]),
    (("kernel", "ksize"), 3),
    (("stride", "padding", "dilation", "groups", "scale"), 1),
    (("layer", "depth", "block", "num_", "n_", "repeat"), 2),
    (("drop", "rate", "alpha", "momentum", "prob"), 0.5),
    (("vocab",), 20),
    (("norm", "bias", "relu", "use_"), True),
)


def run(torch: ModuleType, script: Path, wanted: list[dict[str, Any]] | None, record: Record) -> None:
    """Write down what each network computes; `wanted` (name, arguments, inputs) is what PyTorch's run has found."""
    module = imported(script)
    if wanted is None:
        for name in list(itertools.islice(makers(torch, module), 4 * MOST)):
            for how in guesses(torch, getattr(module, name), name):
                torch.manual_seed(0)
                try:
                    results = computed(torch, getattr(module, name), how)
                except Exception:
                    continue
                if results.get("outputs"):
                    record.write(network=name, how=how, **results)
                    break
            else:
                record.write(network=name, how=None)
        return
    for how in wanted:
        torch.manual_seed(0)
        try:
            record.write(network=how["name"], **computed(torch, getattr(module, how["name"]), how))
        except Exception as error:
            record.write(network=how["name"], error=described(error, script.parent))


def imported(script: Path) -> ModuleType:
    """The file as a module, and as part of its package if it is in one."""
    if (script.parent / "__init__.py").exists() and script.parent.name.isidentifier():
        sys.path.insert(0, str(script.parent.parent))
        return importlib.import_module(f"{script.parent.name}.{script.stem}")
    spec = importlib.util.spec_from_file_location(script.stem, script)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules[script.stem] = module
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def makers(torch: ModuleType, module: ModuleType) -> Iterator[str]:
    """Names of the networks' classes, and of functions without arguments that may return one."""
    for name, value in list(vars(module).items()):
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(value) and issubclass(value, torch.nn.Module):
            yield name
        elif inspect.isfunction(value) and not name.lower().startswith(NO_MAKERS) and not required(value):
            yield name


def required(function: Callable) -> list[str]:
    """The names of the arguments that have no default."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind in positional]


def guesses(torch: ModuleType, make: Callable, name: str) -> Iterator[dict[str, Any]]:
    """Ways to build and call a network: arguments by their names, inputs by its first layer."""
    tried = []
    for other in (8, 16, 3, 64):
        arguments = [guess(argument, other) for argument in required(make)]
        if arguments in tried:
            continue
        tried.append(arguments)
        try:
            network = make(*arguments)
            inputs = list(input_guesses(torch, network, len(required(network.forward))))
        except Exception:
            continue
        for given in inputs:
            yield {"name": name, "arguments": arguments, "inputs": given}


def guess(argument: str, other: int) -> Any:
    words = (value for names, value in BY_NAME if any(word in argument.lower() for word in names))
    return next(words, other)


def input_guesses(torch: ModuleType, network: Any, count: int) -> Iterator[list[Any]]:
    """Lists of `count` inputs, each [shape, what its numbers are below] with 0 for normally distributed ones."""
    for first in first_inputs(torch.nn, network):
        for rest in ([first], [[first[0][:1], 10]], [[[*first[0][:-2], *(2 * n for n in first[0][-2:])], 0]]):
            yield [first, *(count - 1) * rest]
            if count == 1:
                break


def first_inputs(nn: ModuleType, network: Any) -> Iterator[list[Any]]:
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            yield from ([[2, layer.in_channels, side, side], 0] for side in SIDES)
        elif isinstance(layer, nn.Conv1d):
            yield [[2, layer.in_channels, 32], 0]
        elif isinstance(layer, nn.BatchNorm2d):
            yield [[2, layer.num_features, 16, 16], 0]
        elif isinstance(layer, nn.Embedding):
            yield from ([shape, layer.num_embeddings] for shape in ([2, 7], [7], [2]))
        elif isinstance(layer, nn.Linear):
            yield from ([shape, 0] for shape in ([2, layer.in_features], [2, 7, layer.in_features]))
            images = [[2, c, s, s] for c in (1, 3) for s in (28, 32, 64)]
            yield from ([shape, 0] for shape in images if np.prod(shape[1:]) == layer.in_features)
        elif any(isinstance(layer, getattr(nn, name, ())) for name in ("LSTM", "GRU", "RNN")):
            yield [[5, 2, layer.input_size], 0]
        else:
            continue
        break
    yield from ([shape, 0] for shape in ([2, 3, 32, 32], [2, 8, 16, 16], [2, 16]))


def computed(torch: ModuleType, make: Callable, how: dict[str, Any]) -> dict[str, Any]:
    """Build, run forward and backward. Figures of every output, and the length of every gradient.

    The backward pass starts from random gradients: those of a plain sum are 0 behind many layers.
    """
    network = make(*how["arguments"])
    if not isinstance(network, torch.nn.Module):
        return {}
    inputs = [made(torch, shape, below, place) for place, (shape, below) in enumerate(how["inputs"])]
    outputs = list(tensors(torch, network(*inputs)))
    floats = [out for out in outputs if out.requires_grad]
    total = sum((out * cotangent(torch, out, place)).sum() for place, out in enumerate(floats))
    if floats:
        total.backward()
    gradients = {name: norm([array(p.grad)]) for name, p in network.named_parameters() if p.grad is not None}
    gradients |= {f"input {i}": norm([array(x.grad)]) for i, x in enumerate(inputs) if x.grad is not None}
    return {"outputs": [figures(out, place) for place, out in enumerate(outputs)], "gradients": gradients}


def made(torch: ModuleType, shape: list[int], below: int, place: int) -> Any:
    source = numbers("input", place)
    if below:
        return torch.from_numpy(source.integers(0, below, shape))
    return torch.from_numpy(source.standard_normal(shape).astype(np.float32)).requires_grad_(True)


def cotangent(torch: ModuleType, out: Any, place: int) -> Any:
    return torch.from_numpy(np.asarray(numbers("cotangent", place).standard_normal(tuple(out.shape)), np.float32))


def tensors(torch: ModuleType, value: Any) -> Iterator[Any]:
    """All tensors in an output: a tensor, or a tuple, list or dictionary of them."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors(torch, item)
    elif isinstance(value, dict):
        yield from tensors(torch, list(value.values()))


def figures(tensor: Any, place: int) -> dict[str, Any]:
    """Shape, length, and the share in a random direction, which tells values in another order apart."""
    values = array(tensor)
    direction = numbers("direction", place).standard_normal(values.shape)
    return {"shape": list(values.shape), "norm": norm([values]), "share": float((values * direction).sum())}
