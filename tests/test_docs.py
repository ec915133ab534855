"""The Python blocks of README, CONTRIBUTING and docs/ run as they stand, and print what the page shows below them."""

import doctest
import re
from pathlib import Path

import pytest

from nnlite import backend

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page):
    """(language, text, line of the page)"""
    text = page.read_text()
    return [(m[1], m[2], text[: m.start()].count("\n") + 2) for m in BLOCK.finditer(text)]


WITH_CODE = [page for page in PAGES if any(language == "python" for language, *_ in blocks(page))]


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.name)
def test_every_block_runs_and_prints_what_the_page_says(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(backend, "_chosen", backend._chosen)  # for the next test, what a page chooses is over
    names = {"__name__": page.stem}
    printed = ""
    for language, text, line in blocks(page):
        if language == "python":
            code = "\n" * (line - 1) + text  # so that a traceback has the page's line numbers
            exec(compile(code, page, "exec"), names)
            printed = capsys.readouterr().out
        elif language == "text":
            equal = doctest.OutputChecker().check_output(text, printed, doctest.ELLIPSIS)
            assert equal, f"{page.name}:{line} shows\n{text}\nbut the block above it printed\n{printed}"


def test_the_pages_are_found():
    assert {"README.md", "write-your-own-layer.md"} <= {page.name for page in WITH_CODE}
