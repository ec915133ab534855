"""demos.explain autograd: its numbers against Python's own arithmetic and difference quotients, and what it refuses."""

import math
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from demos.explain.autograd import FORMULA, VALUES, frame, picture
from demos.explain.formula import MINUS, TIMES, Formula, values
from demos.explain.steps import steps
from tests.demos.runner import call_here, refused

FORMULAS = {
    FORMULA: VALUES,
    "u = a * b; v = u + c; L = v * a": VALUES,
    "(a * b + c) * a": VALUES,
    "x * x + 3 * x": "x=2",
    "2 - x / y - -x": "x=3, y=4",
    "x ** 3 / 5 + x ** -1": "x=-1.5",
    "y = relu(w * x + b); (y - t) ** 2": "w=1, x=3, b=-1, t=5",
    "exp(x) + log(x) * sqrt(x) - tanh(x) * sin(x)": "x=0.7",
    "u = sigmoid(x); u * u": "x=0.3",
}
PYTHON = {name: getattr(math, name) for name in ("exp", "log", "sin", "sqrt", "tanh")} | {
    "relu": lambda x: max(x, 0.0),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
}


def evaluate(code, numbers):
    """By Python: (the result, the value of each name)."""
    names = dict(numbers)
    *before, last = code.split(";")
    for statement in before:
        exec(statement.strip(), PYTHON, names)
    name, _, expression = last.rpartition("=")
    names[name.strip() or "result"] = eval(expression.strip(), PYTHON, names)
    return names[name.strip() or "result"], names


def by_name(formula, table):
    return {formula.name[node]: numbers for node, numbers in table.items()}


@pytest.fixture(params=FORMULAS, ids=lambda code: code.replace(" ", ""))
def given(request):
    """code, its numbers, the formula, its steps"""
    code, numbers = request.param, values(FORMULAS[request.param])
    formula = Formula(code, numbers)
    return code, numbers, formula, steps(formula)


class TestNumbers:
    def test_values_are_what_python_computes(self, given):
        code, numbers, formula, _ = given
        result, names = evaluate(code, numbers)
        assert formula.value[formula.root] == pytest.approx(result)
        for node, name in formula.name.items():
            assert formula.value[node] == pytest.approx(names.get(name, eval(formula.text[node], PYTHON, names)))

    def test_gradients_of_the_leaves_are_difference_quotients(self, given):
        code, numbers, formula, film = given
        h = 1e-6
        for name, gradients in by_name(formula, film[-1].grad).items():
            more, less = (evaluate(code, numbers | {name: numbers[name] + step})[0] for step in (h, -h))
            assert sum(gradients) == pytest.approx((more - less) / (2 * h), rel=1e-6, abs=1e-8)

    def test_what_walk_takes_is_what_had_added_up_in_the_table(self, given):
        *_, formula, film = given
        for before, step in pairwise(film):
            for node in step.visited.keys() - before.visited.keys():
                assert step.visited[node] == pytest.approx(sum(before.pending[node]))
                assert node not in step.pending
        assert film[-1].pending == {}
        assert film[-1].visited.keys() == formula.symbol.keys()

    def test_every_edge_hands_on_one_number(self, given):
        *_, formula, film = given
        edges = {(node, i) for node in formula.symbol for i, edge in enumerate(node.edges) if edge is not None}
        assert film[-1].on_edge.keys() == edges
        counts = [len(step.on_edge) for step in film]
        assert all(after - before in (0, 1) for before, after in pairwise(counts))


def test_the_film_of_the_page():
    formula = Formula(FORMULA, values(VALUES))
    film = steps(formula)
    tables = [by_name(formula, step.pending) for step in film[4:]]
    assert tables[:7] == [
        {"L": (1,)},
        {},
        {"u": (4,)},
        {"u": (4,), "v": (-6,)},
        {"u": (4,)},
        {"u": (4, -6)},
        {"u": (4, -6)},
    ]
    assert by_name(formula, film[-1].grad) == {"c": (-6,), "a": (6,), "b": (-4,)}
    assert [step.text for step in film[8:10]] == [
        f"Visit v: its gradient is {MINUS}6. It leaves the table.",
        f"v hands gradient {MINUS}6 {TIMES} slope 1 = {MINUS}6 to u.",
    ]


def test_a_value_used_twice_by_one_operation_has_two_edges():
    formula = Formula("x * x + 3 * x", {"x": 2.0})
    grads = by_name(formula, steps(formula)[-1].grad)
    assert sorted(grads["x"]) == [2, 2, 3]


def test_forward_says_what_is_computed():
    formula = Formula("u = x * x; v = u2 - u; v", {"x": 2.0, "u2": 1.0})
    assert [formula.equation(node) for node in formula.nodes if node in formula.symbol] == [
        "u = x * x = 4",
        f"v = u2 - u = {MINUS}3",
    ]


def words(figure):
    return [text.get_text().replace(MINUS, "-") for text in figure.axes[0].texts]


class TestPictures:
    def test_values_and_gradients_are_on_the_edges(self):
        shown = words(picture("u = a * b; v = u + c; L = v * a", VALUES))
        on_edges = ["2", "-6", "-3", "4", "-6", "2", "10", "2", "2", "4", "4", "2", "8", "1"]
        for number in on_edges:
            assert shown.count(number) >= on_edges.count(number), number
        assert "4 + (-6)\n= -2" in shown

    def test_without_gradients_there_are_values_only(self):
        shown = words(picture("a * b", "a=2, b=-3", gradients=False))
        assert sorted(filter(None, shown)) == sorted(
            ["a = 2", "b = -3", "2", "-3", "-6", "a * b", TIMES, "value", "gradient"]
        )

    def test_no_two_numbers_overlap(self):
        for code, numbers in FORMULAS.items():
            figure = picture(code, numbers)
            figure.draw_without_rendering()
            boxes = [text.get_window_extent().padded(-3) for text in figure.axes[0].texts if text.get_text()]
            for i, box in enumerate(boxes):
                assert not [other for other in boxes[:i] if box.overlaps(other)], code

    def test_a_frame_has_the_tables(self):
        shown = words(frame(FORMULA, VALUES, 9))
        assert "4 + (-6) = -2" in shown
        assert f"v hands gradient -6 {TIMES} slope 1 = -6 to u." in shown


def test_the_film_is_written(tmp_path):
    status, stdout, _ = call_here("autograd", "--out", tmp_path, demo="explain")
    assert not status and "15 frames" in stdout
    film = tmp_path / "autograd.gif"
    assert film.stat().st_size < 400_000
    with Image.open(film) as gif:
        assert gif.n_frames == 15 and gif.width >= 700
        first = np.asarray(gif.convert("RGB"))
        gif.seek(14)
        assert (np.asarray(gif.convert("RGB")) != first).any()


def test_ones_own_numbers(tmp_path):
    arguments = ("--formula", "p * q", "--values", "p=1.5, q=4", "--out", tmp_path)
    status, stdout, _ = call_here("autograd", *arguments, demo="explain")
    assert not status and "7 frames" in stdout


@pytest.mark.parametrize(
    "formula, numbers, message",
    [
        ("", "a=1", "the formula is empty"),
        ("a *", "a=1", "is not a formula"),
        ("a" * 201, "a=1", "at most 200"),
        ("a + b", "a=1", "b has no value"),
        ("a * a", "a=1, b=2", "does not need b"),
        ("u = a * a; a + 1", "a=1", "does not need u"),
        ("a = a * a; a", "a=1", "a has a value already"),
        ("u = a * a; u = u + a; u", "a=1", "u has a value already"),
        ("2 * 3", "a=1", "nothing is computed from"),
        ("a", "a=1", "nothing is computed from"),
        ("a ** a", "a=1", "the exponent must be a number"),
        ("a / (a - 1)", "a=1", "is inf"),
        ("log(a)", "a=-1", "is nan"),
        ("sqrt(a) * 2", "a=0", "gradient of"),
        ("exp(a)", "a=1000", "is inf"),
        ("a * 1e999", "a=1", "is inf"),
        ("9 ** 9 ** 9 ** a", "a=1", "the exponent must be a number"),
        ("a * 9 ** 9 ** 9", "a=1", "the exponent must be a number"),
        ("+".join("a" * 12), "a=1", "more than 9 operations"),
        ("a @ a", "a=1", "a formula is made of"),
        ("a if a else a", "a=1", "a formula is made of"),
        ("a.grad", "a=1", "a formula is made of"),
        ("a[0]", "a=1", "a formula is made of"),
        ("__import__('os').system('true')", "a=1", "a formula is made of"),
        ("print(a)", "a=1", "a formula is made of"),
        ("exp(a, a)", "a=1", "a formula is made of"),
        ("import os", "a=1", "a formula is made of"),
        ("lambda: a", "a=1", "a formula is made of"),
        ("'a' * a", "a=1", "a formula is made of"),
        ("True * a", "a=1", "a formula is made of"),
        ("1j * a", "a=1", "a formula is made of"),
        ("a, u = 1, 2", "a=1", "a formula is made of"),
        ("u = v = a * a", "a=1", "a formula is made of"),
        ("a * a", "a", 'expected "a=2, b=-3"'),
        ("a * a", "a=one", 'expected "a=2, b=-3"'),
        ("a * a", "a=nan", "a is nan"),
    ],
)
def test_what_is_refused(formula, numbers, message, tmp_path):
    line = refused("autograd", "--formula", formula, "--values", numbers, "--out", tmp_path, demo="explain")
    assert message in line, line
