"""The body of a scan closed over its leaves: what comes from outside becomes a free value."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from nndsl.ir.dims import Size
from nndsl.ir.graph import NUMBERS, Body, Node, topological
from nndsl.ir.rewrite import substitute
from nndsl.ops import build as b
from nndsl.ops.scan import costly, make_scan


@dataclass(frozen=True, eq=False)
class Carried:
    """What passes from step to step: the leaf that stands for it, its first value, and the following one."""

    leaf: Node
    first: Node
    following: Node


@dataclass(frozen=True, eq=False)
class Step:
    """One step as a graph: `items` are leaves with the sequences they stand for a step of, steps along axis 0."""

    carried: tuple[Carried, ...]
    items: tuple[tuple[Node, Node], ...]
    collects: tuple[Node, ...]


def depends(node: Node, leaves: Collection[Node]) -> bool:
    """Whether a value depends on any of the leaves."""
    return any(other in leaves for other in topological([node]))


def close(step: Step, length: Size, reverse: bool) -> Node:
    """The scan that takes these steps. Raises ShapeFault."""
    own = {*(c.leaf for c in step.carried), *(leaf for leaf, _ in step.items)}
    results = [*(c.following for c in step.carried), *step.collects]
    inside = set[Node]()
    order = topological(results)
    for node in order:
        if node in own or any(child in inside for child in node.inputs):
            inside.add(node)
    outer: dict[Node, None] = {}
    for node in order:
        if node in inside:
            outer.update(
                dict.fromkeys(child for child in node.inputs if child not in inside and child.op not in NUMBERS)
            )
    outer.update(dict.fromkeys(n for n in results if n not in inside and n.op not in NUMBERS))
    free = {
        node: Node("input", (), {"name": f"free_{i}"}, node.type, node.span, f"free_{i}")
        for i, node in enumerate(outer)
    }
    new = substitute(results, {**free, **{leaf: leaf for leaf in own}})
    # What is a bare number is repeated to an array of its own.
    made = [b.broadcast_to(new[n], n.shape) if n.op in NUMBERS else new[n] for n in results]
    count = len(step.carried)
    leaves = tuple(c.leaf for c in step.carried)
    items = tuple(leaf for leaf, _ in step.items)
    saved = (*costly(made, leaves, items), *leaves)
    body = Body(leaves, items, tuple(free.values()), tuple(made[:count]), (*made[count:], *saved))
    return make_scan(
        [c.first for c in step.carried], [whole for _, whole in step.items], list(outer), body, length, reverse
    )
