"""What nnlite.torch has of PyTorch, as Markdown: python -m nnlite.torch.coverage [PAGE]

Prints the names that are there and the table of what differs and what is refused (differences.py). With a PAGE, such as
docs/from-pytorch.md, it writes them there, between the two comments that mark the place.
"""

import importlib
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..tensor import Tensor
from .differences import DIFFERS, MISSING, OURS, REFUSED, said_of, why_not

BEGIN, END = "<!-- begin: python -m nnlite.torch.coverage docs/from-pytorch.md -->", "<!-- end -->"

# PyTorch's namespaces -> the packages whose things count as belonging there; whatever else is in one was imported
NAMESPACES = {
    "torch": "nnlite numpy",
    "torch.Tensor": "nnlite",
    "torch.nn": "nnlite.nn nnlite.torch.nn",
    "torch.nn.functional": "nnlite.functional nnlite.torch.nn",
    "torch.nn.init": "nnlite.nn.init nnlite.torch.nn.init",
    "torch.nn.utils": "nnlite.nn.utils nnlite.torch.nn.utils",
    "torch.optim": "nnlite.optim",
    "torch.optim.lr_scheduler": "nnlite.optim.lr_scheduler nnlite.torch.optim.lr_scheduler",
    "torch.utils.data": "nnlite.torch.utils.data",
    "torch.autograd": "nnlite.torch.autograd nnlite.torch.grad_mode",
    "torch.cuda": "nnlite.torch.cuda nnlite.backend",
    "torch.amp": "nnlite.torch.amp",
    "torch.accelerator": "nnlite.torch.accelerator nnlite.torch.cuda nnlite.backend",
    "torch.distributions": "nnlite.torch.distributions",
    "torchvision.datasets": "nnlite.torch.vision.datasets",
    "torchvision.ops": "nnlite.functional",
    "torchvision.transforms": "nnlite.torch.vision.transforms",
    "torchvision.transforms.functional": "nnlite.torch.vision.transforms.functional",
    "torchvision.utils": "nnlite.torch.vision.utils",
}
BAR = "\\|"  # one that ends no cell
IN_BOTH = {"log_softmax", "relu", "sigmoid", "softmax", "tanh"}  # functions of torch and of torch.nn.functional


def look_up(name: str) -> Any:
    """What PyTorch's name stands for here. Raises AttributeError or NotImplementedError if there is no such thing."""
    package, *parts = name.split(".")
    found: Any = importlib.import_module("nnlite.torch.vision" if package == "torchvision" else "nnlite.torch")
    for part in parts:
        found = getattr(found, part)
    return found


def names_in(namespace: str) -> list[str]:
    """The names in one of NAMESPACES that PyTorch has too."""
    home = Tensor if namespace == "torch.Tensor" else look_up(namespace)
    there = {name for name in dir(home) if not name.startswith("_") and f"{namespace}.{name}" not in MISSING}
    there -= set(OURS.get(namespace, "").split())
    if home is Tensor:
        return sorted(there)
    if namespace == "torch.nn.functional":  # nnlite.functional has all operations
        there -= {*names_in("torch"), *names_in("torch.Tensor")} - IN_BOTH
    packages = NAMESPACES[namespace].split()
    return sorted(name for name in there if _is_from(getattr(home, name), packages))


def _is_from(thing: Any, packages: list[str]) -> bool:
    where = "" if isinstance(thing, type(sys)) else getattr(thing, "__module__", packages[0])
    return any(where == package or where.startswith(f"{package}.") for package in packages)


def lists() -> Iterator[str]:
    """A row for each namespace: how many names, and which."""
    yield "| in | names | which |"
    yield "|---|---|---|"
    for namespace in NAMESPACES:
        names = names_in(namespace)
        yield f"| `{namespace}` | {len(names)} | {' '.join(names)} |"


def table() -> Iterator[str]:
    """A row for all names of which the same is to be said."""
    yield "| name | there | differs in | refused |"
    yield "|---|---|---|---|"
    rows = defaultdict(list)
    for name in sorted({name for entry in (*DIFFERS, *REFUSED, *MISSING) for name in entry.split()}, key=_place):
        rows[name in MISSING, said_of(name, DIFFERS), why_not(name)].append(name)
    for (missing, differs, refused), names in rows.items():
        cells = (_shortened(names), "no" if missing else "yes", differs, refused)
        yield f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"


def _place(name: str) -> tuple[Any, ...]:
    """Namespaces in their order, and names in that of the alphabet."""
    namespace = name.rpartition(".")[0]
    order = list(NAMESPACES)
    return order.index(namespace) if namespace in order else len(order), namespace, name.lower(), name


def _shortened(names: list[str]) -> str:
    """The namespace only where it changes."""
    shown, before = [], ""
    for name in names:
        namespace, _, last = name.rpartition(".")
        shown.append(f"`{last if namespace == before else name}`")
        before = namespace
    return ", ".join(shown)


def text() -> str:
    return "\n".join(["", *lists(), "", *table(), ""])


def updated(page: str) -> str:
    """The page with what `text` says between its marks. Raises ValueError without them."""
    start, end = page.index(BEGIN) + len(BEGIN), page.index(END, page.index(BEGIN))
    return f"{page[:start]}\n{text()}\n{page[end:]}"


if __name__ == "__main__":
    if sys.argv[1:]:
        page = Path(sys.argv[1])
        page.write_text(updated(page.read_text()))
    else:
        print(text())
