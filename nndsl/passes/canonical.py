"""Reductions in the forms that kernels know, matrix products with one batch axis.

sum(x, axes=[1, 2])  x: [b, h, w]      =>     sum(reshape(x, [b, h * w]), axes=[1])
sum(x, axes=[0, 2])                    =>     one adjacent block of axes after the other
argmax(x, axes=[0])                    =>     argmax(transpose(x), axes=[last])
reshape(const 1, [1, 1])               =>     broadcast_to(const 1, [1, 1])
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.ir.dims import product
from nndsl.ir.graph import NUMBERS, Graph, Node
from nndsl.ir.rewrite import rewrite
from nndsl.ops import build as b
from nndsl.ops.op import Contract, Reduce, View
from nndsl.ops.table import OPS


def canonical(graph: Graph) -> Graph:
    """Bring every reduction and product into its canonical form."""
    return rewrite(graph, _canonical)


def _canonical(node: Node) -> Node:
    if node.is_leaf or not isinstance(lowering := OPS[node.op].lowering, Reduce | Contract | View):
        return node
    with b.at(node.span):
        match lowering:
            case Reduce(combine) if combine.startswith("arg"):
                return _arg(node)
            case Reduce():
                return _reduction(node)
            case Contract() if node.op == "matmul" and node.type.rank > 3:
                return _product(node)
            case View() if _is_number(node.inputs[0]):
                return b.broadcast_to(_number(node.inputs[0]), node.shape)
    return node


def _is_number(node: Node) -> bool:
    """A leaf that is a number, possibly repeated: it has no memory that could be seen under another shape."""
    return _is_number(node.inputs[0]) if node.op == "broadcast_to" else node.op in NUMBERS


def _number(node: Node) -> Node:
    return _number(node.inputs[0]) if node.op == "broadcast_to" else node


def _arg(node: Node) -> Node:
    """Along the last axis."""
    (x,), (axis,) = node.inputs, node.attrs["axes"]
    rank = x.type.rank
    if axis == rank - 1:
        return node if rank > 1 else b.reshape(b.apply(node.op, b.reshape(x, (1, x.shape[0])), axes=(1,)), ())
    moved = b.transpose(x, (*(i for i in range(rank) if i != axis), axis))
    return replace(b.apply(node.op, moved, axes=(rank - 1,)), name=node.name, type=node.type)


def _reduction(node: Node) -> Node:
    """Over the last axis, over the first, over the middle of three, or of one axis to a number."""
    (x,), axes = node.inputs, node.attrs["axes"]
    rank = x.type.rank
    if len(axes) == rank:
        return _total(node) if rank > 1 else node
    if axes in ((rank - 1,), (0,)) and rank > 1:
        return node
    block = [axes[-1]]
    while block[0] - 1 in axes:
        block.insert(0, block[0] - 1)
    before, inside, behind = x.shape[: block[0]], x.shape[block[0] : block[-1] + 1], x.shape[block[-1] + 1 :]
    parts = [product(before)] if before else []
    place = len(parts)
    parts.append(product(inside))
    if behind:
        parts.append(product(behind))
    out = b.apply(node.op, b.reshape(x, tuple(parts)), axes=(place,))
    out = b.reshape(out, (*before, *behind))
    rest = tuple(a for a in axes if a < block[0])
    if rest:
        out = _reduction(b.apply(node.op, out, axes=rest))
    return replace(out, name=node.name) if not out.is_leaf else out


def _total(node: Node) -> Node:
    """Rows first, then the rows' results: the first step fuses and runs on all threads."""
    (x,) = node.inputs
    flat = x if x.type.rank == 2 else b.reshape(x, (x.shape[0], product(x.shape[1:])))
    return replace(b.apply(node.op, b.apply(node.op, flat, axes=(1,)), axes=(0,)), name=node.name)


def _product(node: Node) -> Node:
    """Leading axes merged into one."""
    x, y = (b.reshape(n, (product(n.shape[:-2]), *n.shape[-2:])) for n in node.inputs)
    return b.reshape(b.apply("matmul", x, y, **dict(node.attrs)), node.shape)
