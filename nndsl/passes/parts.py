"""Long sums over leading axes are taken in parts: each part where its rows are made, then the parts in order.

sum(x, axes=[0, 1])   x: [batch, h, n]     =>     sum(column_sums(x), axes=[0])     column_sums(x): [16, n]

transpose(x) @ y    x: [batch * h, n]  =>     sum(product_parts(x, y), axes=[0])    product_parts(x, y): [16, n, m]

So are products of few columns over many rows, which are gradients of weights: each worker goes over rows of its own.
The number of parts is fixed, so a sum has the same bits for any number of threads, and narrow arrays are shared by all
of them.
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.costs import PARTS, is_long_product, is_long_sum
from nndsl.ir.dims import product
from nndsl.ir.graph import Graph, Node
from nndsl.ir.rewrite import rewrite
from nndsl.ops import build as b


def parts(graph: Graph) -> Graph:
    """Rewrite every long sum."""
    return rewrite(graph, _in_parts)


def _in_parts(node: Node) -> Node:
    if node.op == "matmul":
        return _product(node)
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
        # The rows of a scan lie in memory: they are cut as those of the products beside which they may be summed.
        if (isinstance(first, int) and first < PARTS) or x.op == "scan_part":
            x = b.reshape(x, (product(x.shape[:-1]), x.shape[-1]))
        made = b.apply("sum", b.apply("column_sums", x), axes=(0,))
    return replace(made, name=node.name)


def _product(node: Node) -> Node:
    """A product of the transpose of a long matrix, where the result is small enough for one of each part."""
    if node.type.rank != 2 or not node.attrs.get("ta") or node.attrs.get("tb"):
        return node
    if not is_long_product(node.inputs[0].shape[0], *node.shape):
        return node
    with b.at(node.span):
        made = b.apply("sum", b.apply("product_parts", *node.inputs), axes=(0,))
    return replace(made, name=node.name)
