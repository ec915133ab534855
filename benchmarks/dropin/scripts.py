"""What a Python file is: a script that trains, networks to be imported, another script, or a file without PyTorch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
SKIPPED = {"__pycache__", "site-packages", "node_modules"}


class Script(NamedTuple):
    """A file and how it is run: "training" and "other" as __main__, "networks" by building what it defines."""

    path: Path
    kind: str


def scripts_in(paths: list[Path]) -> Iterator[Script]:
    """The files that use PyTorch among `paths` and in the folders among them, sorted in each folder."""
    for path in paths:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if not hidden and not SKIPPED.intersection(file.parts):
                kind = kind_of(file.read_text(encoding="utf-8", errors="replace"))
                if kind:
                    yield Script(file, kind)


def kind_of(text: str) -> str | None:
    """The kind of a Script, or None for a file without PyTorch. What cannot be parsed is judged by its words."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ("training" if ".backward(" in text else "other") if "import torch" in text else None
    nodes = list(ast.walk(tree))
    if not any(_module(name) == "torch" for node in nodes for name in _imported(node)):
        return None
    if any(isinstance(node, ast.Attribute) and node.attr == "backward" for node in nodes):
        return "training"
    return "networks" if any(isinstance(node, ast.ClassDef) and _is_network(node) for node in nodes) else "other"


def runs_by_itself(text: str) -> bool:
    """Whether the file does anything as __main__: it has statements other than imports, definitions and names."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return True  # let it be tried
    return any(not isinstance(node, DEFINING) and not _is_docstring(node) for node in body)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def _module(name: str) -> str:
    return name.partition(".")[0]


def _is_network(node: ast.ClassDef) -> bool:
    """A class Name(nn.Module), or one of another base that defines forward."""
    forward = any(isinstance(item, ast.FunctionDef) and item.name == "forward" for item in node.body)
    return any(ast.unparse(base).endswith("Module") or forward for base in node.bases)
