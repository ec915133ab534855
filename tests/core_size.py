"""The files of nnlite's core, and how many lines of code each has: `python -m tests.core_size` prints the table.

docs/read-the-core.md reads these files in this order.
"""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUDGET = 1500
CORE = (
    "nnlite/function.py",
    "nnlite/autograd.py",
    "nnlite/tensor.py",
    "nnlite/functional/arithmetic.py",
    "nnlite/functional/reduce.py",
    "nnlite/functional/shape.py",
    "nnlite/functional/linear.py",
    "nnlite/functional/relu.py",
    "nnlite/functional/cross_entropy.py",
    "nnlite/backend/plain.py",
    "nnlite/backend/geometry.py",
    "nnlite/functional/conv.py",
    "nnlite/functional/batch_norm.py",
    "nnlite/nn/module.py",
    "nnlite/nn/linear.py",
    "nnlite/nn/conv.py",
    "nnlite/nn/batch_norm.py",
    "nnlite/optim/optimizer.py",
    "nnlite/optim/sgd.py",
    "nnlite/optim/adam.py",
    "nnlite/backend/__init__.py",
    "nnlite/backend/random.py",
    "nnlite/dtype.py",
    "nnlite/errors.py",
)

# What is no code: comments, and what only moves the reader to another line.
_LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> int:
    """How many lines of a Python source hold code: blank lines, comments and docstrings are left out."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        if documented and ast.get_docstring(node, clean=False) is not None:
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def sizes(files: tuple[str, ...] = CORE) -> dict[str, int]:
    """File -> its lines of code."""
    return {name: code_lines((ROOT / name).read_text()) for name in files}


def main() -> None:
    core = sizes()
    for name, lines in core.items():
        print(f"{lines:5}  {name}")
    print(f"{sum(core.values()):5}  the core, of at most {BUDGET}")
    everything, room = (_lines_in(ROOT / folder) for folder in ("nnlite", "nnlite/torch"))
    print(f"{everything - room:5}  nnlite without nnlite.torch, which has {room}")


def _lines_in(folder: Path) -> int:
    return sum(code_lines(path.read_text()) for path in folder.rglob("*.py"))


if __name__ == "__main__":
    main()
