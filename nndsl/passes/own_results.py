"""Each scan gets a body of its own nodes, whose results are values of their own.

    next h = x_t; collect x_t       =>     next h = stop_gradient(x_t); collect stop_gradient(x_t)
    scan (h = const 0)              =>     scan (h = stop_gradient(const 0))

Kernels write each result of a step to a place of its own, so no two may be one node, and none a leaf or a view. What
a scan is given lies in memory, so none of it may be a bare number. Bodies share nodes after differentiation; the
planner keeps one table for all, so it wants them distinct.
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.ir.graph import NUMBERS, Body, Graph, Node, topological
from nndsl.ir.rewrite import rebuild, with_inputs
from nndsl.ops import build as b
from nndsl.ops.op import View
from nndsl.ops.table import OPS


def own_results(graph: Graph) -> Graph:
    """The last pass before planning."""
    if not any(n.op == "scan" for n in graph.nodes()):
        return graph
    new = _distinct(list(graph.roots), {})
    updates = tuple(replace(u, value=new[u.value]) for u in graph.updates)
    return replace(graph, outputs=tuple((name, new[n]) for name, n in graph.outputs), updates=updates)


def _distinct(roots: list[Node], known: dict[Node, Node]) -> dict[Node, Node]:
    new: dict[Node, Node] = dict(known)
    for node in topological(roots):
        if node in new:
            continue
        over = with_inputs(node, tuple(new[i] for i in node.inputs))
        new[node] = _own_body(over) if node.op == "scan" else over
    return new


def _own_body(scan: Node) -> Node:
    body: Body = scan.attrs["body"]
    with b.at(scan.span):
        results = _separate(list(body.results))
        stored = tuple(b.stop_gradient(i) if i.op in NUMBERS else i for i in scan.inputs)
    copies = rebuild((*body.leaves, *results), lambda n: n if n.op in NUMBERS else replace(n))
    inner = _distinct([copies[r] for r in results], {copies[leaf]: copies[leaf] for leaf in body.leaves})
    ends = [inner[copies[r]] for r in results]
    carries, items, free = (tuple(copies[n] for n in group) for group in (body.carries, body.items, body.free))
    made = Body(carries, items, free, tuple(ends[: len(body.next)]), tuple(ends[len(body.next) :]))
    return replace(scan, inputs=stored, attrs={**scan.attrs, "body": made})


def _separate(results: list[Node]) -> list[Node]:
    """Results that are leaves, views, or there twice, become copies."""
    out: list[Node] = []
    for node in results:
        shown = node.is_leaf or node in out or isinstance(OPS[node.op].lowering, View) or node.op == "scan_part"
        out.append(b.apply("stop_gradient", node) if shown or node.dtype == "bool" else node)
    return out
