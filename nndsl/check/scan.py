"""`scan`: a body elaborated once, over leaves that stand for the carries and for one step of the sequence.

Whatever the body uses that does not depend on those leaves stays outside and is computed once: it becomes a free value
of the scan.
"""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.check.context import Context, ScanFrame
from nndsl.check.expressions import evaluate
from nndsl.check.naming import bind_name
from nndsl.check.nodes import as_node, guarded
from nndsl.check.scope import Scope
from nndsl.check.values import POISON, Poison, Value, describe
from nndsl.diagnostics import Label, Span, did_you_mean
from nndsl.ir.dims import Size
from nndsl.ir.graph import NUMBERS, Body, Node, topological
from nndsl.ir.rewrite import rebuild
from nndsl.ops import build as b
from nndsl.ops.scan import make_scan, part
from nndsl.problems import building, names, shapes
from nndsl.syntax import ast


def run_scan(ctx: Context, scope: Scope, statement: ast.Scan) -> None:
    """Elaborate a scan and bind its last carries and what it collects."""
    for name in bound_names(statement):
        scope.bind(name, POISON)
    head = _head(ctx, scope, statement)
    if head is None:
        return
    first, sequence, axis = head
    length, item_shape = sequence.shape[axis], sequence.shape[:axis] + sequence.shape[axis + 1 :]
    item = _leaf(statement.item, sequence, item_shape, statement.span)
    carries = {name: _leaf(name, node, node.shape, statement.span) for name, node in first.items()}
    inner = Scope(scope, role=scope.role)
    for name, leaf in carries.items():
        inner.bind(name, leaf, statement.span)
    inner.bind(statement.item, item, statement.span)
    frame = ScanFrame(carries)
    streams, before, ctx.scan = ctx.streams, ctx.scan, frame
    updated = set(ctx.updates_here())
    try:
        returned = _run_block(ctx, inner, statement.body)
    finally:
        ctx.scan = before
    if returned:
        ctx.say(names.Misplaced, statement.span, "a `scan` cannot return from inside", cure="return after it")
        return
    if ctx.streams != streams or set(ctx.updates_here()) != updated:
        what = "draws random numbers" if ctx.streams != streams else "updates a state"
        ctx.say(
            building.NotBuilt,
            statement.span,
            f"a `scan` that {what} in every step is not built yet",
            cure="draw or update outside, and use the value inside",
        )
        return
    _finish(ctx, scope, statement, frame, first, sequence, axis, item, length)


def bound_names(statement: ast.Scan) -> list[str]:
    """What a scan binds around it: its carries, and what it collects."""
    return [*(c.name for c in statement.carries), *(s.name for s in statement.body if isinstance(s, ast.Collect))]


def _leaf(name: str, like: Node, shape: tuple[Size, ...], span: Span) -> Node:
    return Node("input", (), {"name": name}, like.type.with_shape(shape), span, name)


def _run_block(ctx: Context, scope: Scope, body: ast.Block) -> bool:
    """Carry out the body; whether it returned."""
    from nndsl.check.statements import foresee, run_block

    foresee(scope, body)
    return run_block(ctx, scope, body) is not None


def _head(ctx: Context, scope: Scope, statement: ast.Scan) -> tuple[dict[str, Node], Node, int] | None:
    """First carries, the sequence and the axis, or None with Problems."""
    first: dict[str, Node] = {}
    good = True
    for carry in statement.carries:
        node = as_node(ctx, evaluate(ctx, scope, carry.value), None, carry.value.span)
        if carry.name in first:
            ctx.say(names.DuplicateName, carry.span, f"the carry `{carry.name}` is declared twice")
            good = False
        if node is None:
            good = False
        else:
            with b.at(ctx.place(carry.span)):
                first[carry.name] = b.cast(node, "f32") if node.dtype == "bool" else node
    sequence = as_node(ctx, evaluate(ctx, scope, statement.sequence), None, statement.sequence.span)
    axis = evaluate(ctx, scope, statement.axis)
    if sequence is None or isinstance(axis, Poison) or not good:
        return None
    if isinstance(axis, bool) or not isinstance(axis, int):
        ctx.say(names.NotConstant, statement.axis.span, "an axis is a whole number", note=f"this is {describe(axis)}")
        return None
    rank = sequence.type.rank
    if not -rank <= axis < rank:
        ctx.say(shapes.NoSuchAxis, statement.axis.span, note=f"the sequence is {sequence.type}, it has {rank} axes")
        return None
    if not statement.carries:
        ctx.say(
            names.MissingArgument,
            statement.span,
            "a scan carries at least one value",
            cure="`scan (h = zeros([…])) over …`",
        )
        return None
    return first, sequence, axis % rank


def next_value(ctx: Context, scope: Scope, statement: ast.Next) -> None:
    """`next h = …`: the carry of the following step."""
    frame = ctx.scan
    if frame is None:
        ctx.say(names.Misplaced, statement.span, "`next` belongs into a `scan`")
        return
    value = as_node(ctx, evaluate(ctx, scope, statement.value), None, statement.value.span)
    if statement.name not in frame.carries:
        cure = did_you_mean(statement.name, frame.carries) or f"it carries {', '.join(frame.carries)}"
        ctx.say(names.UnknownName, statement.span, f"this scan does not carry `{statement.name}`", cure=cure)
        return
    if statement.name in frame.next:
        ctx.say(
            names.DuplicateName,
            statement.span,
            f"`{statement.name}` has a next value already",
            related=(Label(frame.next[statement.name][1], "given here"),),
        )
        return
    frame.next[statement.name] = (POISON if value is None else value, statement.span)


def collect(ctx: Context, scope: Scope, statement: ast.Collect) -> None:
    """`collect h as outputs`: what each step leaves."""
    frame = ctx.scan
    if frame is None:
        ctx.say(names.Misplaced, statement.span, "`collect` belongs into a `scan`")
        return
    value = _next_or_value(ctx, scope, frame, statement)
    if statement.name in frame.collects:
        ctx.say(names.DuplicateName, statement.span, f"`{statement.name}` is collected already")
        return
    frame.collects[statement.name] = (value, statement.span)


def _next_or_value(ctx: Context, scope: Scope, frame: ScanFrame, statement: ast.Collect) -> Node | Poison:
    """A carry's name means its next value once that is given: the outputs of a recurrent layer are its new states."""
    match statement.value:
        case ast.Name(id=name) if name in frame.next:
            return frame.next[name][0]
    value = as_node(ctx, evaluate(ctx, scope, statement.value), None, statement.value.span)
    return POISON if value is None else value


def _finish(
    ctx: Context,
    scope: Scope,
    statement: ast.Scan,
    frame: ScanFrame,
    first: dict[str, Node],
    sequence: Node,
    axis: int,
    item: Node,
    length: Size,
) -> None:
    """Check that every carry goes on as it began, build the scan, bind its results."""
    following: list[Node] = []
    for name, leaf in frame.carries.items():
        if name not in frame.next:
            ctx.say(
                names.MissingArgument,
                statement.span,
                f"the carry `{name}` has no next value",
                cure=f"write `next {name} = …` in the body",
            )
            return
        value, span = frame.next[name]
        if isinstance(value, Poison):
            return
        if b.broadcast_shapes(value.shape, leaf.shape) != leaf.shape:
            ctx.say(
                shapes.ShapeClash,
                span,
                f"`{name}` must keep its shape from step to step",
                note=f"the next value is {value.type}, the first one {leaf.type}",
            )
            return
        with b.at(ctx.place(span)):
            following.append(b.broadcast_to(b.cast(value, leaf.dtype), leaf.shape))
    gathered = [value for value, _ in frame.collects.values()]
    if any(isinstance(value, Poison) for value in gathered):
        return
    collects = [value for value in gathered if isinstance(value, Node)]

    def build() -> Node:
        order = (axis, *(i for i in range(sequence.type.rank) if i != axis))
        return close(
            list(frame.carries.values()),
            item,
            following,
            collects,
            list(first.values()),
            b.transpose(sequence, order),
            length,
            statement.reverse,
        )

    scan = guarded(ctx, statement.span, [sequence], [statement.sequence.span], "scan", build)
    if not isinstance(scan, Node):
        return
    results: dict[str, Value] = {name: part(scan, k) for k, name in enumerate(frame.carries)}
    with b.at(ctx.place(statement.span)):
        for m, name in enumerate(frame.collects):
            out = part(scan, len(following) + m)
            place = min(axis, out.type.rank - 1)
            results[name] = b.transpose(out, (*range(1, place + 1), 0, *range(place + 1, out.type.rank)))
    for name, result in results.items():
        bind_name(ctx, scope, name, result, statement.span, None)


def close(
    carries: Sequence[Node],
    item: Node,
    following: Sequence[Node],
    collects: Sequence[Node],
    first: Sequence[Node],
    sequence: Node,
    length: Size,
    reverse: bool,
) -> Node:
    """The scan over a body whose outer values have become free ones. Raises ShapeFault."""
    own = {*carries, item}
    results = [*following, *collects]
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
    new = rebuild(results, lambda n: n, {**free, **{leaf: leaf for leaf in own}})
    # What is a bare number is repeated to an array of its own.
    made = [b.broadcast_to(new[n], n.shape) if n.op in NUMBERS else new[n] for n in results]
    body = Body(
        tuple(carries),
        (item,),
        tuple(free.values()),
        tuple(made[: len(following)]),
        (*made[len(following) :], *carries),
    )
    return make_scan(first, [sequence], list(outer), body, length, reverse)
