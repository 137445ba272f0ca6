"""From compile-time values to nodes of the graph, and from what an op refuses to Problems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from nndsl.check import composites
from nndsl.check.context import Context
from nndsl.check.ratios import Ratio
from nndsl.check.values import POISON, Builtin, Function, Instance, Poison, Value, describe
from nndsl.diagnostics import Label, Span
from nndsl.ir.dims import Dim
from nndsl.ir.graph import Node, const, dim_value
from nndsl.ir.types import FLOATS, promote
from nndsl.ops import build as b
from nndsl.ops.op import ShapeFault
from nndsl.problems import building, kinds, names, shapes
from nndsl.problems.said import Said

MAKING = 12  # what an operation costs, in steps of the context: all stages behind will go through it
MAX_SIZE = 2**31 - 1
MAX_RANK = 12  # a kernel has a loop for each axis, and Python nests 20 at most
LARGEST = {"i32": 2**31 - 1, "i64": 2**63 - 1, "f32": 3.4028234e38, "f64": float("inf")}

Made = TypeVar("Made", bound="Node | tuple[Node, ...] | None")


def make(
    ctx: Context, op: str, span: Span, args: Sequence[Node], spans: Sequence[Span] = (), what: str = ""
) -> Node | Poison:
    """A node of the graph, or a Problem where the op cannot take these inputs."""
    return guarded(ctx, span, args, spans, what or op, lambda: b.apply(op, *args))


def guarded(
    ctx: Context, span: Span, args: Sequence[Node], spans: Sequence[Span], what: str, build: Callable[[], Made]
) -> Made | Poison:
    """Run a builder of nodes; its ShapeFault becomes a Problem, and so does a result that no machine could hold."""
    ctx.count(span, MAKING)
    with b.at(ctx.place(span)):
        try:
            made = build()
        except ShapeFault as fault:
            return fault_problem(ctx, fault, span, args, spans, what)
    if isinstance(made, Node) and too_large(ctx, made, span):
        return POISON
    return made


def known_elements(node: Node) -> int:
    """How many elements there are about, every size known only from data taken as 1."""
    total = 1
    for size in node.shape:
        total *= size if isinstance(size, int) else max(1, *(abs(factor) for _, factor in size.terms))
    return total


def too_large(ctx: Context, node: Node, span: Span) -> bool:
    """Whether a tensor is beyond what kernels count and machines hold; reports it."""
    if node.type.rank > MAX_RANK:
        ctx.say(
            building.TooLarge,
            span,
            f"a tensor has at most {MAX_RANK} axes",
            note=f"this has {node.type.rank}",
            cure="join axes with `reshape`",
        )
        return True
    if known_elements(node) > MAX_SIZE:
        ctx.say(
            building.TooLarge,
            span,
            "this tensor becomes too large",
            note=f"this is {node.type}, with more than 2³¹ elements",
            cure="make one of its sizes smaller",
        )
        return True
    return False


def fault_problem(
    ctx: Context, fault: ShapeFault, span: Span, args: Sequence[Node], spans: Sequence[Span], what: str
) -> Poison:
    """A ShapeFault as the Problem a user reads, with the places of the values at fault."""
    kind: type[Said] = {
        "broadcast": shapes.ShapeClash,
        "inner": shapes.InnerSizes,
        "dtype": shapes.WrongDtype,
        "rank": shapes.WrongRank,
        "axis": shapes.NoSuchAxis,
        "index": kinds.NeedsIndex,
        "index_range": kinds.IndexRange,
    }.get(fault.code, shapes.DoesNotFit)
    blamed = [i for i in fault.blame if i < len(args)]
    # Two sides that clash are both shown, except the part of the line that the message stands on already.
    both = len(blamed) == 2 and fault.code in ("broadcast", "inner")
    related: list[Label] = []
    for i in blamed:
        origin = args[i].span
        place = spans[i] if i < len(spans) else None
        if origin is None or origin == span:
            continue
        if both and place is not None and _within(origin, place):
            continue
        if place is None or origin.line != place.line or origin.source is not place.source:
            related.append(Label(origin, f"this gives {args[i].type}"))
    note, message = fault.message, ""
    if both:
        note = _sides(args[blamed[0]], args[blamed[1]], related)
    elif fault.code not in ("index", "index_range"):
        message = (
            f"`{what}` {fault.message}"
            if fault.message.startswith(("needs ", "has "))
            else f"`{what}`: {fault.message}"
        )
        note = (
            _operand(args[blamed[0]], spans[blamed[0]] if blamed[0] < len(spans) else None) if len(blamed) == 1 else ""
        )
    cure = fault.help or {
        "index_range": "make room for all of them, or declare fewer in the input's type",
        "reshape": "`-1` stands for the size that is left",
        "concat": "only the sizes along the joined axis may differ",
    }.get(fault.code)
    if cure is None and both and fault.code == "broadcast":
        cure = _broadcast_cure(args[blamed[0]], args[blamed[1]])
    return ctx.say(kind, span, message, note=note, cure=cure, related=tuple(dict.fromkeys(related)))


def _operand(node: Node, place: Span | None) -> str:
    """`x` is f32[batch, 4]."""
    text = place.text.split("\n")[0] if place is not None else ""
    return f"`{text}` is {node.type}" if 0 < len(text) <= 40 else f"this is {node.type}"


def _within(inner: Span, outer: Span) -> bool:
    return inner.source is outer.source and outer.start <= inner.start and inner.end <= outer.end


def _sides(x: Node, y: Node, related: list[Label]) -> str:
    """What is said of a clash: both types, or only that of the side which no other label tells."""
    told = {label.text for label in related}
    left, right = (f"this gives {n.type}" in told for n in (x, y))
    if left and not right:
        return f"needs both sides alike, the right one is {y.type}"
    if right and not left:
        return f"needs both sides alike, the left one is {x.type}"
    return f"the left side is {x.type}, the right one {y.type}"


def _broadcast_cure(x: Node, y: Node) -> str | None:
    from nndsl.check.hints import apart_cure, units_of

    if x.type.rank != y.type.rank:
        short, long = (x, y) if x.type.rank < y.type.rank else (y, x)
        if short.type.rank and short.shape[0] == long.shape[0]:
            return "sizes are compared from the last axis on; `x[:, none]` adds an axis of size 1 to the shorter one"
        return "sizes are compared from the last axis on; each pair must be equal, or one of them 1"
    apart = [(p, q) for p, q in zip(x.shape, y.shape, strict=True) if p != q and 1 not in (p, q)]
    named = apart_cure(apart)
    if named is not None:
        return named
    if len(apart) == 1 and x.shape[-1] != y.shape[-1] and x.type.rank > 1:
        layers = [units_of(n) for n in (x, y)]
        if all(layers):
            return "give both layers the same units"
        for layer, other in ((layers[0], apart[0][1]), (layers[1], apart[0][0])):
            if layer is not None:
                return f"give the {layer} {other} units"
        return f"make both sizes {apart[0][0]} or {apart[0][1]}"
    return "make the sizes equal, or one of them 1"


def as_node(ctx: Context, value: Value, like: Node | None, span: Span) -> Node | None:
    """A value as a tensor: numbers become consts of a fitting dtype, sizes their number. None with a Problem."""
    match value:
        case Node():
            return value
        case bool():
            return const(value, "bool")
        case int():
            wide = "i32" if abs(value) <= LARGEST["i32"] else "i64"
            return _number(ctx, value, like.dtype if like is not None and like.dtype != "bool" else wide, span)
        case float():
            return _number(ctx, value, like.dtype if like is not None and like.dtype in FLOATS else "f32", span)
        case Dim():
            return dim_value(value, like.dtype if like is not None and like.dtype in FLOATS else "i64")
        case Ratio():
            wide = like.dtype if like is not None and like.dtype in FLOATS else "f32"
            parts = (value.numerator, value.denominator)
            above, below = (const(p, wide) if isinstance(p, int) else dim_value(p, wide) for p in parts)
            return b.div(above, below)
        case Poison():
            return None
        case list() | tuple() if value:
            return _array(ctx, list(value), like, span)
        case list() | tuple():
            ctx.say(names.NeedsTensor, span, "a tensor has at least one element, this list is empty")
            return None
    ctx.say(names.NeedsTensor, span, f"a tensor is needed here, this is {describe(value)}", cure=_tensor_cure(value))
    return None


def _number(ctx: Context, value: float, dtype: str, span: Span) -> Node | None:
    if abs(value) <= LARGEST[dtype] or value in (float("inf"), float("-inf")):
        return const(value, dtype)
    ctx.say(names.BadValue, span, f"this number is too large for {dtype}", note=f"it is {describe(value)}")
    return None


def _array(ctx: Context, items: list[Value], like: Node | None, span: Span) -> Node | None:
    """A list as an array, its items brought to one dtype."""
    ctx.count(span, 4 * len(items))  # each item becomes nodes of its own
    parts: list[Node] = []
    for item in items:
        node = as_node(ctx, item, like, span)
        if node is None:
            return None
        parts.append(node)
    wide = promote(*(p.dtype for p in parts))
    found = guarded(ctx, span, parts, [], "list", lambda: composites.stack([b.cast(p, wide) for p in parts], 0))
    return found if isinstance(found, Node) else None


def _tensor_cure(value: Value) -> str | None:
    match value:
        case Function(role="layer"):
            return f"apply it to a value: `x |> {value.name}(…)`"
        case Instance(stages=(_, *_)):
            return f"begin the pipe with a value: `x |> {describe(value).split('`')[1]}`"
        case Instance(function=Function(role="layer")):
            return f"apply it to a value: `x |> {value.function.name}(…)`"
        case Function(role="fn"):
            return f"apply it to a value: `x |> {value.name}`"
        case Builtin():
            return f"apply it to a value: `{value.signature}`"
        case Function(role="loss" | "metric"):
            return f"a {value.role} is called with what it compares: `{value.name}(target, output)`"
        case str():
            from nndsl.check.hints import named_loss

            return named_loss(value) or "a name is written without quotes"
    return None
