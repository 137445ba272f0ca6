"""Sums of columns that a kernel makes beside its rows: each part of the first axis has a row of sums of its own.

    begin, end = share(batch, worker, workers, length)           a worker has whole parts
    for part in range(begin // length, …): sums[part, :] = 0
    for i in range(begin, end):
        part = i // length
        for j in range(n):
            y[i, j] = …
            sums[part, j] = sums[part, j] + y[i, j]
"""

from __future__ import annotations

from nndsl.costs import PARTS, part_length
from nndsl.ir.graph import Node
from nndsl.ir.loops import Apply, CallKernel, Cast, Expr, For, Let, Load, Num, Select, Statement, Store, Var, equal
from nndsl.kernels.lowering import AXES, Loops, Lowering, start_value
from nndsl.kernels.phases import column_sums
from nndsl.ops.shape import both, size_expr


def has_parts(state: Lowering) -> bool:
    """Whether the kernel sums columns."""
    return bool(column_sums(state.region))


def length_of(state: Lowering) -> Expr:
    """Steps of the first axis in one part."""
    first, rank = state.region.space[0], len(state.region.space)
    if isinstance(first, int):
        return Num(max(1, part_length(first, rank)), "int")
    return Apply("max", (part_length(size_expr(first), rank), Num(1, "int")), "int")


def cleared(state: Lowering, grain: Expr, area: bool = False) -> list[Statement]:
    """The worker's parts at 0, and those behind the last step. `grain` is a part in what the workers share.

    In an `area` they may share the columns instead, so that each has all parts.
    """
    nodes = column_sums(state.region)
    if not nodes:
        return []
    part, column, space = Var(state.part), AXES[1], state.region.space
    begin, end, steps = Var("begin"), Var("end"), size_expr(space[0])
    body = [Store(state.array(n), (part, Var(column)), start_value("add", n.dtype)) for n in nodes]
    left: Expr = Num(0, "int")
    right = size_expr(space[-1])
    last = equal(Var("worker"), Var("workers") - 1)
    if area:
        last = both(equal(end, steps), begin <= Apply("max", (steps - 1, Num(0, "int")), "int"))
        left, right = Var("left"), Var("right")
    span: Expr = grain
    out: list[Statement] = []
    if not isinstance(grain, Num):
        span = Var(state.fresh("span"))
        out = [Let(span.name, grain)]
    stop = Select(last, Num(PARTS, "int"), _up(end, span))
    return [*out, For(state.part, _up(begin, span), stop, (For(column, left, right, tuple(body)),))]


def _up(place: Expr, grain: Expr) -> Expr:
    return (place + grain - 1) // grain


def part_of_row(state: Lowering) -> list[Statement]:
    """Which part a row belongs to."""
    return [Let(state.part, Var(AXES[0]) // length_of(state))] if has_parts(state) else []


def added(state: Lowering, node: Node, index: tuple[Expr, ...]) -> Statement:
    """One element of a row added to its column."""
    place = (Var(state.part), index[-1])
    value = state.read(node.inputs[0], index)
    value = value if value.dtype == node.dtype else Cast(value, node.dtype)
    name = state.array(node)
    return Store(name, place, Load(name, place, node.dtype) + value)


def products(state: Lowering) -> Loops:
    """Products in parts of one right side, and the sums of its columns: part after part, while its rows are at hand."""
    nodes = state.region.nodes
    y = nodes[0].inputs[1]
    first = size_expr(y.shape[0])
    part, start, stop = (Var(state.part), *(Var(state.fresh(name)) for name in ("start", "stop")))
    length = part_length(first, 2) if isinstance(first, Var) else Num(part_length(y.shape[0], 2), "int")
    body: list[Statement] = [
        Let(start.name, Apply("min", (part * length, first), "int")),
        Let(stop.name, Apply("min", (start + length, first), "int")),
    ]
    for node in (n for n in nodes if n.op != "column_sums"):
        names = (*(state.array(i) for i in node.inputs), state.array(node), part.name, start.name, stop.name)
        body.append(CallKernel("product_part", names))
    for node in column_sums(state.region):
        column, sums = Var(AXES[1]), state.array(node)
        value = Load(state.array(node.inputs[0]), (Var("row"), column), node.dtype)
        place, width = (part, column), size_expr(node.shape[-1])
        clear = Store(sums, place, start_value("add", node.dtype))
        step = Store(sums, place, Load(sums, place, node.dtype) + value)
        zero = Num(0, "int")
        body.append(For(column.name, zero, width, (clear,)))
        body.append(For("row", start, stop, (For(column.name, zero, width, (step,)),)))
    return Num(PARTS, "int"), 1, [For(part.name, Var("begin"), Var("end"), tuple(body))]
