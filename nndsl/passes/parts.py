"""Long sums over leading axes are taken in parts: each part where its rows are made, then the parts in order.

sum(x, axes=[0, 1])   x: [batch, h, n]     =>     sum(column_sums(x), axes=[0])     column_sums(x): [16, n]

The number of parts is fixed, so a sum has the same bits for any number of threads, and narrow arrays are shared by all
of them.
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.costs import PARTS, is_long_sum
from nndsl.ir.dims import product
from nndsl.ir.graph import Graph, Node
from nndsl.ir.rewrite import rewrite
from nndsl.ops import build as b


def parts(graph: Graph) -> Graph:
    """Rewrite every long sum."""
    return rewrite(graph, _in_parts)


def _in_parts(node: Node) -> Node:
    if node.op != "sum" or node.inputs[0].op == "column_sums":
        return node
    (x,), axes = node.inputs, node.attrs["axes"]
    rank = x.type.rank
    rows = product(x.shape[:-1])
    if rank < 2 or axes != tuple(range(rank - 1)) or not is_long_sum(rows):
        return node
    while x.op == "reshape" and x.inputs[0].type.rank > 1 and x.inputs[0].shape[-1] == x.shape[-1]:
        x = x.inputs[0]
    first = x.shape[0]
    with b.at(node.span):
        if isinstance(first, int) and first < PARTS:
            x = b.reshape(x, (product(x.shape[:-1]), x.shape[-1]))
        made = b.apply("sum", b.apply("column_sums", x), axes=(0,))
    return replace(made, name=node.name)
