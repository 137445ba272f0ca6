"""Every op that is exported: onnxruntime computes what the reference does."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from graphs import inputs_of, interpret, op_node
from judge import judged

from nndsl.diagnostics import Source, Span
from nndsl.ir.graph import Graph, Port
from nndsl.onnx.exporting.graph import TABLE
from nndsl.onnx.exporting.model import exported_graph
from nndsl.ops.op import Case, Expand, Op
from nndsl.ops.table import OPS

SPAN = Span(Source("m.nn", ""), 0, 0)
LEFT_OUT = {"random_uniform", "random_normal", "conv_kernel_grad", "pool_spread"}
"""What onnxruntime draws are other numbers, and gradients are not exported."""
EXPORTED = [op for op in OPS.values() if op.name in TABLE or isinstance(op.lowering, Expand) if op.name not in LEFT_OUT]
CASES = [(op, case) for op in EXPORTED for case in op.cases if not any(case.options.get("interior", ()))]
IDS = [f"{op.name}-{i}" for i, (op, _) in enumerate(CASES)]


@pytest.mark.parametrize(("op", "case"), CASES, ids=IDS)
def test_exported_op(op: Op, case: Case) -> None:
    node, leaves = op_node(op, case)
    graph = Graph("one", (("y", node),))
    data = inputs_of(case, leaves)
    ports = [Port("input", n.attrs["name"], n.type, SPAN) for n in leaves]
    found = judged(exported_graph(graph, ports, {}, "One"), data)["y"]
    expected = interpret(graph, data)["y"]
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
