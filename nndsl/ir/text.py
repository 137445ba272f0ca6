"""A graph as text: one node a line, named after the source where it has a name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nndsl.ir.each import Each, Window
from nndsl.ir.graph import Body, Graph, Node, topological


def names_of(nodes: Sequence[Node]) -> dict[Node, str]:
    """A readable, unique name for each node: the source's name, else the op with a number."""
    taken: dict[str, int] = {}
    out: dict[Node, str] = {}
    given: set[str] = set()
    for node in nodes:
        base = re.sub(r"\W+", "_", node.name or node.op).strip("_") or node.op
        taken[base] = taken.get(base, 0) + 1
        clash = taken[base] > 1 or (node.name is None and not node.is_leaf)
        name = f"{base}_{taken[base]}" if clash else base
        while name in given:
            taken[base] += 1
            name = f"{base}_{taken[base]}"
        out[node] = name
        given.add(name)
    return out


def attrs_text(attrs: Mapping[str, Any]) -> str:
    """`axes=(1,), keep=True`."""
    return ", ".join(f"{k}={_value(v)}" for k, v in attrs.items() if v is not False)


def _value(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(_value(v) for v in value)}]"
    return repr(value) if isinstance(value, float) else str(value)


def show(graph: Graph) -> str:
    """The whole graph. The body of a scan stands in braces below it, with names of its own."""
    nodes = graph.nodes()
    names = names_of(nodes)
    lines = [f"graph {graph.name}", *_lines(nodes, names, 1)]
    lines += [f"  output {name} = {names[node]}" for name, node in graph.outputs]
    lines += [f"  update {u.target.name} := {names[u.value]}" for u in graph.updates]
    return "\n".join(lines) + "\n"


def _lines(nodes: Sequence[Node], names: Mapping[Node, str], depth: int) -> list[str]:
    """A line for each node, but for numbers."""
    lines: list[str] = []
    pad = "  " * depth
    for node in nodes:
        where = f"  # {node.span.where}" if node.span is not None else ""
        if node.op == "const":
            continue
        if node.is_leaf:
            size = f" {node.attrs['size']}" if node.op == "dim" else ""
            lines.append(f"{pad}{node.op} {names[node]}{size}: {node.type}{where}")
            continue
        inputs = ", ".join(_value(i.attrs["value"]) if i.op == "const" else names[i] for i in node.inputs)
        attrs = attrs_text({k: v for k, v in node.attrs.items() if not isinstance(v, Body | Each)})
        call = f"{node.op}({', '.join(part for part in (inputs, attrs) if part)})"
        if node.op == "scan":
            lines += [f"{pad}{names[node]} = {call} {{{where}", *_step(node.attrs["body"], depth + 1), f"{pad}}}"]
        elif node.op == "each":
            lines += [f"{pad}{names[node]} = {call} {{{where}", *_place(node, names, depth + 1), f"{pad}}}"]
        else:
            lines.append(f"{pad}{names[node]}: {node.type} = {call}{where}")
    return lines


def _step(body: Body, depth: int) -> list[str]:
    """One step of a scan: what it is given, what it computes, what it leaves."""
    leaves = set(body.leaves)
    inner = [n for n in topological((*body.leaves, *body.results)) if n not in leaves]
    names = names_of([*body.leaves, *inner])
    pad = "  " * depth
    roles = (("carry", body.carries), ("item", body.items), ("free", body.free))
    lines = [f"{pad}{role} {names[n]}: {n.type}" for role, group in roles for n in group]
    lines += _lines(inner, names, depth)
    values = [_value(n.attrs["value"]) if n.op == "const" else names[n] for n in body.results]
    lines += [f"{pad}next {names[c]} = {v}" for c, v in zip(body.carries, values, strict=False)]
    return lines + [f"{pad}collect {v}" for v in values[len(body.carries) :]]


def _place(each: Node, outside: Mapping[Node, str], depth: int) -> list[str]:
    """The work at one place: where what it is given lies, what it computes, where what it leaves goes."""
    body: Each = each.attrs["body"]
    inner = [n for n in topological(body.results) if n not in set(body.items)]
    names = names_of([*body.items, *inner])
    pad = "  " * depth
    lines = [f"{pad}over [{', '.join(str(size) for size in body.outer)}]"]
    for leaf, number, read in zip(body.items, body.given, body.reads, strict=True):
        lines.append(f"{pad}item {names[leaf]}: {leaf.type} in {outside[each.inputs[number]]}, {_window(read)}")
    lines += _lines(inner, names, depth)
    for node, number, write in zip(body.results, body.made, body.writes, strict=True):
        lines.append(f"{pad}leave {names[node]} in part {number}, {_window(write)}")
    return lines


def _window(window: Window) -> str:
    steps = ", ".join(str(size) for size in window.steps)
    return f"from {window.start} by [{steps}], rows {window.pitch} apart"
