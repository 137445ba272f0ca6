"""Orders of reading and writing that a fused kernel could get wrong: each is a graph of its own."""

from __future__ import annotations

import numpy as np
import pytest
from dags import SCALARS, Leaves
from plain_python import PlainPython

from nndsl.ir.graph import Graph, Node, Update
from nndsl.kernels.module import generate
from nndsl.ops import build as b
from nndsl.passes import run
from nndsl.runtime.executable import Interpreted

LEAVES = Leaves("f64")
ARRAY = {str(n.name): n for n in LEAVES.floats}
X, Y, W, U, BIAS, AVERAGE = (ARRAY[name] for name in ("x", "y", "W", "U", "bias", "average"))


def cross() -> Node:
    """A matrix product that is computed in rows of [6, 6]."""
    return b.matmul(b.swap_last(X), Y)


def read_in_a_later_loop() -> Graph:
    """The first loop of a row computes what W becomes; the second one still reads the old W."""
    new = b.add(cross(), U)
    out = b.mul(W, b.sum_(new, (1,), keepdims=True))
    return Graph("g", (("out", out),), (Update(W, new),))


def each_reads_the_other() -> Graph:
    """Two updates in one loop, each from the old value of the other."""
    e = cross()
    return Graph("g", (), (Update(W, b.add(e, U)), Update(U, b.mul(e, W))))


def swapped() -> Graph:
    return Graph("g", (), (Update(W, U), Update(U, W)))


def moved_round() -> Graph:
    """Through a view: the new value is the memory of another param under its own shape."""
    flat = b.reshape(b.reshape(W, (36,)), (6, 6))
    return Graph("g", (), (Update(U, flat), Update(W, b.add(W, U))))


def output_of_an_updated_param() -> Graph:
    return Graph("g", (("old", W), ("view", b.reshape(W, (36,)))), (Update(W, b.mul(W, 0.5)),))


def used_transposed_and_updated() -> Graph:
    """The step of W is computed in place; its transpose is read by a product that comes later in the graph."""
    step = b.sub(W, b.mul(cross(), 0.1))
    return Graph("g", (("out", b.matmul(Y, b.swap_last(W))),), (Update(W, step),))


def transposed_over_itself() -> Graph:
    return Graph("g", (), (Update(W, b.swap_last(W)),))


def product_over_its_own_factor() -> Graph:
    return Graph("g", (), (Update(W, b.matmul(W, U)), Update(U, b.matmul(U, W))))


def one_column() -> Graph:
    """Rows of one element: a row's number and its element have one place."""
    column = b.matmul(W, b.reshape(BIAS, (6, 1)))
    flat = b.apply("sin", b.reshape(column, (6,)))
    return Graph("g", (("flat", flat), ("back", b.add(b.reshape(flat, (6, 1)), column))))


def state_of_a_column_reduction() -> Graph:
    """A moving average read after it was computed, beside its update."""
    new = b.add(b.mul(AVERAGE, 0.9), b.mean(X, (0,)))
    return Graph("g", (("out", b.sub(X, AVERAGE)), ("new", b.sub(X, new))), (Update(AVERAGE, new),))


def updates_that_share_a_value() -> Graph:
    new = b.mul(cross(), 0.5)
    return Graph("g", (("out", new),), (Update(W, new), Update(U, new)))


def constants() -> Graph:
    zero = b.full(0.5, (), "f64")
    return Graph(
        "g", (("one", b.full(1, (2, 3), "f64")),), (Update(ARRAY["gain"], zero), Update(BIAS, b.full(2, (6,), "f64")))
    )


GRAPHS = [
    read_in_a_later_loop,
    each_reads_the_other,
    swapped,
    moved_round,
    output_of_an_updated_param,
    used_transposed_and_updated,
    transposed_over_itself,
    product_over_its_own_factor,
    one_column,
    state_of_a_column_reduction,
    updates_that_share_a_value,
    constants,
]


@pytest.mark.parametrize("make", GRAPHS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("workers", [1, 3])
def test_old_values_are_read_before_they_are_written_over(make: object, workers: int) -> None:
    graph: Graph = make()  # type: ignore[operator]
    inputs, expected_store = LEAVES.arrays(5)
    store = {name: value.copy() for name, value in expected_store.items()}
    expected = Interpreted(graph).run(inputs, expected_store, SCALARS, {"batch": 5})
    found = PlainPython(generate(run(graph, verify=True)), workers).run(inputs, store, SCALARS, {"batch": 5})
    for name, value in {**expected, **expected_store}.items():
        np.testing.assert_allclose({**found, **store}[name], value, rtol=1e-12, atol=1e-12, err_msg=name)
