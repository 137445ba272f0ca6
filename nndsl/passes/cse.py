"""The same operation on the same inputs is done once.

a = exp(x);  b = exp(x);  a + b     =>     a = exp(x);  a + a
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from nndsl.ir.graph import ARRAYS, Graph, Node
from nndsl.ir.rewrite import rewrite


def cse(graph: Graph) -> Graph:
    """Merge equal nodes; the first name met is kept. Leaves that are arrays are already one each."""
    seen: dict[Hashable, Node] = {}

    def merged(node: Node) -> Node:
        if node.op in ARRAYS:
            return node
        key = (node.op, node.inputs, hashable(node.attrs), node.type)
        return seen.setdefault(key, node)

    return rewrite(graph, merged)


def hashable(value: Any) -> Hashable:
    """Attributes, or one of them, as a part of a key."""
    if isinstance(value, dict | Mapping):
        return tuple(sorted((k, hashable(v)) for k, v in value.items())) if value else ()
    # 1, 1.0 and True are equal and hash alike, and mean different consts.
    return (type(value).__name__, repr(value)) if isinstance(value, (int, float)) else value
