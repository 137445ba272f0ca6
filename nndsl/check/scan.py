"""`scan`: a body elaborated once, over leaves that stand for the carries and for one step of each sequence.

Whatever the body uses that does not depend on those leaves stays outside and is computed once: it becomes a free value
of the scan. States that the body updates are carried too, and the penalties of its layers are added up over the steps.
Numbers drawn in each step are drawn for all steps at once, so that they depend on nothing but the key, the step and
their place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nndsl.check.closing import Carried, Step, close, depends
from nndsl.check.context import Context, ScanFrame
from nndsl.check.expressions import evaluate
from nndsl.check.naming import bind_name
from nndsl.check.nodes import as_node, guarded
from nndsl.check.scope import Scope
from nndsl.check.values import POISON, Poison, Value, describe
from nndsl.diagnostics import Label, Span, did_you_mean
from nndsl.ir.dims import Dim, Size
from nndsl.ir.graph import Node, const
from nndsl.ir.rewrite import substitute
from nndsl.ir.types import TensorType, promote, shape_text
from nndsl.ops import build as b
from nndsl.ops.scan import part
from nndsl.problems import kinds, names, shapes
from nndsl.syntax import ast


@dataclass(frozen=True, eq=False)
class Head:
    """What a scan begins with: the first carries, and the sequences with their axis. A sequence may be none."""

    first: dict[str, Node]
    sequences: dict[str, tuple[Node, int] | None]
    length: Size
    axis: int


def run_scan(ctx: Context, scope: Scope, statement: ast.Scan) -> None:
    """Elaborate a scan and bind its last carries and what it collects."""
    for name in bound_names(statement):
        scope.bind(name, POISON)
    head = _head(ctx, scope, statement)
    if head is None:
        return
    if not isinstance(head.length, Dim) or head.length.name is None:
        ctx.require(head.length, statement.span)
    carries = {name: _leaf(name, carried_type(node), statement.span) for name, node in head.first.items()}
    items = {name: _item(name, given, statement.span) for name, given in head.sequences.items()}
    frame = ScanFrame(carries, head.length, len(ctx.active), ctx.scan)
    inner = Scope(scope, role=scope.role)
    for carry in statement.carries:
        inner.bind(carry.name, _seen(ctx, carries[carry.name], head.first[carry.name], carry.span), carry.span)
    for sequence in statement.sequences:
        inner.bind(sequence.name, items[sequence.name], sequence.span)
    penalties = len(ctx.losses)
    before, ctx.scan = ctx.scan, frame
    try:
        states = _show_states(ctx, scope, inner, frame)
        returned = _run_block(ctx, inner, statement.body)
    finally:
        ctx.scan = before
    for holder, name, _ in states:
        holder.used |= {name} & inner.used
    if returned:
        ctx.say(names.Misplaced, statement.span, "a `scan` cannot return from inside", cure="return after it")
        return
    carried = _carried(ctx, statement, head, frame)
    if carried is not None:
        _finish(ctx, scope, statement, head, frame, carried, items, penalties, states)


def bound_names(statement: ast.Scan) -> list[str]:
    """What a scan binds around it: its carries, and what it collects."""
    return [*(c.name for c in statement.carries), *(s.name for s in statement.body if isinstance(s, ast.Collect))]


def _leaf(name: str, type: TensorType, span: Span) -> Node:
    return Node("input", (), {"name": name}, type, span, name)


def _item(name: str, given: tuple[Node, int] | None, span: Span) -> Node | None:
    """What stands for one step of a sequence."""
    if given is None:
        return None
    node, axis = given
    return _leaf(name, node.type.with_shape((*node.shape[:axis], *node.shape[axis + 1 :])), span)


def _run_block(ctx: Context, scope: Scope, body: ast.Block) -> bool:
    """Carry out the body; whether it returned."""
    from nndsl.check.statements import run_block

    scope.body = body
    return run_block(ctx, scope, body) is not None


# --- the head ----------------------------------------------------------------------------------------------


def _head(ctx: Context, scope: Scope, statement: ast.Scan) -> Head | None:
    """What stands before the body, or None with Problems."""
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
            first[carry.name] = node
    sequences: dict[str, Node | None] = {}
    for sequence in statement.sequences:
        if sequence.name in first or sequence.name in sequences:
            what = "a carry" if sequence.name in first else "a step of a sequence"
            ctx.say(names.DuplicateName, sequence.span, f"`{sequence.name}` is {what} already")
            good = False
        value = evaluate(ctx, scope, sequence.value)
        sequences[sequence.name] = None if value is None else as_node(ctx, value, None, sequence.value.span)
        good = good and (value is None or sequences[sequence.name] is not None)
    axis = evaluate(ctx, scope, statement.axis)
    if isinstance(axis, Poison) or not good:
        return None
    if isinstance(axis, bool) or not isinstance(axis, int):
        ctx.say(names.NotConstant, statement.axis.span, "an axis is a whole number", note=f"this is {describe(axis)}")
        return None
    if not statement.carries:
        ctx.say(
            names.MissingArgument,
            statement.span,
            "a scan carries at least one value",
            cure="`scan (h = zeros([…])) over …`",
        )
        return None
    return _over(ctx, statement, first, sequences, axis)


def _over(
    ctx: Context, statement: ast.Scan, first: dict[str, Node], sequences: dict[str, Node | None], axis: int
) -> Head | None:
    """The sequences with their axis; they must have one length."""
    found: dict[str, tuple[Node, int] | None] = {}
    leading: tuple[Node, int] | None = None
    for written, node in zip(statement.sequences, sequences.values(), strict=True):
        if node is None:
            found[written.name] = None
            continue
        rank = node.type.rank
        if not -rank <= axis < rank:
            note = f"the sequence is {node.type}, it has {rank} {'axis' if rank == 1 else 'axes'}"
            ctx.say(shapes.NoSuchAxis, statement.axis.span, note=note)
            return None
        place = axis % rank
        leading = leading or (node, place)
        if node.shape[place] != leading[0].shape[leading[1]]:
            ctx.say(
                shapes.ShapeClash,
                written.value.span,
                "the sequences of a scan have one length",
                note=f"this is {node.type}, the first one {leading[0].type}",
            )
            return None
        found[written.name] = (node, place)
    if leading is None:
        ctx.say(names.NeedsTensor, statement.sequences[0].value.span, "a scan goes over a tensor", note="this is none")
        return None
    return Head(first, found, leading[0].shape[leading[1]], leading[1])


# --- carries -----------------------------------------------------------------------------------------------


def carried_type(first: Node) -> TensorType:
    """The type of a carry: truth values as floats, and of the kinds only that which kernels rely on."""
    if first.dtype == "bool":
        return TensorType("f32", first.shape)
    return first.type if _is_index(first) else first.type.without_kind()


def _is_index(node: Node) -> bool:
    return node.type.kind is not None and node.type.kind.name == "index"


def _seen(ctx: Context, stored: Node, first: Node, span: Span) -> Node:
    """A carry as the body, or what follows the scan, sees it."""
    if first.dtype != "bool":
        return stored
    with b.at(ctx.place(span)):
        return b.less(const(0.5, "f32"), stored)


def _carried(ctx: Context, statement: ast.Scan, head: Head, frame: ScanFrame) -> list[Carried] | None:
    """Each carry with its first and its next value, or None with a Problem where it does not go on as it began."""
    out: list[Carried] = []
    for written, (name, leaf) in zip(statement.carries, frame.carries.items(), strict=True):
        if name not in frame.next:
            ctx.say(
                names.MissingArgument,
                written.span,
                f"the carry `{name}` has no next value",
                cure=f"write `next {name} = …` in the body",
            )
            return None
        value, span = frame.next[name]
        if isinstance(value, Poison) or not _goes_on(ctx, name, head.first[name], value, span):
            return None
        with b.at(ctx.place(span)):
            following = b.broadcast_to(b.cast(value, leaf.dtype), leaf.shape)
        with b.at(ctx.place(statement.span)):
            out.append(Carried(leaf, b.cast(head.first[name], leaf.dtype), following))
    return out


def _goes_on(ctx: Context, name: str, first: Node, value: Node, span: Span) -> bool:
    """Whether a next value is like the first one; says what differs."""
    note = f"the next value is {value.type}, the first one {first.type}"
    if b.broadcast_shapes(value.shape, first.shape) != first.shape:
        larger = b.broadcast_shapes(value.shape, first.shape) == value.shape
        cure = f"start from that shape: `{name} = zeros([{shape_text(value.shape)}])`" if larger else None
        ctx.say(shapes.ShapeClash, span, f"`{name}` must keep its shape from step to step", note=note, cure=cure)
        return False
    if promote(value.dtype, first.dtype) != first.dtype:
        whole = first.dtype in ("i32", "i64") and first.op == "const"
        cure = f"start from a float: `{name} = {first.attrs['value']}.0`" if whole else f"`cast(…, {first.dtype})`"
        ctx.say(shapes.WrongDtype, span, f"`{name}` must keep its dtype from step to step", note=note, cure=cure)
        return False
    count, found = first.type.kind and first.type.kind.count, value.type.kind and value.type.kind.count
    small = found == count or (isinstance(found, int) and isinstance(count, int) and found <= count)
    if _is_index(first) and not (_is_index(value) and small):
        cure = f"add 0 to its start for plain whole numbers: `{name} = … + 0`"
        ctx.say(kinds.NeedsIndex, span, f"`{name}` must stay an index from step to step", note=note, cure=cure)
        return False
    return True


def _in_body(frame: ScanFrame | None) -> str:
    """Where a line of a scan goes that stands elsewhere: in a function that the body applies, or around no scan."""
    if frame is not None:
        return "return the value from here, and write this line in the body of the scan itself"
    return "write it in the body of one: `scan (h = …) over x_t in x axis 1 { … }`"


def next_value(ctx: Context, scope: Scope, statement: ast.Next) -> None:
    """`next h = …`: the carry of the following step."""
    frame = ctx.scan
    if frame is None or frame.level != len(ctx.active):
        ctx.say(names.Misplaced, statement.span, "`next` belongs into a `scan`", cure=_in_body(frame))
        return
    value = as_node(ctx, evaluate(ctx, scope, statement.value), None, statement.value.span)
    if statement.name not in frame.carries:
        cure = did_you_mean(statement.name, frame.carries) or f"it carries {', '.join(frame.carries)}"
        ctx.say(names.UnknownName, statement.span, f"this scan does not carry `{statement.name}`", cure=cure)
        for name in frame.carries:  # one of them was meant, so nothing is said of a missing one
            frame.next.setdefault(name, (POISON, statement.span))
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
    if frame is None or frame.level != len(ctx.active):
        ctx.say(names.Misplaced, statement.span, "`collect` belongs into a `scan`", cure=_in_body(frame))
        return
    value = _next_or_value(ctx, scope, frame, statement)
    if statement.name in frame.collects or statement.name in frame.carries:
        what = "collected" if statement.name in frame.collects else "a carry"
        cure = "give what is collected a name of its own: `collect h as outputs`"
        ctx.say(names.DuplicateName, statement.span, f"`{statement.name}` is {what} already", cure=cure)
        return
    frame.collects[statement.name] = (value, statement.span)


def _next_or_value(ctx: Context, scope: Scope, frame: ScanFrame, statement: ast.Collect) -> Node | Poison:
    """A carry's name means its next value once that is given: the outputs of a recurrent layer are its new states."""
    match statement.value:
        case ast.Name(id=name) if name in frame.next:
            return frame.next[name][0]
    value = as_node(ctx, evaluate(ctx, scope, statement.value), None, statement.value.span)
    return POISON if value is None else value


# --- states ------------------------------------------------------------------------------------------------


def _show_states(ctx: Context, scope: Scope, inner: Scope, frame: ScanFrame) -> list[tuple[Scope, str, Node]]:
    """Names of states around the scan mean, inside, what a step begins with. Where each is bound, and its leaf."""
    found: list[tuple[Scope, str, Node]] = []
    around: Scope | None = scope
    while around is not None:
        for name, leaf in around.states.items():
            outside = ctx.held_in(frame.outer, leaf)
            if scope.find(name) is around and around.names[name] is outside and not inner.has(name):
                inner.bind(name, ctx.held(leaf))
                inner.states[name] = leaf
                found.append((around, name, leaf))
        around = around.parent
    return found


# --- the end -----------------------------------------------------------------------------------------------


def _finish(
    ctx: Context,
    scope: Scope,
    statement: ast.Scan,
    head: Head,
    frame: ScanFrame,
    carried: list[Carried],
    items: dict[str, Node | None],
    penalties: int,
    states: list[tuple[Scope, str, Node]],
) -> None:
    """Build the scan, bind its results, and leave states and penalties to what is around it."""
    gathered = [value for value, _ in frame.collects.values()]
    if any(isinstance(value, Poison) for value in gathered):
        return
    updated = list(frame.updates)
    if ctx.memories is not None and any(leaf in ctx.memories.initials for leaf in updated):
        ctx.say(names.Misplaced, statement.span, "a `scan` cannot keep what grows with the text")
        return
    carried += [Carried(_stands_for(frame, leaf), ctx.held(leaf), frame.updates[leaf]) for leaf in updated]
    # A state that no step changes is what it is outside.
    still = {leaf: ctx.held(of) for of, leaf in frame.states.items() if of not in frame.updates}
    own = {*(c.leaf for c in carried), *(i for i in items.values() if i is not None), *frame.draws}
    added = [k for k in range(penalties, len(ctx.losses)) if depends(ctx.losses[k].value, {*own, *still})]
    collects = [v for v in gathered if isinstance(v, Node)] + [ctx.losses[k].value for k in added]
    over = [(leaf, head.sequences[name]) for name, leaf in items.items()]

    def build() -> Node:
        new = substitute([*(c.following for c in carried), *collects], still)
        step = Step(
            tuple(Carried(c.leaf, c.first, new[c.following]) for c in carried),
            tuple((leaf, first_axis(*given)) for leaf, given in over if leaf is not None and given is not None)
            + tuple(frame.draws.items()),
            tuple(new[node] for node in collects),
        )
        return close(step, head.length, statement.reverse)

    sequences = [given[0] for given in head.sequences.values() if given is not None]
    scan = guarded(ctx, statement.span, sequences, [s.value.span for s in statement.sequences], "scan", build)
    if not isinstance(scan, Node):
        return
    results: dict[str, Value] = {}
    for k, (name, first) in enumerate(head.first.items()):
        results[name] = _seen(ctx, part(scan, k), first, statement.span)
    with b.at(ctx.place(statement.span)):
        for m, name in enumerate(frame.collects, len(carried)):
            results[name] = along(part(scan, m), head.axis)
        for m, k in enumerate(added, len(carried) + len(frame.collects)):
            ctx.losses[k] = replace(ctx.losses[k], value=b.sum_(part(scan, m), (0,)))
    for k, leaf in enumerate(updated, len(head.first)):
        ctx.updates_here()[leaf] = part(scan, k)
    for holder, name, leaf in states:
        if leaf in frame.updates:
            holder.bind(name, ctx.held(leaf))
    for name, result in results.items():
        bind_name(ctx, scope, name, result, statement.span, None)


def _stands_for(frame: ScanFrame, leaf: Node) -> Node:
    """What stands for a state in the body; one that is only written has nothing yet."""
    return frame.states.setdefault(leaf, Node("input", (), dict(leaf.attrs), leaf.type, leaf.span, leaf.name))


def first_axis(x: Node, axis: int) -> Node:
    """The axis of the steps moved to the front."""
    return b.transpose(x, (axis, *(i for i in range(x.type.rank) if i != axis)))


def along(collected: Node, axis: int) -> Node:
    """What was collected, its steps along the axis of the sequence, or the last axis where it has fewer."""
    place = min(axis, collected.type.rank - 1)
    return b.transpose(collected, (*range(1, place + 1), 0, *range(place + 1, collected.type.rank)))
