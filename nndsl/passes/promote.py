"""A program in double precision, for checking gradients.

f32[batch, 4] everywhere     =>     f64[batch, 4]
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.ir.graph import Graph, Node, Update, const
from nndsl.ir.rewrite import rewrite


def promote(graph: Graph) -> Graph:
    """Every f32 becomes f64, leaves and casts included."""
    known: dict[Node, Node] = {}

    def wide(node: Node) -> Node:
        if node.op == "scan":
            return node  # its body went through this already, and its own type says nothing
        if node.op == "const":
            return const(node.attrs["value"], "f64") if node.dtype == "f32" else node
        attrs = {**node.attrs, "dtype": "f64"} if node.attrs.get("dtype") == "f32" else node.attrs
        if node.op == "scan_part" and node.attrs["type"].dtype == "f32":
            attrs = {**attrs, "type": replace(node.attrs["type"], dtype="f64")}
        dtype = "f64" if node.dtype == "f32" else node.dtype
        if dtype == node.dtype and attrs is node.attrs:
            return node
        made = replace(node, attrs=attrs, type=replace(node.type, dtype=dtype))
        if node.is_leaf:
            known[node] = made
        return made

    new = rewrite(graph, wide)
    return replace(new, updates=tuple(Update(known.get(u.target, wide(u.target)), u.value) for u in new.updates))
