"""The reference engine: the graph op by op in NumPy. Slow, plain, and what every kernel is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nndsl.diagnostics import InternalError
from nndsl.ir.dims import Dim, evaluate
from nndsl.ir.graph import Body, Graph, Node, topological
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


def run(
    graph: Graph, arrays: Arrays, scalars: Mapping[str, Any], sizes: Mapping[str, int]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(outputs by name, new values of updated params and states by name). Nothing is changed in place."""
    values: dict[Node, Any] = {}
    with np.errstate(all="ignore"):
        _compute(graph.nodes(), values, arrays, scalars, sizes)
    outputs = {name: np.asarray(values[node]) for name, node in graph.outputs}
    updates = {u.target.attrs["name"]: np.array(values[u.value]) for u in graph.updates}
    return outputs, updates


def _compute(
    nodes: Sequence[Node], values: dict[Node, Any], arrays: Arrays, scalars: Mapping[str, Any], sizes: Mapping[str, int]
) -> None:
    """Fill in the values of all nodes that have none."""
    for node in nodes:
        if node in values:
            continue
        if node.is_leaf:
            values[node] = _leaf(node, arrays, scalars, sizes)
        elif node.op == "scan":
            values[node] = _scan(node, values, scalars, sizes)
        elif node.op == "scan_part":
            values[node] = values[node.inputs[0]][node.attrs["index"]]
        else:
            values[node] = _apply(node, values, sizes)


def _scan(
    node: Node, values: Mapping[Node, Any], scalars: Mapping[str, Any], sizes: Mapping[str, int]
) -> tuple[Any, ...]:
    """All parts of a scan: the last carries, then what the steps collected."""
    body: Body = node.attrs["body"]
    given = [values[i] for i in node.inputs]
    carries, rest = given[: len(body.carries)], given[len(body.carries) :]
    sequences, free = rest[: len(body.items)], rest[len(body.items) :]
    nodes, length = topological(body.results), resolve(node.attrs["length"], sizes)
    collected: list[list[Any]] = [[] for _ in body.collects]
    for t in reversed(range(length)) if node.attrs["reverse"] else range(length):
        step: dict[Node, Any] = dict(zip(body.leaves, [*carries, *(s[t] for s in sequences), *free], strict=True))
        _compute(nodes, step, {}, scalars, sizes)
        carries = [step[n] for n in body.next]
        for gathered, n in zip(collected, body.collects, strict=True):
            gathered.append(step[n])
    ordered = [g[::-1] if node.attrs["reverse"] else g for g in collected]
    empty = [np.empty((0, *resolve(n.shape, sizes)), NUMPY_NAMES[n.dtype]) for n in body.collects]
    return (*carries, *(np.stack(g) if g else e for g, e in zip(ordered, empty, strict=True)))


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


def evaluate_sized(node: Node, sizes: Mapping[str, int]) -> Any:
    """The value of a node that reads nothing but sizes."""
    outputs, _ = run(Graph("sized", (("value", node),)), {}, {}, sizes)
    return np.array(outputs["value"])


def evaluate_initial(node: Node, key: int, arrays: Arrays | None = None) -> Any:
    """The first value of a param or state, drawn with `key`."""
    graph = Graph("initial", (("value", node),))
    outputs, _ = run(graph, arrays or {}, {"key": key}, {})
    return np.array(outputs["value"])
