"""Recurrence: a body run once for each step of the first axis of its sequences.

A `scan` node has the inputs (first carries…, sequences…, free values…) and the attributes `body` (an ir Body),
`reverse` and `length`. Its results are `scan_part` nodes: the last carries, then the collected arrays, whose first axis
is the steps. Every scan collects what is costly to compute again and the carries that each step began with: its
gradient needs them, and what nobody reads is dropped before lowering.

The gradient is a scan in the other direction (backpropagation through time, Werbos 1990): its carries are the gradients
of the carries and, added up, those of the free values; its items are what the step was given and what it collected.
Where each step adds a product over its rows to a gradient, as for a weight, the products of all steps are made behind
the scan as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nndsl.costs import COSTLY
from nndsl.ir.dims import Size
from nndsl.ir.graph import Attrs, Body, Node, topological
from nndsl.ir.rewrite import substitute
from nndsl.ir.types import FLOATS, TensorType
from nndsl.ops import build as b
from nndsl.ops.op import REQUIRED, Loop, LoopPart, Op, ShapeFault, Types


def _scan_type(types: Types, attrs: Attrs) -> TensorType:
    """The type of the node itself says nothing: its parts are typed."""
    body: Body = attrs["body"]
    if len(types) != len(body.leaves):
        raise ShapeFault(f"a scan over {len(body.leaves)} values got {len(types)}", ())
    for position, (leaf, t) in enumerate(zip(body.leaves, types, strict=True)):
        in_sequence = len(body.carries) <= position < len(body.carries) + len(body.items)
        shape = (attrs["length"], *leaf.shape) if in_sequence else leaf.shape
        if (t.dtype, t.shape) != (leaf.dtype, shape):
            raise ShapeFault(f"a scan over {leaf.type} got {t}", (position,))
    for leaf, new in zip(body.carries, body.next, strict=True):
        if (leaf.dtype, leaf.shape) != (new.dtype, new.shape):
            raise ShapeFault(f"a carry of {leaf.type} becomes {new.type}", ())
    return TensorType("f32", ())


def part_type(scan: Node, index: int) -> TensorType:
    """The type of one result."""
    body: Body = scan.attrs["body"]
    if index < len(body.next):
        return body.carries[index].type
    collected = body.collects[index - len(body.next)].type
    return TensorType(collected.dtype, (scan.attrs["length"], *collected.shape), collected.kind)


def part(scan: Node, index: int) -> Node:
    """One result of a scan."""
    return Node(
        "scan_part", (scan,), {"index": index, "type": part_type(scan, index)}, part_type(scan, index), scan.span
    )


def make_scan(
    carries: Sequence[Node], sequences: Sequence[Node], free: Sequence[Node], body: Body, length: Size, reverse: bool
) -> Node:
    """A scan node over values that fit the leaves of `body`."""
    return b.apply("scan", *carries, *sequences, *free, body=body, length=length, reverse=reverse)


def costly(results: Sequence[Node], carries: Sequence[Node], items: Sequence[Node]) -> tuple[Node, ...]:
    """The values of a step that are sooner loaded than computed again; those that are the same in all steps are not
    among them."""
    found: dict[Node, None] = {}
    moving: set[Node] = {*carries, *items}
    for node in topological(results):
        if node in moving or any(child in moving for child in node.inputs):
            moving.add(node)
            if node.op in COSTLY and node.dtype in FLOATS:
                found[node] = None
    return tuple(found)


def _host(*args: Any, **attrs: Any) -> Any:
    raise NotImplementedError("the interpreter runs scans itself")


FAMILY: tuple[Op, ...] = (
    Op("scan", ("x",), "A body run once for each step of an axis.", _scan_type, _host, Loop(),
       options={"body": REQUIRED, "length": REQUIRED, "reverse": False}, variadic=True, hidden=True),
    Op("scan_part", ("scan",), "One result of a scan.", lambda t, a: a["type"], _host, LoopPart(), hidden=True),
)  # fmt: skip


def backward(scan: Node, cotangents: dict[int, Node], pullback: Any) -> list[Node | None]:
    """The gradients of a scan's inputs from those of its parts (by index); None for what they do not depend on.

    `pullback(outputs, cotangents, wrt)` differentiates the body.
    """
    body: Body = scan.attrs["body"]
    length, reverse = scan.attrs["length"], scan.attrs["reverse"]
    carries = len(body.carries)
    # Every scan collects, last of all, the carries its steps began with.
    saved = [part(scan, len(body.results) - carries + k) for k in range(carries)]

    def leaf(role: str, like: Node, number: int) -> Node:
        return Node("input", (), {"name": f"{role}_{number}"}, like.type.without_kind(), scan.span, f"{role}_{number}")

    gathered = [m for m in sorted(cotangents) if m >= carries]
    moving = _moving(body, {k for k in cotangents if k < carries}, gathered)
    flows = {k: leaf("carry_gradient", body.carries[k], k) for k in moving}
    given = {m: leaf("collected_gradient", body.results[m], m) for m in gathered}
    outputs = [body.next[k] for k in moving] + [body.results[m] for m in gathered]
    seeds = [flows[k] for k in moving] + [given[m] for m in gathered]
    wrt = [*(body.carries[k] for k in moving), *(v for v in (*body.free, *body.items) if v.dtype in FLOATS)]
    of = {v: g for v, g in zip(wrt, pullback(outputs, seeds, wrt), strict=True) if g is not None}
    again = {body.results[m]: m for m in range(carries, len(body.results) - carries) if body.results[m].op in COSTLY}
    needed = [n for n in topological(of.values()) if n in again]
    loaded = {n: leaf("saved", n, again[n]) for n in needed}
    with_loads = substitute(of.values(), dict(loaded))
    of = {v: with_loads[g] for v, g in of.items()}
    learning, items = [v for v in body.free if v in of], [x for x in body.items if x in of]
    behind = {v: of[v] for v in learning if _adds_rows(of[v])}
    rows = dict.fromkeys(n for g in behind.values() for n in g.inputs)
    learning = [v for v in learning if v not in behind]
    sums = {v: leaf("sum", v, i) for i, v in enumerate(learning)}
    itemized = (*body.carries, *body.items, *given.values(), *loaded.values())
    step = Body(
        carries=(*flows.values(), *sums.values()),
        items=itemized,
        free=body.free,
        next=(
            *(of.get(body.carries[k]) or b.zeros_like(body.carries[k]) for k in moving),
            *(b.add(sums[v], of[v]) for v in learning),
        ),
        collects=tuple(dict.fromkeys([*(of[x] for x in items), *(n for n in rows if n not in itemized)])),
    )
    ends = {k: cotangents.get(k) for k in moving}
    first = [e if e is not None else b.full(0, body.carries[k].shape, body.carries[k].dtype) for k, e in ends.items()]
    first += [b.full(0, v.shape, v.dtype) for v in learning]
    sequences = [*saved, *scan.inputs[carries : carries + len(body.items)], *(cotangents[m] for m in gathered)]
    sequences += [part(scan, again[n]) for n in needed]
    free = scan.inputs[carries + len(body.items) :]
    back = make_scan(first, sequences, free, step, length, not reverse)
    over = dict(zip(itemized, sequences, strict=True))

    def collected(node: Node) -> Node:
        return part(back, len(step.next) + step.collects.index(node))

    results: dict[Node, Node] = {}
    for i, k in enumerate(moving):
        results[body.carries[k]] = part(back, i)
    for i, v in enumerate(learning):
        results[v] = part(back, len(moving) + i)
    for x in items:
        results[x] = collected(of[x])
    for v, g in behind.items():
        flat = [over[n] if n in over else collected(n) for n in g.inputs]
        flat = [b.reshape(n, (length * n.shape[1], n.shape[2])) for n in flat]
        results[v] = b.apply("matmul", *flat, ta=True, tb=False) if g.op == "matmul" else b.sum_(flat[0], (0,))
    return [results.get(leaf) for leaf in body.leaves]


def _adds_rows(gradient: Node) -> bool:
    """Whether what a step adds to a gradient is a sum over rows, which all steps may share."""
    if gradient.op == "matmul":
        return gradient.type.rank == 2 and bool(gradient.attrs.get("ta")) and not gradient.attrs.get("tb")
    return gradient.op == "sum" and gradient.attrs["axes"] == (0,) and gradient.inputs[0].type.rank == 2


def _moving(body: Body, wanted: set[int], gathered: Sequence[int]) -> list[int]:
    """The carries through which a gradient flows: those that what is asked for depends on, in this step or later."""
    found = {k for k in wanted if body.carries[k].dtype in FLOATS}
    while True:
        reached = set(topological([*(body.next[k] for k in found), *(body.results[m] for m in gathered)]))
        more = found | {k for k, leaf in enumerate(body.carries) if leaf in reached and leaf.dtype in FLOATS}
        if more == found:
            return sorted(found)
        found = more
