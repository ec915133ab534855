"""The table that `module.summary(input_shape)` prints, in the layout of Keras."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from ..backend import random
from ..creation import zeros
from ..dtype import get_default_dtype
from ..function import no_grad
from ..tensor import Tensor
from .module import Module, Parameter

Row = tuple[str, str, str]


def print_summary(module: Module, input_shape: Any) -> None:
    """Run the module once on zeros and print a row for each layer that ran, in that order, and totals.

    A layer is a Module without Modules inside, or with Parameters of its own; functions (F.relu, cat) have no row.
    A layer that runs twice has two rows; a parameter counts in the first row that has it, and once in the totals.
    Buffers (running statistics) are not counted, as in PyTorch; Keras calls them non-trainable parameters.

    The run is in eval mode, without gradients, on the device and in the dtype of the first parameter; training mode,
    running statistics and random numbers are as before. Raises TypeError or ShapeError for anything but a shape.
    """
    rows = _run(module, _inputs(module, input_shape))
    total = sum(p.numel() for p in module.parameters())
    trainable = sum(p.numel() for p in module.parameters() if p.requires_grad)
    totals = {"Total": total, "Trainable": trainable, "Non-trainable": total - trainable}
    line, table = _table(("Layer (type)", "Output Shape", "Param #"), rows)
    print(f'Model: "{type(module).__name__}"', line, table, sep="\n")
    print(*(f"{what} params: {number:,}" for what, number in totals.items()), line, sep="\n")


def _inputs(module: Module, input_shape: Any) -> list[Tensor]:
    """Zeros for each shape, with a batch axis of 1 in front; Tensors as they are."""
    first = next(module.parameters(), None)
    dtype, device = (get_default_dtype(), "cpu") if first is None else (first.dtype, first.device)
    several = isinstance(input_shape, Sequence) and any(isinstance(s, (Sequence, Tensor)) for s in input_shape)
    shapes = input_shape if several else [input_shape]
    if not all(isinstance(s, (tuple, list, Tensor)) for s in shapes):
        raise TypeError(
            "summary: expected a shape without its batch axis, such as (3, 64, 64), or a list of shapes, "
            f"got {input_shape!r}"
        )
    return [s if isinstance(s, Tensor) else zeros((1, *s), dtype=dtype, device=device) for s in shapes]


def _run(module: Module, inputs: list[Tensor]) -> list[Row]:
    """A row for each call of a layer, in the order in which they returned."""
    rows: list[Row] = []
    counted: set[Parameter] = set()

    def noting(name: str) -> Any:
        def hook(layer: Module, args: tuple, output: Any) -> None:
            fresh = set(_own_parameters(layer)) - counted
            counted.update(fresh)
            kind = type(layer).__name__
            rows.append((f"{name} ({kind})" if name else kind, _shape(output), f"{sum(p.numel() for p in fresh):,}"))

        return hook

    with ExitStack() as until_then, no_grad():
        until_then.enter_context(_undisturbed(module))
        for name, layer in module.named_modules():
            part_of_a_layer = "parametrizations" in name.split(".")
            if not part_of_a_layer and (_own_parameters(layer) or not list(layer.children())):
                until_then.enter_context(layer.register_forward_hook(noting(name)))
        module(*inputs)
    return rows


def _own_parameters(layer: Module) -> list[Parameter]:
    """Without those of layers inside; but what spectral_norm computes a layer's weight from is that layer's own."""
    return [p for name, p in layer.named_parameters() if "." not in name or name.startswith("parametrizations.")]


@contextmanager
def _undisturbed(module: Module) -> Iterator[None]:
    """In eval mode inside; afterwards modes, buffers (some move in any mode) and random numbers are as before."""
    modes = [(m, m.training) for m in module.modules()]
    buffers = [(b.array, b.array.copy()) for b in module.buffers()]
    state = random.get_rng_state()
    module.eval()
    try:
        yield
    finally:
        random.set_rng_state(state)
        for m, training in modes:
            m.training = training
        for array, before in buffers:
            array[...] = before


def _shape(output: Any) -> str:
    """(None, 64, 32, 32): None is the batch. Several tensors in a row, other things by their type."""
    if isinstance(output, Tensor):
        return str((None, *output.shape[1:]) if output.shape[:1] == (1,) else output.shape)
    if isinstance(output, (tuple, list)):
        return ", ".join(_shape(o) for o in output)
    return type(output).__name__


def _table(head: Row, rows: list[Row]) -> tuple[str, str]:
    """A line as wide as the table, and the table."""
    widths = [max(len(row[i]) for row in (head, *rows)) + 3 for i in range(3)]
    double = "=" * sum(widths)
    text = ["".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)]
    return "_" * len(double), "\n".join([text[0], double, *text[1:], double])
