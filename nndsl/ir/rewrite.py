"""Rebuilding a graph bottom-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from nndsl.ir.graph import Body, Graph, Node, Update, topological

Rule = Callable[[Node], Node]


def with_inputs(node: Node, inputs: tuple[Node, ...]) -> Node:
    """The node over other inputs; itself when nothing changed."""
    if inputs == node.inputs:
        return node
    return Node(node.op, inputs, node.attrs, node.type, node.span, node.name)  # `replace` takes three times as long


def rebuild(roots: Iterable[Node], rule: Rule, known: dict[Node, Node] | None = None) -> dict[Node, Node]:
    """New node for each old one under `roots`: inputs first, then `rule` on the node over its new inputs."""
    return _rebuilt(topological(roots), rule, dict(known or {}))


def _rebuilt(order: Iterable[Node], rule: Rule, new: dict[Node, Node]) -> dict[Node, Node]:
    """`new` with what is missing in it."""
    for node in order:
        if node not in new:
            over = with_inputs(node, tuple([new[i] for i in node.inputs]))
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
    """A graph with `rule` applied to every node, inputs first; itself when nothing changed. Update targets stay as they
    are."""
    new = _rebuilt(graph.nodes(), rule, {})
    if all(new[root] is root for root in graph.roots):
        return graph
    outputs = tuple((name, new[node]) for name, node in graph.outputs)
    updates = tuple(Update(u.target, new[u.value]) for u in graph.updates)
    return replace(graph, outputs=outputs, updates=updates)


def substitute(roots: Iterable[Node], known: dict[Node, Node]) -> dict[Node, Node]:
    """Nodes with some leaves replaced."""
    return rebuild(roots, lambda node: node, known)
