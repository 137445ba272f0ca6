"""Reductions over leading axes, reductions to one number, and hand-written kernels."""

from __future__ import annotations

from nndsl.ir.loops import Apply, CallKernel, Cast, Expr, For, If, Load, Num, Statement, Store, Var, equal
from nndsl.kernels.lowering import AXES, LINE, Loops, Lowering, reduced, reduction, scalars, start_value
from nndsl.kernels.phases import role
from nndsl.ops.op import Ready, Reduce
from nndsl.ops.shape import size_expr
from nndsl.ops.table import OPS


def columns(state: Lowering) -> Loops:
    """A reduction over the first axis of two or the middle one of three, element by element of the result."""
    region, node = state.region, state.region.nodes[0]
    lowering = OPS[node.op].lowering
    assert isinstance(lowering, Reduce)
    (x,) = node.inputs
    head = scalars(state)
    flat = len(node.shape) == 1
    column = AXES[len(node.shape) - 1]
    start, stop = (Var("begin"), Var("end")) if flat else (Num(0, "int"), size_expr(node.shape[-1]))
    lead: tuple[Expr, ...] = () if flat else (Var(AXES[0]),)
    place = (*lead, Var(column))
    out, source = state.array(node), state.array(x)
    value: Expr = Load(source, (*lead, Var("row"), Var(column)), x.dtype)
    value = value if x.dtype == node.dtype else Cast(value, node.dtype)
    clear = For(column, start, stop, (Store(out, place, start_value(lowering.combine, node.dtype)),))
    gathered = combined(lowering.combine, Load(out, place, node.dtype), value)
    add = For(
        "row", Num(0, "int"), size_expr(x.shape[len(lead)]), (For(column, start, stop, (Store(out, place, gathered),)),)
    )
    region_rest = [n for n in region.nodes[1:] if role(n, region.space) == "full"]
    tail: list[Statement] = []
    body: list[Statement] = []
    for member in region_rest:
        body += state.define(member, place)
    body += state.assigned([node, *region_rest], place)
    if body:
        tail = [For(column, start, stop, tuple(body))]
    if flat:
        return size_expr(node.shape[0]), LINE, [*head, clear, add, *tail]
    return size_expr(node.shape[0]), 1, [*head, For(AXES[0], Var("begin"), Var("end"), (clear, add, *tail))]


def combined(combine: str, so_far: Expr, value: Expr) -> Expr:
    """One step of a reduction as an expression."""
    if combine == "add":
        return so_far + value
    if combine == "mul":
        return so_far * value
    return Apply("maximum" if combine == "max" else "minimum", (so_far, value), so_far.dtype)


def total(state: Lowering) -> Loops:
    """A reduction of one axis to a number, then work on numbers: worker 0 does it, in order."""
    node = state.region.nodes[0]
    (x,) = node.inputs
    head, step = reduction(state, node, (Var("i"),))
    out: list[Statement] = [*head, For("i", Num(0, "int"), size_expr(x.shape[0]), (step,))]
    out += reduced(state, node, ())
    for member in state.region.nodes[1:]:
        out += state.define(member, ())
    return None, 1, [If(equal(Var("worker"), 0), tuple(out))]


def ready(state: Lowering) -> Loops:
    """A hand-written kernel shares the work by itself."""
    node = state.region.nodes[0]
    lowering = OPS[node.op].lowering
    assert isinstance(lowering, Ready)
    shapes = lowering.shapes(node)
    names = [state.array(n, shape) for n, shape in zip((*node.inputs, node), shapes, strict=True)]
    numbers = [str(n) for n in lowering.numbers(node)]
    function = lowering.function if isinstance(lowering.function, str) else lowering.function(node)
    return None, 1, [CallKernel(function, (*names, *numbers, "worker", "workers"))]
