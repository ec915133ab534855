"""Page 2: autograd."""

import copy

import numpy as np
from lesson import NotAnswered, WrongAnswer, exercise, expect

import nnlite
from nnlite.autograd import walk


@exercise
def order(answer):
    """On the page's graph, one with a node used twice by one user, and random ones: each node after all its users."""
    graphs = [
        {"L": ["u", "v"], "v": ["u", "c"], "u": ["a", "b"], "a": [], "b": [], "c": [], "unrelated": ["a"]},
        {"L": ["u", "w"], "w": ["v", "v"], "v": ["u"], "u": []},
    ]
    generator = np.random.default_rng(0)
    for nodes in (6, 10, 20):
        graphs.append({i: [int(j) for j in generator.integers(i, size=2)] if i else [] for i in reversed(range(nodes))})
    for inputs in graphs:
        root = next(iter(inputs))
        given = answer(copy.deepcopy(inputs), root)
        if given is None or given is ...:
            raise NotAnswered
        _check_order(list(given), inputs, root)


def _check_order(given, inputs, root):
    reached = [root]
    for node in reached:
        reached += [node for node in dict.fromkeys(inputs[node]) if node not in reached]
    if sorted(map(str, given)) != sorted(map(str, reached)):
        raise WrongAnswer(f"for {inputs} the order {given} does not have every node behind {root!r} exactly once")
    for user in reached:
        for node in inputs[user]:
            if given.index(node) < given.index(user):
                raise WrongAnswer(f"for {inputs} the order {given} has {node!r} before {user!r}, which uses it")


@exercise
def scale_and_shift_gradients(answer):
    """Against difference quotients of <dy, x scale + shift>, which is linear in each of the three."""
    generator = np.random.default_rng(0)
    x, dy = generator.normal(size=(2, 5, 3))
    scale, shift = generator.normal(size=(2, 3))
    given = answer(x.copy(), scale.copy(), dy.copy())
    if given is None or given is ...:
        raise NotAnswered
    if not isinstance(given, (tuple, list)) or len(given) != 3:
        raise WrongAnswer("return three arrays: dx, dscale, dshift")
    values = {"dx": x, "dscale": scale, "dshift": shift}
    for (name, value), gradient in zip(values.items(), given, strict=True):
        right = np.zeros_like(value)
        for index in np.ndindex(value.shape):
            results = []
            for step in (0.5, -0.5):
                value[index] += step
                results.append((dy * (x * scale + shift)).sum())
                value[index] -= step
            right[index] = results[0] - results[1]
        expect(gradient, right, name)


@exercise
def doublings(answer):
    """Against the walk; every path hands 1 to the leaf, so the gradient counts the paths."""
    x = leaf = nnlite.tensor(1.0, dtype=nnlite.float64, requires_grad=True)
    for _ in range(30):
        x = x + x
    visits = len(list(walk(x.grad_fn, np.ones(()))))
    x.backward()
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise WrongAnswer(f"{answer} is not two numbers: (visits, paths)")
    expect(answer[0], visits, "the number of visits")
    expect(answer[1], leaf.grad.item(), "the number of paths", tolerance=0)
