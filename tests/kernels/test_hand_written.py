"""Hand-written kernels run as plain Python, by several workers: no access out of bounds, none shared by two workers."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import SCALARS, SIZES, close, inputs_of, interpret, op_node
from plain_python import PlainPython

from nndsl.ir.graph import Graph, Node
from nndsl.ir.types import TensorType
from nndsl.kernels.module import generate
from nndsl.ops import bag, cumulative, sorting
from nndsl.ops import build as b
from nndsl.ops.op import Op, Ready
from nndsl.passes import run

OPS = [op for family in (bag, cumulative, sorting) for op in family.FAMILY if isinstance(op.lowering, Ready)]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_no_access_goes_wrong(op: Op, workers: int) -> None:
    for case in op.cases:
        node, leaves = op_node(op, case)
        graph = Graph("one", (("y", node),))
        arrays = inputs_of(case, leaves)
        found = PlainPython(generate(run(graph, verify=True)), workers).run(arrays, {}, SCALARS, SIZES)
        close(found["y"], interpret(graph, arrays)["y"], 1e-5)


@pytest.mark.parametrize(("down", "expected"), [(False, [2, 0, 3, 4, 1]), (True, [1, 4, 0, 3, 2])])
def test_sorting_is_stable_and_takes_nan_for_the_greatest(down: bool, expected: list[int]) -> None:
    x = Node("input", (), {"name": "x"}, TensorType("f32", (1, 5)), name="x")
    places = b.apply("argsort", x, axis=1, descending=down)
    graph = Graph("one", (("places", places), ("top", b.apply("top_places", x, k=2))))
    arrays = {"x": np.array([[2.0, np.nan, -np.inf, 2.0, np.inf]], np.float32)}
    for found in (interpret(graph, arrays), PlainPython(generate(run(graph)), 2).run(arrays, {}, SCALARS, SIZES)):
        assert found["places"].tolist() == [expected]
        assert found["top"].tolist() == [[1, 4]]
