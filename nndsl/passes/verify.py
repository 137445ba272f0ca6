"""Is this graph well formed? Run after every pass in the tests."""

from __future__ import annotations

from collections.abc import Iterable

from nndsl.diagnostics import InternalError
from nndsl.ir.graph import LEAVES, Graph, Node, topological


def verify(graph: Graph) -> None:
    """Every node has the type its op infers, in bodies of loops too, every update fits its target. Raises
    InternalError."""
    _verify(graph.nodes())
    for update in graph.updates:
        if (update.value.dtype, update.value.shape) != (update.target.dtype, update.target.shape):
            raise InternalError(f"update of {update.target} with {update.value}")


def _verify(nodes: Iterable[Node]) -> None:
    from nndsl.ops.op import ShapeFault
    from nndsl.ops.table import OPS

    for node in nodes:
        if node.op in LEAVES:
            if node.inputs:
                raise InternalError(f"leaf with inputs: {node}")
            continue
        if node.op not in OPS:
            raise InternalError(f"unknown op {node.op}")
        try:
            expected = OPS[node.op].infer([i.type for i in node.inputs], node.attrs)
        except ShapeFault as fault:
            raise InternalError(f"{node} over {[str(i.type) for i in node.inputs]}: {fault.message}") from fault
        if (expected.dtype, expected.shape) != (node.dtype, node.shape):
            raise InternalError(f"{node} should be {expected}")
        if node.op in ("scan", "each"):
            body = node.attrs["body"]
            inside = topological(body.results)
            strange = [n for n in inside if n.op == "input" and n not in body.leaves]
            if strange:
                raise InternalError(f"the body of {node} reads {strange}, which are no leaves of it")
            _verify(inside)
