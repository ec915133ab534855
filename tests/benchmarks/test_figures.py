"""--json and --sheet: a program replaces its own figures and pictures, and needs --overwrite for anything else."""

import json
import sys

import numpy as np
import pytest

from benchmarks import styles
from benchmarks.figures import command_line, keep, parse
from stylize import read_image, write_image
from stylize.files import FileError
from stylize.marks import read_mark


@pytest.fixture
def parsed(monkeypatch):
    """The options of a program called with these arguments."""

    def parsed(*arguments, program="benchmarks.ops"):
        monkeypatch.setattr(sys, "argv", [program, *map(str, arguments)])
        return parse(command_line(program, "", rounds=3))

    return parsed


def test_figures_are_replaced_by_those_of_the_same_program(parsed, tmp_path):
    file = tmp_path / "figures.json"
    for value in (1, 2):
        arguments = parsed("--rounds", 1, "--json", file)
        assert arguments.command == "python -m benchmarks.ops --rounds 1"
        list(keep([{"value": value}], arguments, "a machine"))
        assert [row["value"] for row in json.loads(file.read_text())] == [value]
    with pytest.raises(FileError, match=r"not written by python -m benchmarks\.gpu"):
        parsed("--json", file, program="benchmarks.gpu")
    arguments = parsed("--json", file, "--overwrite", program="benchmarks.gpu")
    assert arguments.command == "python -m benchmarks.gpu"  # where the figures go does not change what was measured


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"mine",
        b"[]",
        b"{}",
        b"[1]",
        b"3",
        b'[{"command": 1}]',
        b'[{"command": "mine"}]',
        b"\xff\xfe",
        b'[{"a": 1}]',
    ],
)
def test_other_files_are_kept(parsed, tmp_path, content):
    file = tmp_path / "figures.json"
    file.write_bytes(content)
    with pytest.raises(FileError, match="add --overwrite"):
        parsed("--json", file)
    assert file.read_bytes() == content
    assert parsed("--json", file, "--overwrite").json == file


def test_a_sheet_of_styles_replaces_only_itself(monkeypatch, tmp_path):
    monkeypatch.setattr(styles, "sheet", lambda: np.full((32, 40, 3), 9, np.uint8))
    sheet = tmp_path / "styles.png"

    def draw(*more):
        monkeypatch.setattr(sys, "argv", ["styles", "--sheet", str(sheet), *more])
        styles.main()

    draw()
    draw()
    assert read_mark(sheet) == "benchmarks.styles"
    write_image(sheet, np.full((32, 40, 3), 200, np.uint8))
    with pytest.raises(FileError, match=r"not written by python -m benchmarks\.styles"):
        draw()
    assert read_image(sheet).min() == 200
    draw("--overwrite")
    assert read_image(sheet).max() == 9
