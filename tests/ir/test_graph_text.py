"""Graphs as text: one node a line, names of the source, no name twice."""

from __future__ import annotations

import random
import re

from dags import Leaves, random_graph

from nndsl.ir.graph import Graph, Node, topological, users
from nndsl.ir.text import names_of, show
from nndsl.ir.types import TensorType
from nndsl.ops import build as b

X = Node("input", (), {"name": "x"}, TensorType("f32", (2, 3)), name="x")


def test_the_text_of_a_graph() -> None:
    y = b.sum_(b.mul(X, 2.0), (1,))
    assert show(Graph("small", (("y", y),))) == (
        "graph small\n"
        "  input x: f32[2, 3]\n"
        "  multiply_1: f32[2, 3] = multiply(x, 2.0)\n"
        "  sum_1: f32[2] = sum(multiply_1, axes=[1])\n"
        "  output y = sum_1\n"
    )


def test_no_two_nodes_have_one_name() -> None:
    for seed in range(30):
        nodes = random_graph(random.Random(seed), Leaves(), 25).nodes()
        names = list(names_of(nodes).values())
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[A-Za-z_]\w*", name) for name in names)


def test_names_that_clash_are_numbered() -> None:
    twins = [Node("input", (), {"name": n}, X.type, name=n) for n in ("a.b", "a b", "a_b_2")]
    assert len(set(names_of(twins).values())) == 3


def test_inputs_come_before_users() -> None:
    for seed in range(30):
        nodes = random_graph(random.Random(seed), Leaves(), 25).nodes()
        place = {node: k for k, node in enumerate(nodes)}
        assert all(place[child] < place[node] for node in nodes for child in node.inputs)


def test_a_graph_may_be_deeper_than_pythons_stack() -> None:
    node = X
    for _ in range(20_000):
        node = b.apply("sin", node)
    assert len(topological([node])) == 20_001


def test_users_are_listed_once_for_each_use() -> None:
    y = b.mul(X, X)
    assert users([X, y]) == {X: [y, y], y: []}
