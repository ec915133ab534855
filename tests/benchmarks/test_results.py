"""The page of results: tables from figures, prose left alone, and no page from anything else."""

import json
import sys
from pathlib import Path

import cv2
import pytest

from benchmarks import results
from demos.shared.program import run_program
from stylize.marks import read_mark

ROW = {
    "work": "lenet", "device": "cpu", "batch": 128, "nnlite_ms": 10.0, "nnlite_spread": [9.0, 11.0], "torch_ms": 12.0,
    "torch_spread": [11.0, 13.0], "torch_channels_last_ms": 14.0, "ratio": 1.2, "nnlite_peak_mb": 50.0,
    "torch_peak_mb": 300.0, "command": "python -m benchmarks.train_steps --rounds 5", "machine": "a day, 2 cores",
}  # fmt: skip


@pytest.fixture
def results_of(monkeypatch, tmp_path):
    """Run the program on rows; its exit status."""

    def results_of(content):
        file = tmp_path / "figures.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        monkeypatch.setattr(sys, "argv", ["results", str(file), "--out", str(tmp_path)])
        with pytest.raises(SystemExit) as ended:
            run_program("results", results.main)
        return ended.value.code

    return results_of


def test_a_page_is_made_of_figures(results_of, tmp_path):
    assert results_of([ROW]) == 0
    page = (tmp_path / "RESULTS.md").read_text()
    assert "`python -m benchmarks.train_steps --rounds 5`, a day, 2 cores" in page
    (line,) = [line for line in page.splitlines() if "LeNet-5" in line]
    assert [cell.strip() for cell in line.strip("|").split("|")] == [
        "LeNet-5", "128", "10 (9-11)", "12 (11-13)", "14", "1.20", "50 / 300",
    ]  # fmt: skip
    assert cv2.imread(str(tmp_path / "results.png")).shape[1] == 800


def test_prose_stays_and_tables_are_replaced(results_of, tmp_path):
    page = tmp_path / "RESULTS.md"
    page.write_text(f"# Title\n\nbefore\n\n{results.BEGIN}\nold\n{results.END}\n\nafter \\1 \\g<0>\n")
    assert results_of([ROW]) == 0 and results_of([{**ROW, "torch_ms": 15.0}]) == 0
    text = page.read_text()
    assert text.startswith("# Title\n\nbefore\n") and text.endswith("\n\nafter \\1 \\g<0>\n")
    assert "old" not in text and text.count("LeNet-5") == 1 and "15 (11-13)" in text


def test_a_page_without_marks_is_left_alone(results_of, tmp_path, capsys):
    (tmp_path / "RESULTS.md").write_text("mine")
    assert results_of([ROW]) == 2
    assert (tmp_path / "RESULTS.md").read_text() == "mine" and "must have the marks" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["no JSON", "[]", "{}", '[{"command": "python -m json.tool"}]', '[{"work": 1}]'])
def test_a_file_of_something_else_is_refused_in_a_line(results_of, tmp_path, capsys, content):
    assert results_of(content) == 2
    said = capsys.readouterr().err
    assert "holds no figures of a benchmark" in said and said.count("\n") == 1
    assert not (tmp_path / "RESULTS.md").exists()


def test_bars_are_for_training_steps_alone():
    operation = {**ROW, "work": "gelu", "pass": "forward", "command": "python -m benchmarks.ops"}
    assert dict(results.charted([ROW, {**ROW, "batch": 1, "ratio": None}])) == {"LeNet-5, batch 128": 1.2}
    assert dict(results.charted([{**ROW, "device": "gpu"}])) == {"LeNet-5, batch 128, GPU": 1.2}
    assert dict(results.charted([operation])) == {}


def test_the_page_in_the_repository_has_its_marks():
    text = (results.Path(results.__file__).parent / "RESULTS.md").read_text()
    assert text.count(results.BEGIN) == text.count(results.END) == 1


def test_a_picture_of_the_user_is_kept(results_of, tmp_path, capsys):
    mine = tmp_path / "results.png"
    mine.write_bytes(b"mine")
    assert results_of([ROW]) == 2
    said = capsys.readouterr().err
    assert "not written by python -m benchmarks.results" in said and said.count("\n") == 1
    assert mine.read_bytes() == b"mine" and not (tmp_path / "RESULTS.md").exists()
    mine.unlink()
    assert results_of([ROW]) == results_of([ROW]) == 0 and read_mark(mine) == "benchmarks.results"


@pytest.mark.parametrize(
    ("path", "program"),
    [("docs/styles.jpg", "styles"), ("benchmarks/results.png", "results"), ("benchmarks/growth.png", "growth")],
)
def test_the_pictures_in_the_repository_can_be_drawn_again(path, program):
    assert read_mark(Path(results.__file__).parents[1] / path) == f"benchmarks.{program}"
