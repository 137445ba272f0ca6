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
    """Every expandable node replaced, those inside what replaces it too. The name of the node goes to what replaces
    it."""
    left = True
    while left:
        left = False

        def expanded(node: Node) -> Node:
            nonlocal left
            if node.is_leaf:
                return node
            match OPS[node.op].lowering:
                case Expand(build):
                    left = True
                    with b.at(node.span):
                        made = build(node)
                    # What is there anyway, as a leaf or for others, keeps the name it has.
                    return made if made in node.inputs else replace(made, name=node.name)
            return node

        graph = rewrite(graph, expanded)
    return graph
