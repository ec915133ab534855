"""Single operations here and in PyTorch, forward and backward, alternating, in one run.

python -m benchmarks.ops [--only TEXT] [--rounds N] [--json FILE]
"""

from __future__ import annotations

import os

os.environ.update(OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0")  # before PyTorch's first import

import numpy as np

from benchmarks.figures import command_line, keep, markdown, number, parse
from benchmarks.measure import LIBRARIES, alternate, describe_machine, library, summary
from demos.shared.program import run_program

TITLE = "Single operations on the CPU"
LEGEND = "Medians; ratio is PyTorch / nnlite, above 1: nnlite is faster."
COLUMNS = {"operation": 40, "pass": 18, "nnlite ms": 9, "PyTorch ms": 10, "ratio": 5}

# name -> (function of the library, its nn.functional and tensors; the tensors' shapes)
OPERATIONS = {
    "conv2d 3x3, 64 to 64 at 64x64": (lambda t, F, x, w: F.conv2d(x, w, padding=1), (4, 64, 64, 64), (64, 64, 3, 3)),
    "conv2d 3x3, 16 to 16 at 128x128": (
        lambda t, F, x, w: F.conv2d(x, w, padding=1),
        (4, 16, 128, 128),
        (16, 16, 3, 3),
    ),
    "conv2d 4x4 stride 2, 64 to 128": (
        lambda t, F, x, w: F.conv2d(x, w, stride=2, padding=1),
        (4, 64, 64, 64),
        (128, 64, 4, 4),
    ),
    "conv2d 5x5, 1 to 6 at 32x32": (lambda t, F, x, w: F.conv2d(x, w), (128, 1, 32, 32), (6, 1, 5, 5)),
    "conv2d 1x1, 256 to 64": (lambda t, F, x, w: F.conv2d(x, w), (4, 256, 32, 32), (64, 256, 1, 1)),
    "conv_transpose2d 4x4 stride 2, 128 to 64": (
        lambda t, F, x, w: F.conv_transpose2d(x, w, stride=2, padding=1),
        (4, 128, 32, 32),
        (128, 64, 4, 4),
    ),
    "linear 1024 to 1024, 128 rows": (lambda t, F, x, w: F.linear(x, w), (128, 1024), (1024, 1024)),
    "batch_norm": (
        lambda t, F, x, w, b: F.batch_norm(x, None, None, w, b, training=True),
        (16, 64, 64, 64),
        (64,),
        (64,),
    ),
    "layer_norm": (lambda t, F, x: F.layer_norm(x, (512,)), (2048, 512)),
    "leaky_relu": (lambda t, F, x: F.leaky_relu(x, 0.2), (16, 64, 64, 64)),
    "gelu": (lambda t, F, x: F.gelu(x), (16, 64, 32, 32)),
    "max_pool2d 2": (lambda t, F, x: F.max_pool2d(x, 2), (16, 64, 64, 64)),
    "avg_pool2d 2": (lambda t, F, x: F.avg_pool2d(x, 2), (16, 64, 64, 64)),
    "softmax": (lambda t, F, x: F.softmax(x, 1), (2048, 512)),
    "interpolate nearest x2": (lambda t, F, x: F.interpolate(x, scale_factor=2), (4, 64, 64, 64)),
    "interpolate bilinear x2": (lambda t, F, x: F.interpolate(x, scale_factor=2, mode="bilinear"), (4, 64, 64, 64)),
    "cat of channels": (lambda t, F, x, y: t.cat([x, y], 1), (4, 64, 64, 64), (4, 64, 64, 64)),
    "a * b + c": (lambda t, F, x, y, z: x * y + z, (16, 64, 64, 64), (16, 64, 64, 64), (64, 1, 1)),
}


def main() -> None:
    parser = command_line("benchmarks.ops", "The time of single operations in nnlite and PyTorch.", rounds=15)
    parser.add_argument("--only", default="", metavar="TEXT", help="operations with this in their name")
    arguments = parse(parser)
    machine = describe_machine()
    print(machine)
    points = ((name, backward) for name in OPERATIONS if arguments.only in name for backward in (False, True))
    rows = keep((measure(*point, arguments.rounds) for point in points), arguments, machine)
    for line in markdown(COLUMNS, map(cells, rows)):
        print(line, flush=True)


def cells(row):
    """A row of the table."""
    return [row["work"], row["pass"], *(number(row[f"{lib}_ms"], 2) for lib in LIBRARIES), number(row["ratio"], 2)]


def measure(name, backward, rounds):
    """The figures of one operation, without its backward pass or with it."""
    call, *shapes = OPERATIONS[name]
    what = "forward + backward" if backward else "forward"
    row = {"work": name, "device": "cpu", "batch": shapes[0][0], "pass": what}
    steps = {lib: step(library(lib), call, shapes, backward) for lib in LIBRARIES}
    return row | summary(alternate(steps, rounds))


def step(torch, call, shapes, backward):
    """A function that runs the operation once; its result is used, so that nothing can be left out."""
    rng = np.random.default_rng(0)
    tensors = [torch.tensor(rng.standard_normal(s).astype(np.float32), requires_grad=backward) for s in shapes]
    y = call(torch, torch.nn.functional, *tensors)
    u = torch.tensor(rng.standard_normal(tuple(y.shape)).astype(np.float32))

    def run():
        for tensor in tensors:
            tensor.grad = None
        y = call(torch, torch.nn.functional, *tensors)
        if backward:
            y.backward(u)
        return 0.0

    return run


if __name__ == "__main__":
    run_program("ops", main)
