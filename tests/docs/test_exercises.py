"""The exercises of docs/learn/: solutions are right, wrong answers are refused, and a page can wait for its answers."""

import importlib
import sys
from pathlib import Path

import pytest

LEARN = Path(__file__).parents[2] / "docs" / "learn"
PAGES = sorted(path.stem for path in (LEARN / "checks").glob("[a-z]*.py"))


@pytest.fixture(autouse=True)
def in_the_folder_of_the_pages(monkeypatch):
    monkeypatch.syspath_prepend(str(LEARN))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] in ("lesson", "checks", "solutions")]:
        del sys.modules[name]


def exercises(page):
    """name -> check"""
    module = importlib.import_module(f"checks.{page}")
    return {name: check for name, check in vars(module).items() if hasattr(check, "is_exercise")}


@pytest.mark.parametrize("page", PAGES)
def test_solutions_are_right(page, capsys):
    solutions = importlib.import_module(f"solutions.{page}")
    assert len(exercises(page)) == 3
    for name, check in exercises(page).items():
        check(getattr(solutions, name))
        assert capsys.readouterr().out == "Right.\n", name


@pytest.mark.parametrize("page", PAGES)
def test_wrong_answers_are_refused(page):
    wrong_answers = importlib.import_module(f"tests.docs.wrong_answers.{page}")
    lesson = importlib.import_module("lesson")
    for name, check in exercises(page).items():
        assert len(getattr(wrong_answers, name)) >= 2, name
        for answer in getattr(wrong_answers, name):
            with pytest.raises(lesson.WrongAnswer):
                check(answer)


@pytest.mark.parametrize("page", PAGES)
def test_an_exercise_without_an_answer_is_no_error(page, capsys):
    for check in exercises(page).values():
        check(None)
        assert capsys.readouterr().out == "No answer yet.\n"


def test_every_page_has_its_exercises():
    pages = [path.stem.split("-", 1)[1].replace("-", "_") for path in LEARN.glob("[0-9][0-9]-*.md")]
    assert sorted(pages) == PAGES
