"""What a program leaves of a param's old value is computed before the param is written.

update a <- b,  update b <- a      =>     old = stop_gradient(a);  update a <- b,  update b <- old
output y = a,   update a <- a - g  =>     old = stop_gradient(a);  output y = old, update a <- a - g
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.ir.graph import Graph, Node, Update
from nndsl.ops import build as b
from nndsl.ops.op import View
from nndsl.ops.table import OPS


def keep_old(graph: Graph) -> Graph:
    """Outputs and updates that are nothing but an updated param, or a view of one, become values of their own."""
    changed = {u.target for u in graph.updates if u.value is not u.target}
    old = {node: b.stop_gradient(node) for node in dict.fromkeys(graph.roots) if _viewed(node) in changed}
    if not old:
        return graph
    outputs = tuple((name, old.get(node, node)) for name, node in graph.outputs)
    updates = tuple(Update(u.target, old.get(u.value, u.value)) for u in graph.updates)
    return replace(graph, outputs=outputs, updates=updates)


def _viewed(node: Node) -> Node:
    """The node whose memory a view shows."""
    while not node.is_leaf and isinstance(OPS[node.op].lowering, View):
        node = node.inputs[0]
    return node
