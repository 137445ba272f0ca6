"""Reductions over the first axis or a middle one, reductions to one number, and hand-written kernels."""

from __future__ import annotations

from nndsl.costs import LINE
from nndsl.ir.dims import product
from nndsl.ir.loops import Apply, CallKernel, Cast, Expr, For, If, Load, Num, Statement, Store, Var, equal
from nndsl.kernels.lowering import AXES, Loops, Lowering, reduced, reduction, scalars, start_value
from nndsl.kernels.phases import role
from nndsl.ops.op import Ready, Reduce
from nndsl.ops.shape import size_expr
from nndsl.ops.table import OPS


def columns(state: Lowering) -> Loops:
    """Reductions over the first axis, element by element of the results in a line; or over the middle one of three."""
    space, head = state.region.space, scalars(state)
    if state.flat:
        size = size_expr(product(space))
        return size, LINE, [*head, *_reductions(state, (), size), *_behind(state, (), Var("begin"), Var("end"))]
    lead, width = Var(AXES[0]), size_expr(space[-1])
    body = (*_reductions(state, (lead,), width), *_behind(state, (lead,), Num(0, "int"), width))
    return size_expr(space[0]), 1, [*head, For(AXES[0], Var("begin"), Var("end"), body)]


def _reductions(state: Lowering, lead: tuple[Expr, ...], width: Expr) -> list[Statement]:
    """All that a kernel reduces: results cleared, then row after row added; those of one length in one loop."""
    start, stop = (Num(0, "int"), width) if lead else (Var("begin"), Var("end"))
    column = AXES[len(lead)]
    place = (*lead, Var(column))
    nodes = [n for n in state.region.nodes if isinstance(OPS[n.op].lowering, Reduce)]
    out: list[Statement] = []
    for length in dict.fromkeys(n.inputs[0].shape[len(lead)] for n in nodes):
        clear: list[Statement] = []
        step: list[Statement] = []
        for node in (n for n in nodes if n.inputs[0].shape[len(lead)] == length):
            (x,), lowering = node.inputs, OPS[node.op].lowering
            assert isinstance(lowering, Reduce)
            name, source = state.array(node), state.array(x, None if lead else (length, product(node.shape)))
            value: Expr = Load(source, (*lead, Var("row"), Var(column)), x.dtype)
            value = value if x.dtype == node.dtype else Cast(value, node.dtype)
            gathered = combined(lowering.combine, Load(name, place, node.dtype), value)
            clear.append(Store(name, place, start_value(lowering.combine, node.dtype)))
            step.append(Store(name, place, gathered))
        out.append(For(column, start, stop, tuple(clear)))
        out.append(For("row", Num(0, "int"), size_expr(length), (For(column, start, stop, tuple(step)),)))
    return out


def _behind(state: Lowering, lead: tuple[Expr, ...], start: Expr, stop: Expr) -> list[Statement]:
    """What is made of the results."""
    space, nodes = state.region.space, state.region.nodes
    place = (*lead, Var(AXES[len(lead)]))
    body: list[Statement] = []
    for member in nodes:
        if role(member, space) == "full" and not isinstance(OPS[member.op].lowering, Reduce):
            body += state.define(member, place)
    body += state.assigned([n for n in nodes if role(n, space) == "full"], place)
    return [For(AXES[len(lead)], start, stop, tuple(body))] if body else []


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
