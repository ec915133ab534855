"""docs/from-pytorch.md says what is there: its tables are up to date, and every name in them stands for something."""

import importlib
import re
from pathlib import Path

import pytest

from nnlite.torch import coverage
from nnlite.torch.differences import DIFFERS, MISSING, OURS, REFUSED, why_not

PAGE = Path(__file__).parents[3] / "docs" / "from-pytorch.md"
NAMED = sorted({name for names in (*DIFFERS, *REFUSED) for name in names.split()})
NOT_THERE = sorted({name for names in MISSING for name in names.split() if not name.endswith(".*")})


def test_the_page_is_up_to_date():
    page = PAGE.read_text()
    assert coverage.updated(page) == page, "run python -m nnlite.torch.coverage docs/from-pytorch.md"


def test_the_imports_it_tells_to_write():
    rows = re.findall(r"^\| `((?:import|from) .*)` \| `(.*)` \|$", PAGE.read_text(), re.M)
    assert len(rows) == 9
    for theirs, ours in rows:
        back = ours.replace("nnlite.torch.vision", "torchvision").replace("nnlite.torch", "torch")
        assert back in (theirs, f"{theirs} as {theirs.split()[-1]}")
        exec(ours, {})


@pytest.mark.parametrize("name", NAMED)
def test_what_differs_or_refuses_is_there(name):
    coverage.look_up(name)
    assert name not in MISSING


@pytest.mark.parametrize("name", NOT_THERE)
def test_what_is_missing_says_why(name):
    """A class may be there to be imported; it raises when it is used."""
    with pytest.raises((AttributeError, NotImplementedError), match=f"{re.escape(why_not(name))}(;|$)"):
        coverage.look_up(name)()


@pytest.mark.parametrize("namespace", coverage.NAMESPACES)
def test_pytorch_has_the_names(torch, namespace):
    if namespace.startswith("torchvision"):
        pytest.skip("torchvision is not part of PyTorch")
    theirs = torch.Tensor if namespace == "torch.Tensor" else importlib.import_module(namespace)
    names = coverage.names_in(namespace)
    assert names and not {name for name in names if not hasattr(theirs, name)}
    assert not {name for name in OURS.get(namespace, "").split() if hasattr(theirs, name)}


@pytest.mark.parametrize("name", [name for name in (*NAMED, *NOT_THERE) if name.startswith("torch.")])
def test_pytorch_has_what_differs(torch, name):
    if "tensorboard" in name:
        pytest.importorskip("tensorboard")
    parts = name.split(".")[1:]
    importlib.import_module(".".join(["torch", *(part for part in parts[:-1] if part.islower())]))
    found = torch
    for part in parts:
        found = getattr(found, part)


def test_a_bar_ends_no_cell():
    rows = [row for row in coverage.text().splitlines() if row.startswith("| `")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4, 5}
