"""Recurrence: a body run once for each step of the first axis of its sequences.

A `scan` node has the inputs (first carries…, sequences…, free values…) and the attributes `body` (an ir Body),
`reverse` and `length`. Its results are `scan_part` nodes: the last carries, then the collected arrays, whose first axis
is the steps. Every scan collects the carries that each step began with: its gradient needs them, and what nobody reads
is dropped before lowering.

The gradient is a scan in the other direction (backpropagation through time, Werbos 1990): its carries are the gradients
of the carries and, added up, those of the free values; its items are what the step was given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nndsl.ir.dims import Size
from nndsl.ir.graph import Attrs, Body, Node
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


def _host(*args: Any, **attrs: Any) -> Any:
    raise NotImplementedError("the interpreter runs scans itself")


FAMILY: tuple[Op, ...] = (
    Op("scan", ("x",), "A body run once for each step of an axis.", _scan_type, _host, Loop(),
       options={"body": REQUIRED, "length": REQUIRED, "reverse": False}, variadic=True, hidden=True),
    Op("scan_part", ("scan",), "One result of a scan.", lambda t, a: a["type"], _host, LoopPart(), hidden=True),
)  # fmt: skip


def backward(scan: Node, cotangents: dict[int, Node], pullback: Any) -> list[Node | None]:
    """The gradients of a scan's inputs from those of its parts (by index).

    `pullback(outputs, cotangents, wrt)` differentiates the body.
    """
    body: Body = scan.attrs["body"]
    length, reverse = scan.attrs["length"], scan.attrs["reverse"]
    carries = len(body.carries)
    # Every scan collects, last of all, the carries its steps began with.
    saved = [part(scan, len(body.results) - carries + k) for k in range(carries)]

    def leaf(role: str, like: Node, number: int) -> Node:
        return Node("input", (), {"name": f"{role}_{number}"}, like.type.without_kind(), scan.span, f"{role}_{number}")

    moving = [k for k, c in enumerate(body.carries) if c.dtype in FLOATS]
    flows = {k: leaf("carry_gradient", body.carries[k], k) for k in moving}
    gathered = [m for m in sorted(cotangents) if m >= carries]
    given = {m: leaf("collected_gradient", body.results[m], m) for m in gathered}
    learning = [v for v in body.free if v.dtype in FLOATS]
    sums = {v: leaf("sum", v, i) for i, v in enumerate(learning)}
    outputs = [body.next[k] for k in moving] + [body.results[m] for m in gathered]
    seeds = [flows[k] for k in moving] + [given[m] for m in gathered]
    items = [x for x in body.items if x.dtype in FLOATS]
    wrt = [*(body.carries[k] for k in moving), *learning, *items]
    grads = pullback(outputs, seeds, wrt)
    of = {leaf: g if g is not None else b.zeros_like(leaf) for leaf, g in zip(wrt, grads, strict=True)}
    step = Body(
        carries=(*flows.values(), *sums.values()),
        items=(*body.carries, *body.items, *given.values()),
        free=body.free,
        next=(*(of[body.carries[k]] for k in moving), *(b.add(sums[v], of[v]) for v in learning)),
        collects=tuple(of[x] for x in items),
    )
    ends = {k: cotangents.get(k) for k in moving}
    first = [e if e is not None else b.full(0, body.carries[k].shape, body.carries[k].dtype) for k, e in ends.items()]
    first += [b.full(0, v.shape, v.dtype) for v in learning]
    sequences = [*saved, *scan.inputs[carries : carries + len(body.items)], *(cotangents[m] for m in gathered)]
    free = scan.inputs[carries + len(body.items) :]
    back = make_scan(first, sequences, free, step, length, not reverse)
    results: dict[Node, Node] = {}
    for i, k in enumerate(moving):
        results[body.carries[k]] = part(back, i)
    for i, v in enumerate(learning):
        results[v] = part(back, len(moving) + i)
    for i, x in enumerate(items):
        results[x] = part(back, len(step.next) + i)
    return [results.get(leaf) for leaf in body.leaves]
