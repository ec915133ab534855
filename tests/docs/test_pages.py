"""The pages of docs/learn/: short enough, and each notebook is its page, has run, and runs again at a tiny size.

What makes notebooks is in the extra `docs`; without it the tests that need it are skipped, unless NNLITE_REQUIRE_DOCS
is set, as in CI.
"""

import importlib.util
import json
import os
import re
import sys
from pathlib import Path

import pytest

LEARN = Path(__file__).parents[2] / "docs" / "learn"
PAGES = sorted(LEARN.glob("[0-9][0-9]-*.md"))
MOST_WORDS = 2200  # 15 minutes
MOST_LINES = 120  # of code, the library's own included


@pytest.fixture(scope="module")
def notebooks():
    """The program that makes notebooks, docs/learn/notebooks.py."""
    for package in ("jupytext", "nbclient", "ipykernel"):
        if not os.environ.get("NNLITE_REQUIRE_DOCS"):
            pytest.importorskip(package, reason='notebooks need pip install -e ".[docs]"')
    spec = importlib.util.spec_from_file_location("notebooks", LEARN / "notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def committed(page):
    """The cells of a page's notebook."""
    return json.loads(page.with_suffix(".ipynb").read_text())["cells"]


def code_cells(cells):
    return [cell for cell in cells if cell["cell_type"] == "code"]


def joined(text):
    """A notebook's file has a text as the list of its lines."""
    return text if isinstance(text, str) else "".join(text)


def results(cells):
    return [output for cell in code_cells(cells) for output in cell["outputs"]]


def lines_of_code(cells):
    """What a reader sees: the page's own code, without the cell that finds the project, and the library's."""
    shown = [joined(cell["source"]) for cell in code_cells(cells)[1:]]
    for output in results(cells):
        text = joined(output.get("data", {}).get("text/markdown", ""))
        shown += re.findall(r"^```python\n(.*)^```", text, re.MULTILINE | re.DOTALL)
    return [line for text in shown for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
class TestPage:
    def test_the_notebook_is_the_page(self, page, notebooks):
        wanted = [(cell["cell_type"], cell["source"]) for cell in notebooks.read(page).cells]
        found = [(cell["cell_type"], joined(cell["source"])) for cell in committed(page)]
        assert found == wanted, f"run python docs/learn/notebooks.py {page.name[:2]}"

    def test_it_runs_at_a_tiny_size(self, page, notebooks, tmp_path, monkeypatch):
        monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
        notebook = notebooks.read(page)
        notebooks.run(notebook, tiny=True, timeout=300)
        printed = "".join(output.get("text", "") for output in results(notebook.cells))
        assert printed.count("No answer yet.") == 3

    def test_the_notebook_has_run_to_its_end(self, page):
        cells = code_cells(committed(page))
        assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
        assert not [output for output in results(cells) if output["output_type"] == "error"]
        assert not [output for output in results(cells) if output.get("name") == "stderr"]

    def test_it_begins_with_a_question_and_ends_with_where_to_read_on(self, page):
        title, question, *_ = [line for line in page.read_text().splitlines() if line]
        assert title.startswith(f"# {int(page.name[:2])}. ")
        assert question.startswith("**") and question.endswith("?**")
        assert re.findall(r"^## (.*)$", page.read_text(), re.MULTILINE)[-2:] == ["Exercises", "Read on"]

    def test_it_takes_a_quarter_of_an_hour(self, page):
        assert len(lines_of_code(committed(page))) <= MOST_LINES
        prose = [joined(cell["source"]) for cell in committed(page) if cell["cell_type"] == "markdown"]
        assert sum(len(text.split()) for text in prose) <= MOST_WORDS

    def test_its_pictures_are_small(self, page):
        for output in results(committed(page)):
            assert len(output.get("data", {}).get("image/png", "")) < 200_000
        assert page.with_suffix(".ipynb").stat().st_size < 1_500_000

    def test_the_links_lead_somewhere(self, page):
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            assert target.startswith("https://") or (LEARN / target).exists(), target


def test_the_setup_cell_fetches_the_project_where_it_is_missing(tmp_path, monkeypatch):
    """As on Colab: the commands it runs in an empty folder, and where it ends up."""
    commands = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("builtins.input", lambda prompt: "https://example.org/nnlite")
    monkeypatch.setattr("subprocess.run", lambda command, check: commands.append(command))
    monkeypatch.setattr("shutil.which", lambda program: None)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "nnlite" / "docs" / "learn").mkdir(parents=True)  # what cloning would make
    exec((LEARN / "setup_cell.py").read_text(), {})
    assert commands[0][:2] == ["git", "clone"] and "https://example.org/nnlite" in commands[0]
    assert commands[1][1:] == ["-m", "pip", "install", "-q", "./nnlite"]
    assert Path.cwd() == tmp_path / "nnlite" / "docs" / "learn"
    assert sys.path[0] == str(tmp_path / "nnlite")
