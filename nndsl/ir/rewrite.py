"""Rebuilding a graph bottom-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from nndsl.ir.graph import Body, Graph, Node, Update, topological

Rule = Callable[[Node], Node]


def with_inputs(node: Node, inputs: tuple[Node, ...]) -> Node:
    """The node over other inputs; itself when nothing changed."""
    same = all(a is b for a, b in zip(node.inputs, inputs, strict=True))
    return node if same else replace(node, inputs=inputs)


def rebuild(roots: Iterable[Node], rule: Rule, known: dict[Node, Node] | None = None) -> dict[Node, Node]:
    """New node for each old one under `roots`: inputs first, then `rule` on the node over its new inputs."""
    new: dict[Node, Node] = dict(known or {})
    for node in topological(roots):
        if node not in new:
            over = with_inputs(node, tuple(new[i] for i in node.inputs))
            new[node] = rule(_with_body(over, rule) if node.op == "scan" else over)
    return new


def _with_body(node: Node, rule: Rule) -> Node:
    """A scan with `rule` applied inside its body too; the body's leaves stay unless the rule changes them."""
    body: Body = node.attrs["body"]
    new = rebuild((*body.leaves, *body.results), rule)
    made = Body(
        *(tuple(new[n] for n in group) for group in (body.carries, body.items, body.free, body.next, body.collects))
    )
    same = all(a is c for a, c in zip((*body.leaves, *body.results), (*made.leaves, *made.results), strict=True))
    return node if same else replace(node, attrs={**node.attrs, "body": made})


def rewrite(graph: Graph, rule: Rule) -> Graph:
    """A graph with `rule` applied to every node, inputs first. Update targets stay as they are."""
    new = rebuild(graph.roots, rule)
    outputs = tuple((name, new[node]) for name, node in graph.outputs)
    updates = tuple(Update(u.target, new[u.value]) for u in graph.updates)
    return replace(graph, outputs=outputs, updates=updates)


def substitute(roots: Iterable[Node], known: dict[Node, Node]) -> dict[Node, Node]:
    """Nodes with some leaves replaced."""
    return rebuild(roots, lambda node: node, known)
