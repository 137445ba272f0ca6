"""Every op of the table: shape rule, kernel against NumPy, gradient against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import SCALARS, SIZES, close, compiled, inputs_of, interpret, op_node

from nndsl.ir.dims import evaluate
from nndsl.ir.graph import Graph, Node
from nndsl.ir.types import NUMPY_NAMES
from nndsl.ops import build as b
from nndsl.ops.op import Case, Grows, HostOnly, Loop, LoopPart, Op
from nndsl.ops.table import OPS
from nndsl.passes.autodiff import gradients
from nndsl.runtime.interpreter import run

CASES = [(op, case) for op in OPS.values() for case in op.cases]
IDS = [f"{op.name}-{'x'.join(str(a.shape) for a in case.args)}-{i}" for i, (op, case) in enumerate(CASES)]
KERNELS = [op for op in OPS.values() if not isinstance(op.lowering, HostOnly | Loop | LoopPart | Grows)]


def test_every_op_has_cases() -> None:
    without = [op.name for op in KERNELS if not op.cases]
    assert without == []


@pytest.mark.parametrize(("op", "case"), CASES, ids=IDS)
def test_shape_rule_agrees_with_reference(op: Op, case: Case) -> None:
    node, leaves = op_node(op, case)
    out = interpret(Graph("one", (("y", node),)), inputs_of(case, leaves))["y"]
    assert out.shape == tuple(evaluate(s, SIZES) for s in node.shape)
    assert out.dtype == NUMPY_NAMES[node.dtype]


def together(op: Op, dtype: str | None = None) -> tuple[Graph, dict[str, object]]:
    """All cases of an op and their gradients as one program: one compilation for each op."""
    outputs: list[tuple[str, Node]] = []
    inputs: dict[str, object] = {}
    for k, case in enumerate(op.cases):
        node, leaves = op_node(op, case, dtype)
        for name, value in inputs_of(case, leaves, k).items():
            inputs[f"c{k}_{name}"] = value
        renamed = {
            n: Node(n.op, (), {"name": f"c{k}_{n.attrs['name']}"}, n.type, name=f"c{k}_{n.name}")
            if n.op == "input"
            else n
            for n in leaves
        }
        node = Node(node.op, tuple(renamed[n] for n in leaves), node.attrs, node.type)
        outputs.append((f"c{k}", node))
        if case.smooth and op.differentiable:
            loss = b.sum_(b.mul(node, b.apply("sin", b.add(node, 1.0))))
            grads = gradients(loss, [n for n in node.inputs if n.dtype in ("f32", "f64")])
            outputs += [(f"c{k}_grad{i}", g) for i, g in enumerate(grads) if g is not None]
    return Graph("cases", tuple(outputs)), inputs


@pytest.mark.parametrize("op", KERNELS, ids=lambda op: op.name)
@pytest.mark.parametrize("optimize", [True, False], ids=["optimized", "unoptimized"])
def test_kernel_agrees_with_reference(op: Op, optimize: bool) -> None:
    graph, inputs = together(op)
    expected = interpret(graph, inputs)
    found = compiled(graph, inputs, optimize=optimize)
    for name, value in expected.items():
        close(found[name], value, 1e-5)


SMOOTH = [(op, case) for op, case in CASES if case.smooth and op.differentiable]


@pytest.mark.parametrize(("op", "case"), SMOOTH, ids=[f"{op.name}-{i}" for i, (op, _) in enumerate(SMOOTH)])
def test_gradient_agrees_with_finite_differences(op: Op, case: Case) -> None:
    node, leaves = op_node(op, case, "f64")
    arrays = inputs_of(case, leaves)
    weights = np.random.default_rng(1).normal(size=interpret(Graph("one", (("y", node),)), arrays)["y"].shape)
    weigh = Node("input", (), {"name": "w"}, node.type.without_kind(), name="w")
    loss = b.sum_(b.mul(node, weigh))
    wanted = [n for n in leaves if n.dtype == "f64"]
    grads = [(n, g) for n, g in zip(wanted, gradients(loss, wanted), strict=True) if g is not None]
    assert grads
    for n, g in grads:
        name = n.attrs["name"]
        analytic = run(Graph("g", (("g", g),)), {**arrays, "w": weights}, SCALARS, SIZES)[0]["g"]
        numeric = np.zeros_like(arrays[name])
        for place in np.ndindex(numeric.shape):
            sides = []
            for sign in (1, -1):
                moved = arrays[name].copy()
                moved[place] += sign * 1e-6
                sides.append(
                    run(Graph("l", (("l", loss),)), {**arrays, name: moved, "w": weights}, SCALARS, SIZES)[0]["l"]
                )
            numeric[place] = (sides[0] - sides[1]) / 2e-6
        close(analytic, numeric, 1e-6)
