"""The reference engine: the graph op by op in NumPy. Slow, plain, and what every kernel is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nndsl.diagnostics import InternalError
from nndsl.ir.dims import Dim, evaluate
from nndsl.ir.graph import Graph, Node
from nndsl.ir.types import NUMPY_NAMES
from nndsl.ops.table import OPS

Arrays = Mapping[str, Any]


def resolve(value: Any, sizes: Mapping[str, int]) -> Any:
    """Attributes with their symbolic sizes filled in."""
    match value:
        case Dim():
            return evaluate(value, sizes)
        case tuple() | list():
            return tuple(resolve(v, sizes) for v in value)
    return value


def run(graph: Graph, arrays: Arrays, scalars: Mapping[str, Any], sizes: Mapping[str, int]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(outputs by name, new values of updated params and states by name). Nothing is changed in place."""
    values: dict[Node, Any] = {}
    with np.errstate(all="ignore"):
        for node in graph.nodes():
            values[node] = _leaf(node, arrays, scalars, sizes) if node.is_leaf else _apply(node, values, sizes)
    outputs = {name: np.asarray(values[node]) for name, node in graph.outputs}
    updates = {u.target.attrs["name"]: np.array(values[u.value]) for u in graph.updates}
    return outputs, updates


def _leaf(node: Node, arrays: Arrays, scalars: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    dtype = np.dtype(NUMPY_NAMES[node.dtype])
    match node.op:
        case "const":
            return dtype.type(node.attrs["value"])
        case "dim":
            return dtype.type(evaluate(node.attrs["size"], sizes))
        case "scalar":
            return dtype.type(scalars[node.attrs["name"]])
    array = arrays[node.attrs["name"]]
    return array if array.dtype == dtype else array.astype(dtype)


def _apply(node: Node, values: Mapping[Node, Any], sizes: Mapping[str, int]) -> Any:
    attrs = {name: resolve(value, sizes) for name, value in node.attrs.items()}
    out = np.asarray(OPS[node.op].reference(*(values[i] for i in node.inputs), **attrs))
    dtype = np.dtype(NUMPY_NAMES[node.dtype])
    out = out if out.dtype == dtype else out.astype(dtype)
    expected = tuple(evaluate(s, sizes) for s in node.shape)
    if out.shape != expected:
        raise InternalError(f"{node} gave shape {out.shape} instead of {expected}")
    return out


def evaluate_initial(node: Node, key: int, arrays: Arrays | None = None) -> Any:
    """The first value of a param or state, drawn with `key`."""
    graph = Graph("initial", (("value", node),))
    outputs, _ = run(graph, arrays or {}, {"key": key}, {})
    return np.array(outputs["value"])
