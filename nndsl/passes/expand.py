"""Ops that have a record for their gradient but no kernel become graphs of simpler ops.

softmax(x)     =>     e / sum(e)   where   e = exp(x - max(x))
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.ir.graph import Graph, Node
from nndsl.ir.rewrite import rewrite
from nndsl.ops import build as b
from nndsl.ops.op import Expand
from nndsl.ops.table import OPS


def expand(graph: Graph) -> Graph:
    """Every expandable node replaced; the name of the node goes to what replaces it."""
    return rewrite(graph, _expanded)


def _expanded(node: Node) -> Node:
    if node.is_leaf:
        return node
    match OPS[node.op].lowering:
        case Expand(build):
            with b.at(node.span):
                return replace(build(node), name=node.name)
    return node
