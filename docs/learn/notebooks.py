"""Make a notebook of each page in this folder, and run it.

    python docs/learn/notebooks.py            every page
    python docs/learn/notebooks.py 03 08      some of them

A page is Markdown, and the only source: its notebook is written again by this program and never edited. In front of the
page's own cells is setup_cell.py. A block that begins with ```python tiny="STEPS = 4" sets what a run takes; a tiny
run, as in the tests, sets that instead after it.
"""

import io
import sys
from base64 import b64decode, b64encode
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from PIL import Image

HERE = Path(__file__).parent
PAGES = sorted(HERE.glob("[0-9][0-9]-*.md"))
MOST_COLOURS = 256  # in a picture, so that its PNG is small


def read(page):
    """The page as a notebook that has not run."""
    notebook = jupytext.read(page)
    setup = nbformat.v4.new_code_cell((HERE / "setup_cell.py").read_text().rstrip())
    notebook.cells.insert(1, setup)  # below the title and the question
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # the same ones each time
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def run(notebook, tiny=False, timeout=1200):
    """Execute the cells in this folder, with what they print and draw; a cell that fails raises CellExecutionError."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if tiny:
        for cell in cells:
            cell.source += "\n" + cell.metadata.get("tiny", "")
    NotebookClient(notebook, timeout=timeout, resources={"metadata": {"path": str(HERE)}}).execute()
    for cell in cells:
        cell.metadata.pop("execution", None)  # the times of this run
        for output in cell.outputs:
            _make_smaller(output.get("data", {}))


def _make_smaller(data):
    """The same picture, a PNG of few colours."""
    if "image/png" in data:
        image = Image.open(io.BytesIO(b64decode(data["image/png"]))).convert("RGB")
        png = io.BytesIO()
        image.quantize(MOST_COLOURS, dither=Image.Dither.NONE).save(png, "png", optimize=True)
        data["image/png"] = b64encode(png.getvalue()).decode()


def main(numbers):
    pages = [page for page in PAGES if not numbers or page.name.split("-")[0] in numbers]
    if len(pages) < len(numbers):
        sys.exit(f"notebooks: there are pages {', '.join(page.name[:2] for page in PAGES)}; asked for {numbers}")
    for page in pages:
        notebook = read(page)
        run(notebook)
        nbformat.write(notebook, page.with_suffix(".ipynb"))
        print(page.with_suffix(".ipynb").relative_to(HERE.parents[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
