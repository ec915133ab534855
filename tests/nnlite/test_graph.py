"""The graph as text and as a picture: what is in it, the sizes of its gradients, and that looking changes nothing."""

import os
import re
import sys
from itertools import combinations

import cv2
import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import GraphError, graph, nn
from tests.helpers import leaf


class Residual(nn.Module):
    """Convolution, batch norm, a skip connection and a linear layer."""

    def __init__(self):
        super().__init__()
        self.stem, self.conv = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm, self.act, self.head = nn.BatchNorm2d(4), nn.LeakyReLU(0.2), nn.Linear(4 * 36, 1)

    def forward(self, x):
        x = self.stem(x)
        return self.head((x + self.act(self.norm(self.conv(x)))).flatten(1))


@pytest.fixture
def network(rng):
    """(module, loss, the tensors between)"""
    net = Residual()
    between = {}

    def keep(module, args, output):
        output.retain_grad()
        between[module] = output

    for module in net.children():
        module.register_forward_hook(keep)
    x = nnlite.tensor(rng.standard_normal((2, 3, 6, 6)).astype(np.float32))
    return net, F.mse_loss(net(x), nnlite.zeros(2, 1)), between


# Text


def test_one_line_for_each_node_in_the_order_of_computation():
    a, b = leaf(np.ones((2, 3))), leaf(np.ones(3))
    c = a * b
    y = (c * 2.0 + c.tanh()).sum()
    assert graph.text(y, {"first": a}) == (
        "#1 first        (2, 3)\n"
        "#2 Tensor       (3,)\n"
        "#3 Mul(#1, #2)  (2, 3)\n"
        "#4 Mul(#3, _)   (2, 3)\n"
        "#5 Tanh(#3)     (2, 3)\n"
        "#6 Add(#4, #5)  (2, 3)\n"
        "#7 Sum(#6)      ()"
    )


def test_leaves_have_the_names_of_a_module(network):
    net, loss, _ = network
    text = graph.text(loss, dict(net.named_parameters()))
    for name, parameter in net.named_parameters():
        assert re.search(rf"^#\d+ {re.escape(name)} +{re.escape(str(parameter.shape))}$", text, re.MULTILINE)
    assert "Parameter" in graph.text(loss) and "Parameter" not in text
    assert graph.text(loss, net.named_parameters()) == text


def test_a_shared_node_has_one_line():
    x = leaf([1.0])
    for _ in range(60):  # 2^60 paths
        x = x + x
    lines = graph.text(x).splitlines()
    assert len(lines) == 61 and lines[-1].split()[:3] == ["#61", "Add(#60,", "#60)"]


def test_text_of_a_graph_deeper_than_pythons_stack():
    x = leaf([1.0])
    for _ in range(sys.getrecursionlimit() * 3):
        x = x * 1.0
    text = graph.text(x)
    assert text.count("\n") == sys.getrecursionlimit() * 3


def test_a_part_that_was_freed_is_said_to_be(rng):
    shared = leaf([1.0, 2.0]).exp()
    (shared * 2.0).sum().backward()
    other = shared.sum()
    assert graph.text(other).splitlines() == ["#1 Exp()    freed", "#2 Sum(#1)  ()"]
    with pytest.raises(GraphError, match="freed"):
        graph.gradient_norms(other)


# Gradients


def test_norms_are_those_that_backward_leaves(network):
    net, loss, between = network
    norms = graph.gradient_norms(loss)
    loss.backward()
    for tensor in (*net.parameters(), *between.values()):
        expected = np.linalg.norm(tensor.grad.numpy().astype(np.float64))
        assert expected > 0 and norms.get(tensor, norms.get(tensor.grad_fn)) == pytest.approx(expected, rel=1e-5)


def test_norms_in_closed_form():
    """y = sum (3 x)^2: dy/d(3x) = 6 x and dy/dx = 18 x, for x = (3, 4) of norms 30 and 90."""
    x = leaf([3.0, 4.0])
    triple = 3.0 * x
    norms = graph.gradient_norms(triple * triple)  # of several elements: the gradient of their sum
    assert norms[triple.grad_fn] == pytest.approx(30.0) and norms[x] == pytest.approx(90.0)


def test_looking_changes_nothing(network, tmp_path):
    net, loss, between = network
    tensors = [*net.parameters(), *between.values()]
    graph.draw(loss, tmp_path / "graph.png")
    graph.text(loss)
    assert all(t.grad is None for t in tensors)
    loss.backward(retain_graph=True)
    before = [t.grad.numpy().copy() for t in tensors]
    graph.draw(loss, tmp_path / "graph.png")
    assert all(np.array_equal(t.grad.numpy(), g) for t, g in zip(tensors, before, strict=True))
    loss.backward()  # the graph is still there
    for t, g in zip(tensors, before, strict=True):
        np.testing.assert_allclose(t.grad.numpy(), 2.0 * g, rtol=1e-5)


# The picture


def test_an_svg_has_every_box(network, tmp_path):
    """matplotlib leaves each text as a comment beside its outline."""
    net, loss, _ = network
    names = dict(net.named_parameters())
    graph.draw(loss, tmp_path / "graph.svg", names)
    svg = (tmp_path / "graph.svg").read_text()
    norms = graph.gradient_norms(loss)
    for name, parameter in names.items():
        for line in (name, str(parameter.shape), f"|grad| {norms[parameter]:.3g}"):
            assert line in svg
    for operation in ("Conv2d", "LeakyReLU", "Add", "Linear"):
        assert operation in svg
    assert os.listdir(tmp_path) == ["graph.svg"]


def test_a_png_shows_leaves_green_and_operations_blue(network, tmp_path):
    graph.draw(network[1], tmp_path / "graph.png")
    picture = cv2.imread(str(tmp_path / "graph.png"))[..., ::-1]
    lines = graph.text(network[1]).splitlines()
    leaves = sum("Parameter" in line for line in lines)
    for color, count in (((0xE3, 0xF0, 0xD9), leaves), ((0xDC, 0xE8, 0xF6), len(lines) - leaves)):
        filled = (picture == color).all(axis=2).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(filled)
        assert (stats[1:, cv2.CC_STAT_AREA] > 1000).sum() == count


def placed(loss):
    """The layout for boxes of width 1: boxes, arrows as lists of places, row and x and width of each place."""
    nodes = graph.nodes_of(loss)
    depth = dict(graph.depths_of(nodes))
    routes = graph.routes_of(nodes, depth)
    width = dict.fromkeys(depth, 0.1) | dict.fromkeys(nodes, 1.0)
    return nodes, routes, depth, graph.columns_of(routes, depth, width), width


def graphs(rng):
    """A chain, many leaves into one node, a node used far away, and a weight used in every step."""
    a, b = leaf(rng.standard_normal(3)), leaf(rng.standard_normal(3))
    h = far = a * b
    for _ in range(6):
        h = (h * b).tanh() + far
    yield a.exp().log().sum()
    yield nnlite.cat([leaf(np.ones(2)) for _ in range(9)]).sum()
    yield h.sum()
    yield (h * far + a).sum()


def test_boxes_and_arrows_keep_clear_of_each_other(rng):
    for loss in graphs(rng):
        nodes, routes, depth, x, width = placed(loss)
        for p, q in combinations(depth, 2):
            if depth[p] == depth[q]:
                assert abs(x[p] - x[q]) >= (width[p] + width[q]) / 2 + graph.GAP - 1e-9
        for route in routes:
            rows = [depth[place] for place in route]
            assert rows == list(range(rows[0], rows[-1] + 1)), "downwards, through every row"
        assert {route[-1] for route in routes} <= set(nodes)


def test_a_chain_stands_straight():
    x = leaf([1.0])
    for _ in range(10):
        x = (x * leaf([2.0])).tanh()
    nodes, _, _, columns, _ = placed(x)
    trunk = [columns[node] for node in nodes if isinstance(node, nnlite.Function)]
    assert max(trunk) - min(trunk) < 0.05


def test_a_failure_leaves_the_old_picture(network, tmp_path, monkeypatch):
    path = tmp_path / "graph.png"
    graph.draw(network[1], path)
    before = path.read_bytes()
    from matplotlib.figure import Figure

    def full_disk(self, name):
        name.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(Figure, "savefig", full_disk)
    with pytest.raises(OSError, match="No space"):
        graph.draw(network[1], path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["graph.png"]


def test_a_name_with_signs_of_its_own_is_drawn_as_it_is(tmp_path):
    x = leaf([1.0])
    graph.draw(x.exp(), tmp_path / "graph.svg", {"$x_1$ & <y>": x})
    assert os.listdir(tmp_path) == ["graph.svg"]


# Bad input


def test_a_graph_too_large_to_read_is_refused(tmp_path):
    y = leaf([1.0])
    for _ in range(199):
        y = -y
    graph.draw(y, tmp_path / "as large as may be.png")
    with pytest.raises(ValueError, match=r"201 nodes are too many .*at most 200.*graph\.text"):
        graph.draw(-y, tmp_path / "too large.png")
    assert os.listdir(tmp_path) == ["as large as may be.png"]


@pytest.mark.parametrize("name", ["graph.pdf", "graph", "png"])
def test_other_kinds_of_picture_are_refused(name, tmp_path):
    with pytest.raises(ValueError, match=r"writes \.svg and \.png"):
        graph.draw(leaf([1.0]).exp(), tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_what_has_no_graph_says_why(tmp_path):
    def freed():
        y = leaf([1.0]).exp().sum()
        y.backward()
        return y

    with nnlite.no_grad():
        unrecorded = leaf([1.0]).exp()
    for look in (graph.text, graph.gradient_norms, lambda t: graph.draw(t, tmp_path / "graph.svg")):
        with pytest.raises(GraphError, match="no_grad"):
            look(unrecorded)
        with pytest.raises(GraphError, match="no recorded operation"):
            look(leaf([1.0]))
        with pytest.raises(GraphError, match="retain_graph"):
            look(freed())
        with pytest.raises(TypeError, match="expected a Tensor, got ndarray"):
            look(np.ones(3))
