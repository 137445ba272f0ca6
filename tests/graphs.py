"""Running one op, or any small graph, on both engines."""

from __future__ import annotations

from typing import Any

import numpy as np

from nndsl.ir.dims import Dim, evaluate
from nndsl.ir.graph import Graph, Node, scalar_leaf
from nndsl.ir.types import NUMPY_NAMES, Kind, TensorType
from nndsl.kernels.module import generate
from nndsl.ops.op import Arg, Case, Op
from nndsl.passes import NEEDED, PIPELINE
from nndsl.passes import run as run_passes
from nndsl.runtime.executable import Interpreted
from nndsl.runtime.native import load

SIZES = {"batch": 11}
SCALARS = {"key": 12345, "step": 3, "learning_rate": 0.1}


def leaf(name: str, arg: Arg, dtype: str | None = None) -> Node:
    """An input of a case."""
    shape = tuple(Dim.symbol(s) if isinstance(s, str) else s for s in arg.shape)
    kind = Kind("index", int(arg.high)) if arg.dtype == "index" else None
    word = "i32" if arg.dtype == "index" else dtype if dtype and arg.dtype == "f32" else arg.dtype
    return Node("input", (), {"name": name}, TensorType(word, shape, kind), name=name)


def array(arg: Arg, node: Node, numbers: np.random.Generator) -> Any:
    """Random values for an input."""
    shape = tuple(evaluate(s, SIZES) for s in node.shape)
    if node.dtype in ("f32", "f64"):
        return numbers.uniform(arg.low, arg.high, shape).astype(NUMPY_NAMES[node.dtype])
    if node.dtype == "bool":
        return numbers.integers(0, 2, shape).astype(bool)
    return numbers.integers(int(arg.low), int(arg.high), shape).astype(NUMPY_NAMES[node.dtype])


def op_node(op: Op, case: Case, dtype: str | None = None) -> tuple[Node, list[Node]]:
    """The node of a case and its inputs."""
    if op.args == ("key",):
        leaves = [scalar_leaf("key", "i64")]
    else:
        leaves = [leaf(f"x{i}", arg, dtype) for i, arg in enumerate(case.args)]
    attrs = dict(case.options)
    if dtype and attrs.get("dtype") == "f32":
        attrs["dtype"] = dtype
    return Node(op.name, tuple(leaves), attrs, op.infer([n.type for n in leaves], attrs)), leaves


def inputs_of(case: Case, leaves: list[Node], seed: int = 0) -> dict[str, Any]:
    """Arrays for the inputs by name."""
    numbers = np.random.default_rng(seed)
    return {n.attrs["name"]: array(a, n, numbers) for a, n in zip(case.args, leaves, strict=False) if n.op == "input"}


def interpret(
    graph: Graph, inputs: dict[str, Any], store: dict[str, Any] | None = None, optimize: bool = False
) -> dict[str, Any]:
    """The reference result."""
    return Interpreted(run_passes(graph, PIPELINE if optimize else ())).run(
        inputs, {} if store is None else store, SCALARS, SIZES
    )


def compiled(
    graph: Graph, inputs: dict[str, Any], store: dict[str, Any] | None = None, optimize: bool = True, threads: int = 2
) -> dict[str, Any]:
    """The result of the kernels."""
    passes = PIPELINE if optimize else NEEDED
    return load(generate(run_passes(graph, passes, verify=True)), threads).run(
        inputs, {} if store is None else store, SCALARS, SIZES
    )


def close(found: Any, expected: Any, tolerance: float) -> None:
    """Equal up to `tolerance` times the largest magnitude of the result."""
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    if expected.dtype == bool or expected.dtype.kind == "i":
        np.testing.assert_array_equal(found, expected)
        return
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(np.isfinite(found), finite)
    scale = max(1e-30, float(np.max(np.abs(expected[finite]), initial=0.0)))
    assert float(np.max(np.abs(found[finite] - expected[finite]), initial=0.0)) <= tolerance * scale
