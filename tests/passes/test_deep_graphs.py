"""Passes and kernels of graphs that are deeper than Python's stack."""

from __future__ import annotations

import pytest

from nndsl.ir.dims import Dim
from nndsl.ir.graph import Graph, Node
from nndsl.ir.types import TensorType
from nndsl.kernels.module import generate
from nndsl.ops import build as b
from nndsl.passes import run

DEPTH = 1_200


def scaled_by_its_sum(x: Node) -> Node:
    return b.mul(b.sum_(x, [x.type.rank - 1], keepdims=True), x)


def scaled_by_the_sum_of_rows(x: Node) -> Node:
    return b.mul(b.sum_(x, [0]), x)


def negative_quotient(x: Node) -> Node:
    return b.neg(b.div(x, 1.5))


def chosen(x: Node) -> Node:
    return b.where(b.less(x, 0.0), x, b.exp(x))


@pytest.mark.parametrize(
    "step", [scaled_by_its_sum, scaled_by_the_sum_of_rows, negative_quotient, chosen], ids=lambda f: f.__name__
)
def test_a_deep_chain_gets_kernels(step) -> None:  # type: ignore[no-untyped-def]
    x = Node("input", (), {"name": "x"}, TensorType("f32", (Dim.symbol("batch"), 4)), name="x")
    for _ in range(DEPTH):
        x = step(x)
    assert generate(run(Graph("deep", (("y", b.sum_(x, [0])),)), verify=True)).text
