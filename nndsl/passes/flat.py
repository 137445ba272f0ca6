"""What is done to the rows of a product before a scan goes over them is done before they are split into steps.

scan(reshape(x @ w, [time, batch, n]) + v)     =>     scan(reshape(x @ w + v, [time, batch, n]))

So it stands in the kernel of the product. Numbers and vectors along the last axis repeat over rows by themselves.
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.ir.graph import Graph, Node
from nndsl.ir.rewrite import rewrite, with_inputs
from nndsl.ops import build as b
from nndsl.ops.op import Pointwise
from nndsl.ops.table import OPS


def flat(graph: Graph) -> Graph:
    """Rewrite what scans are given."""
    return rewrite(graph, _flat) if any(n.op == "scan" for n in graph.nodes()) else graph


def _flat(node: Node) -> Node:
    return with_inputs(node, tuple(_flattened(i) or i for i in node.inputs)) if node.op == "scan" else node


def _flattened(node: Node) -> Node | None:
    """Ops on the elements of a product as a reshape of ops on its matrix; None of anything else."""
    if node.op == "reshape" and _is_rows(node):
        return node
    if node.is_leaf or node.type.rank < 3 or not isinstance(OPS[node.op].lowering, Pointwise):
        return None
    whole = {i for i in node.inputs if i.shape == node.shape}
    if len(whole) != 1 or any(i not in whole and i.shape not in ((), node.shape[-1:]) for i in node.inputs):
        return None
    made = _flattened(*whole)
    if made is None:
        return None
    (rows,) = made.inputs
    inputs = tuple(rows if i in whole else i for i in node.inputs)
    inner = replace(node, inputs=inputs, type=node.type.with_shape(rows.shape))
    with b.at(node.span):
        return b.as_type(b.reshape(inner, node.shape), node.type)


def _is_rows(node: Node) -> bool:
    (x,) = node.inputs
    return x.op == "matmul" and x.type.rank == 2 and x.shape[-1] == node.shape[-1]
