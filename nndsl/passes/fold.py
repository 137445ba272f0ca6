"""Arithmetic on numbers known now is done now.

multiply(const 2, const 3)     =>     const 6
"""

from __future__ import annotations

from nndsl.ir.graph import Graph, Node, const
from nndsl.ir.rewrite import rewrite
from nndsl.ir.types import NUMPY_NAMES
from nndsl.lazy import np
from nndsl.ops.op import Pointwise
from nndsl.ops.table import OPS


def fold(graph: Graph) -> Graph:
    """Pointwise ops over consts become consts, in the precision of their dtype."""
    return rewrite(graph, _folded)


def _folded(node: Node) -> Node:
    if {i.op for i in node.inputs} != {"const"}:
        return node
    op = OPS[node.op]
    if not isinstance(op.lowering, Pointwise):
        return node
    args = [np.asarray(i.attrs["value"], NUMPY_NAMES[i.dtype]) for i in node.inputs]
    with np.errstate(all="ignore"):
        value = op.reference(*args, **node.attrs)
    return const(value.item() if hasattr(value, "item") else value, node.dtype)
