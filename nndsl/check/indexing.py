"""`x[…]`: NumPy slicing with sizes checked when the network is built."""

from __future__ import annotations

from nndsl.check.context import Context
from nndsl.check.expressions import evaluate
from nndsl.check.nodes import MAX_SIZE, guarded
from nndsl.check.ratios import Ratio, Uneven
from nndsl.check.scope import Scope
from nndsl.check.sizes import as_size, divided
from nndsl.check.values import POISON, Function, Poison, Value, describe
from nndsl.diagnostics import Span
from nndsl.ir.dims import Dim, Size, divide
from nndsl.ir.graph import Node
from nndsl.ops import build as b
from nndsl.problems import names, shapes
from nndsl.syntax import ast

Part = ast.Expr | ast.Slice | ast.Ellipsis_


def index(ctx: Context, scope: Scope, expr: ast.Index, value: Value) -> Value:
    """An element or part of a tensor or list."""
    match value:
        case Poison():
            return POISON
        case list() | tuple():
            return of_list(ctx, scope, expr, list(value))
        case Node():
            return of_tensor(ctx, scope, expr, value)
    return ctx.say(
        names.BadValue, expr.span, f"{describe(value)} has no parts", cure=_index_cure(value)
    )


def _index_cure(value: Value) -> str:
    if isinstance(value, Function) and value.role == "layer":
        return f"what builds a layer stands in ( ): `{value.name}(…)`"
    return "only tensors and lists are indexed"


def of_list(ctx: Context, scope: Scope, expr: ast.Index, items: list[Value]) -> Value:
    part = expr.items[0]
    if len(expr.items) != 1 or isinstance(part, ast.Ellipsis_):
        cure = "`stack(…)` makes a tensor of it, with an index an axis"
        return ctx.say(shapes.BadIndex, expr.span, "a list has one index", cure=cure)
    if isinstance(part, ast.Slice):
        ends: list[int | None] = []
        for e in (part.start, part.stop, part.step):
            end = evaluate(ctx, scope, e) if e is not None else None
            if isinstance(end, Poison):
                return POISON
            if end is not None and (isinstance(end, bool) or not isinstance(end, int)):
                return ctx.say(
                    names.NotConstant,
                    e.span if e else part.span,
                    "a slice of a list needs whole numbers",
                    note=f"this is {describe(end)}",
                )
            ends.append(end)
        if ends[2] == 0:
            return ctx.say(shapes.BadIndex, part.span, "the step of a slice is a whole number other than 0")
        ctx.count(part.span, len(items))
        return items[slice(*ends)]
    at = evaluate(ctx, scope, part)
    if isinstance(at, Poison):
        return POISON
    if not isinstance(at, int) or isinstance(at, bool):
        return ctx.say(
            names.NotConstant, part.span, "a list is indexed by a whole number", note=f"this is {describe(at)}"
        )
    if not -len(items) <= at < len(items):
        return ctx.say(
            shapes.BadIndex,
            part.span,
            note=f"this is {at}, the list has {len(items)} {'item' if len(items) == 1 else 'items'}",
            cure=f"indices go from {-len(items)} to {len(items) - 1}" if items else None,
        )
    return items[at]


def of_tensor(ctx: Context, scope: Scope, expr: ast.Index, x: Node) -> Value:
    """Each part handles one axis; `...` stands for those not mentioned, `none` adds one."""
    values: list[tuple[Part, Value]] = []
    for part in expr.items:
        value: Value = 0
        if not isinstance(part, (ast.Slice, ast.Ellipsis_)):
            value = evaluate(ctx, scope, part)
            if isinstance(value, Poison):
                return POISON
        values.append((part, value))
    gathers = [k for k, (p, v) in enumerate(values) if isinstance(v, Node)]
    if gathers:
        return gather(ctx, expr, x, values)
    taken = sum(1 for part, v in values if not isinstance(part, ast.Ellipsis_) and v is not None)
    if taken > x.type.rank:
        return ctx.say(
            shapes.BadIndex,
            expr.span,
            "more indices than axes",
            note=f"this is {x.type}, it has {x.type.rank}",
            cure=f"write at most {x.type.rank} of these {taken} indices" if x.type.rank else "a single number has none",
        )
    if sum(isinstance(part, ast.Ellipsis_) for part, _ in values) > 1:
        return ctx.say(shapes.BadIndex, expr.span, "`...` may stand once in an index")
    if not any(isinstance(part, ast.Ellipsis_) for part, _ in values):
        values.append((ast.Ellipsis_(span=expr.span), 0))
    start: list[Size] = []
    size: list[Size] = []
    step: list[int] = []
    shape: list[Size] = []

    def whole(full: Size) -> None:
        start.append(0)
        size.append(full)
        step.append(1)
        shape.append(full)

    for part, value in values:
        axis = len(start)
        if isinstance(part, ast.Ellipsis_):
            for _ in range(x.type.rank - taken):
                whole(x.shape[len(start)])
        elif value is None:
            shape.append(1)
        elif isinstance(part, ast.Slice):
            cut = _slice(ctx, scope, part, x.shape[axis])
            if cut is None:
                return POISON
            start.append(cut[0])
            size.append(cut[1])
            step.append(cut[2])
            shape.append(cut[1])
        else:
            at = _position(ctx, value, x.shape[axis], part.span)
            if at is None:
                return POISON
            start.append(at)
            size.append(1)
            step.append(1)

    def build() -> Node:
        out = x
        if tuple(size) != x.shape or any(p != 1 for p in step):
            out = b.apply("slice", x, start=tuple(start), size=tuple(size), step=tuple(step))
        return b.reshape(out, tuple(shape))

    return guarded(ctx, expr.span, [x], [expr.value.span], "[]", build)


def gather(ctx: Context, expr: ast.Index, x: Node, values: list[tuple[Part, Value]]) -> Value:
    """`table[indices]`: rows of the first axis."""
    first = values[0][1]
    if len(values) != 1 or not isinstance(first, Node):
        return ctx.say(
            shapes.BadIndex,
            expr.span,
            "a tensor selects along the first axis only",
            cure="use `take(x, indices, axis=k)`",
        )
    return guarded(ctx, expr.span, [x, first], [expr.value.span], "[]", lambda: b.apply("take", x, first))


def _position(ctx: Context, value: Value, full: Size, span: Span) -> Size | None:
    """A single index, counted from the end when negative, or None with a Problem."""
    if isinstance(value, Ratio):
        value = divided(ctx, value, span)
    if isinstance(value, bool) or not isinstance(value, (int, Dim)):
        ctx.say(names.NotConstant, span, "an index is a whole number", note=f"this is {describe(value)}")
        return None
    if isinstance(value, Dim):
        ctx.require(value, span)
        ctx.require(full - value - 1, span)
        return value
    if not isinstance(full, int):
        ctx.require(full - value - 1 if value >= 0 else full + value, span)
    elif not -full <= value < full:
        note = f"this axis has {full} {'element' if full == 1 else 'elements'}"
        ctx.say(shapes.BadIndex, span, note=note, cure=f"indices go from {-full} to {full - 1}")
        return None
    return value if value >= 0 else full + value


def _slice(ctx: Context, scope: Scope, part: ast.Slice, full: Size) -> tuple[Size, Size, int] | None:
    """Start, size and step of a slice, or None with a Problem. Known sizes are clamped as in NumPy."""
    values: list[Size | None] = []
    for e in (part.start, part.stop, part.step):
        value = evaluate(ctx, scope, e) if e is not None else None
        if isinstance(value, Poison):
            return None
        if isinstance(value, Ratio) and e is not None:
            value = divided(ctx, value, e.span)
        elif isinstance(value, Uneven) and e is not None:
            value = int(value) if value.is_integer() else as_size(ctx, value, e.span)
            if value is None:
                return None
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, Dim))):
            ctx.say(
                names.NotConstant,
                e.span if e is not None else part.span,
                "a slice needs whole numbers",
                note=f"this is {describe(value)}",
            )
            return None
        values.append(value)
    start, stop, step = values
    step = 1 if step is None else step
    if not isinstance(step, int) or not 0 < abs(step) <= MAX_SIZE:
        ctx.say(shapes.BadIndex, part.span, "the step of a slice is a whole number other than 0")
        return None
    if isinstance(full, int) and isinstance(start, int | None) and isinstance(stop, int | None):
        places = range(full)[slice(start, stop, step)]
        if not places:
            ctx.say(shapes.BadIndex, part.span, "this slice is empty", note=f"the axis has {full} elements")
            return None
        return places.start, len(places), step
    return _symbolic(ctx, part, full, start, stop, step)


def _symbolic(
    ctx: Context, part: ast.Slice, full: Size, start: Size | None, stop: Size | None, step: int
) -> tuple[Size, Size, int] | None:
    """A slice of an axis whose size only data knows, or with ends that only data knows."""

    def resolve(value: Size | None, default: Size) -> Size:
        if value is None:
            return default
        return full + value if isinstance(value, int) and value < 0 else value

    if step < 0:
        if start is None and stop is None and step == -1:
            return full - 1, full, -1
        ctx.say(
            shapes.BadIndex,
            part.span,
            "a negative step over an axis of unknown size works for the whole axis only",
            cure="`x[::-1]`",
        )
        return None
    begin, end = resolve(start, 0), resolve(stop, full)
    length: Size = end - begin
    if step != 1:
        length = divide(length + (step - 1), step)
    if isinstance(length, int) and length <= 0:
        ctx.say(shapes.BadIndex, part.span, "this slice is empty")
        return None
    for needed in (begin, full - begin, length - 1, full - begin - (length - 1) * step - 1):
        ctx.require(needed, part.span)
    return begin, length, step
