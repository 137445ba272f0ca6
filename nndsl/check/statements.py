"""Statements of a body: binding names, compile-time control, params and states."""

from __future__ import annotations

from nndsl.check.conditions import check_assert, condition, doubt
from nndsl.check.context import Context
from nndsl.check.expressions import evaluate
from nndsl.check.masks import masked_mean
from nndsl.check.naming import bind_name, called_name, free_name
from nndsl.check.nodes import as_node
from nndsl.check.operators import OVER_STEPS
from nndsl.check.params import param, state
from nndsl.check.ports import declare_input, declare_output, metric_line
from nndsl.check.scan import bound_names, collect, next_value, run_scan
from nndsl.check.scope import Scope
from nndsl.check.values import MISSING, POISON, Instance, Missing, Poison, Value, describe
from nndsl.ir.graph import LossTerm, Node, topological
from nndsl.ir.types import FLOATS
from nndsl.ops import build as b
from nndsl.problems import names, shapes
from nndsl.syntax import ast

NO_RETURN = {
    "model": ("a model has outputs and does not return", "write `output y = …`"),
    "test": ("a test returns nothing", "say what should hold: `expect …`"),
}
ONLY_MODEL = {ast.InputDecl: "input", ast.OutputDecl: "output", ast.MetricLine: "metric"}


def run_body(ctx: Context, scope: Scope, body: ast.Block) -> Value | Missing:
    """The value the body returns, MISSING when it returns none."""
    scope.body = body
    for statement in body:  # and not by run_block: bodies nest, and each call counts against Python's stack
        if ctx.notes is not None:
            ctx.notes.begin(ctx, scope, statement)
        result = run(ctx, scope, statement)
        if ctx.notes is not None:
            ctx.notes.end(scope, statement)
        if result is not None:
            return result[0]
    return MISSING


def poison(scope: Scope, body: ast.Block) -> bool:
    """Give up on a block that cannot be carried out: what it binds is poison. Whether it might have returned."""
    returns = False
    for statement in body:
        match statement:
            case ast.Assign() | ast.PoisonStatement():
                for name in statement.names:
                    scope.bind(name, POISON)
            case ast.ParamDecl() | ast.StateDecl() | ast.InputDecl() | ast.OutputDecl():
                scope.bind(statement.name, POISON)
            case ast.If():
                returns |= poison(scope, statement.then)
                returns |= poison(scope, statement.otherwise)
            case ast.For() | ast.Repeat():
                returns |= poison(scope, statement.body)
            case ast.Scan():
                for name in bound_names(statement):
                    scope.bind(name, POISON)
            case ast.Return():
                returns = True
    return returns


def run(ctx: Context, scope: Scope, statement: ast.Statement) -> tuple[Value] | None:
    """Carry out one statement; a tuple with the value when it returned."""
    ctx.count(statement.span)
    match statement:
        case ast.Assign():
            assign(ctx, scope, statement)
        case ast.Return():
            if scope.role in NO_RETURN:
                message, cure = NO_RETURN[scope.role]
                ctx.say(names.Misplaced, statement.span, message, cure=cure)
                return None
            return (evaluate(ctx, scope, statement.value) if statement.value is not None else None,)
        case ast.If():
            return run_if(ctx, scope, statement)
        case ast.For():
            return run_for(ctx, scope, statement)
        case ast.Repeat():
            return run_repeat(ctx, scope, statement)
        case ast.ParamDecl():
            param(ctx, scope, statement)
        case ast.StateDecl():
            state(ctx, scope, statement)
        case ast.Update():
            update(ctx, scope, statement)
        case ast.InputDecl() | ast.OutputDecl() | ast.LossLine() | ast.MetricLine() if in_scan(ctx, scope):
            refuse_in_scan(ctx, scope, statement)
        case ast.LossLine() | ast.MetricLine() if not ctx.measures:
            pass
        case ast.LossLine():
            loss_line(ctx, scope, statement)
        case ast.Assert():
            # What comes after relies on it, and would only say the same in other words.
            holds = check_assert(ctx, scope, statement)
            if not holds and scope.role != "model":
                return (POISON,)
            if holds is False:
                doubt(scope, statement.condition)
        case ast.ExprStatement():
            value = evaluate(ctx, scope, statement.value)
            if not isinstance(value, Poison):
                ctx.say(
                    names.NoEffect,
                    statement.span,
                    note=f"this is {describe(value)} and goes nowhere",
                    cure="apply it: a line that goes on with a layer starts with `|>`, as in `h = x |> Dense(64)`"
                    if isinstance(value, Instance) and value.function.role == "layer"
                    else "name the value: `h = …`, or write `output h = …`",
                )
        case ast.PoisonStatement():
            ctx.poisoned = True
            for name in statement.names:
                scope.bind(name, POISON)
        case ast.InputDecl() if scope.role == "model":
            declare_input(ctx, scope, statement)
        case ast.OutputDecl() if scope.role == "model":
            declare_output(ctx, scope, statement)
        case ast.MetricLine() if scope.role == "model":
            metric_line(ctx, scope, statement)
        case ast.InputDecl() | ast.OutputDecl() | ast.MetricLine():
            word = ONLY_MODEL[type(statement)]
            ctx.say(
                names.Misplaced,
                statement.span,
                f"`{word}` belongs into a model",
                note=f"this is the body of a {scope.role}",
                cure=_elsewhere(scope.role, word),
            )
            if not isinstance(statement, ast.MetricLine):
                scope.bind(statement.name, POISON)
        case ast.Scan():
            run_scan(ctx, scope, statement)
        case ast.Next():
            next_value(ctx, scope, statement)
        case ast.Collect():
            collect(ctx, scope, statement)
        case ast.Expect() if ctx.expect is not None and scope.role == "test" and ctx.scan is None:
            ctx.expect(scope, statement)
        case ast.Expect():
            ctx.say(names.Misplaced, statement.span, "`expect` belongs into a `test` section")
        case ast.Setting():
            ctx.say(names.Misplaced, statement.span, "settings belong into a `train` or `data` section")
    return None


def in_scan(ctx: Context, scope: Scope) -> bool:
    """Whether a model is inside one of its scans."""
    return ctx.scan is not None and scope.role == "model"


def refuse_in_scan(
    ctx: Context, scope: Scope, statement: ast.InputDecl | ast.OutputDecl | ast.LossLine | ast.MetricLine
) -> None:
    """What is fed and what is measured is said once, not in each step."""
    if isinstance(statement, ast.InputDecl):
        word, cure = statement.role, "declare it before the scan"
    else:
        word = "loss" if isinstance(statement, ast.LossLine) else ONLY_MODEL[type(statement)]
        cure = "`collect` the value of each step, and write this line behind the scan"
    ctx.say(names.Misplaced, statement.span, f"`{word}` cannot stand inside a `scan`", cure=cure)
    if isinstance(statement, ast.InputDecl | ast.OutputDecl):
        scope.bind(statement.name, POISON)


def _elsewhere(role: str, word: str) -> str | None:
    """What to write instead of an `input` in a layer."""
    if role == "test":
        return "a test makes its values: `x = ones([2, 4])`"
    if word == "input":
        return (
            f"a {role} gets its values in brackets: `{role} Name(…)(x: f32[…])`"
            if role == "layer"
            else "declare it as a parameter"
        )
    return "end the body with `return …`" if word == "output" else None


# --- names -----------------------------------------------------------------------------------------------


def assign(ctx: Context, scope: Scope, statement: ast.Assign) -> None:
    """`y = …`, `a, b = …`."""
    value = evaluate(ctx, scope, statement.value)
    targets = list(zip(statement.names, statement.name_spans, strict=True))
    if len(targets) == 1:
        bind_name(ctx, scope, targets[0][0], value, targets[0][1], statement.value)
        return
    parts = list(value) if isinstance(value, (list, tuple)) else None
    if parts is None or len(parts) != len(targets):
        if not isinstance(value, Poison):
            found = f"these are {len(parts)}" if parts is not None else f"this is {describe(value)}"
            ctx.say(
                names.BadValue, statement.value.span, f"{len(targets)} names need {len(targets)} values", note=found
            )
        parts = [POISON] * len(targets)
    for (name, span), part in zip(targets, parts, strict=True):
        bind_name(ctx, scope, name, part, span, None)


def update(ctx: Context, scope: Scope, statement: ast.Update) -> None:
    """`v := …`: the new value of a state; from here on the name means that value."""
    holder = scope.find(statement.name)
    leaf = holder.states.get(statement.name) if holder is not None else None
    value = evaluate(ctx, scope, statement.value)
    if leaf is None:
        if ctx.scan is not None and statement.name in ctx.scan.carries:
            ctx.say(
                names.NotState,
                statement.name_span,
                f"`{statement.name}` is carried by the scan, it is no state",
                cure=f"say what the following step begins with: `next {statement.name} = …`",
            )
            ctx.scan.next.setdefault(statement.name, (POISON, statement.name_span))
        elif holder is None or not isinstance(holder.names.get(statement.name), Poison):
            ctx.say(
                names.NotState,
                statement.name_span,
                f"`{statement.name}` is no state",
                cure=f"bind a new value with `{statement.name} = …`, or declare `state {statement.name} = …`",
            )
            scope.bind(statement.name, POISON)
        return
    node = as_node(ctx, value, leaf, statement.value.span)
    if node is None:
        return
    shape = (ctx.memories.shape_after(leaf) if ctx.memories is not None else None) or leaf.shape
    if b.broadcast_shapes(node.shape, shape) != shape:
        ctx.say(
            shapes.ShapeClash,
            statement.span,
            "the new value does not fit the state",
            note=f"the state is {leaf.type}, the new value {node.type}",
        )
        return
    with b.at(ctx.place(statement.span)):
        node = b.broadcast_to(b.cast(node, leaf.dtype), shape)
    ctx.updates_here()[leaf] = node
    scope.bind(statement.name, node)


# --- control -----------------------------------------------------------------------------------------------


def run_block(ctx: Context, scope: Scope, body: ast.Block) -> tuple[Value] | None:
    for statement in body:
        if ctx.notes is not None:
            ctx.notes.begin(ctx, scope, statement)
        result = run(ctx, scope, statement)
        if ctx.notes is not None:
            ctx.notes.end(scope, statement)
        if result is not None:
            return result
    return None


def run_if(ctx: Context, scope: Scope, statement: ast.If) -> tuple[Value] | None:
    holds = condition(ctx, scope, statement.condition, "if")
    if holds is None:
        return (POISON,) if poison(scope, (*statement.then, *statement.otherwise)) else None
    return run_block(ctx, scope, statement.then if holds else statement.otherwise)


def run_for(ctx: Context, scope: Scope, statement: ast.For) -> tuple[Value] | None:
    items = evaluate(ctx, scope, statement.items)
    if not isinstance(items, list | tuple):
        scope.bind(statement.name, POISON)
        returned = poison(scope, statement.body)
        if isinstance(items, Poison):
            return (POISON,) if returned else None
        ctx.say(
            names.NotConstant,
            statement.items.span,
            "`for` goes through a list or a range",
            note=f"this is {describe(items)}",
            cure=OVER_STEPS if isinstance(items, Node) else "write `for i in 0..n` or `for u in [64, 32]`",
        )
        return (POISON,) if returned else None
    for turn, item in enumerate(items):
        scope.bind(statement.name, item)
        result = run_turn(ctx, scope, statement.body, turn)
        if result is not None:
            return result
    return None


def run_turn(ctx: Context, scope: Scope, body: ast.Block, turn: int) -> tuple[Value] | None:
    """One turn of a loop."""
    ctx.turns.append(turn)
    try:
        return run_block(ctx, scope, body)
    finally:
        ctx.turns.pop()


def run_repeat(ctx: Context, scope: Scope, statement: ast.Repeat) -> tuple[Value] | None:
    count = evaluate(ctx, scope, statement.count)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        if not isinstance(count, Poison):
            ctx.say(
                names.NotConstant,
                statement.count.span,
                "`repeat` needs a whole number known when the network is built",
                note=f"this is {describe(count)}",
                cure="`floor(n / 2)` is a whole number" if isinstance(count, float) else None,
            )
        return (POISON,) if poison(scope, statement.body) else None
    for turn in range(count):
        ctx.count(statement.span)
        result = run_turn(ctx, scope, statement.body, turn)
        if result is not None:
            return result
    return None


# --- losses ------------------------------------------------------------------------------------------------


def loss_line(ctx: Context, scope: Scope, statement: ast.LossLine) -> None:
    """`loss …`: a term of the model's loss, or a penalty inside a layer."""
    if scope.role not in ("model", "layer"):
        ctx.say(
            names.Misplaced,
            statement.span,
            "`loss` belongs into a model or a layer",
            note=f"this is the body of a {scope.role}",
        )
        return
    value = evaluate(ctx, scope, statement.value)
    node = as_node(ctx, value, None, statement.value.span)
    if node is None:
        return
    if node.dtype not in FLOATS:
        ctx.say(
            shapes.NotANumber,
            statement.value.span,
            note=f"this is {node.type}",
            cure="use a loss function such as `mse(y, p)`, or a float value",
        )
        return
    if scope.role == "layer" and counted_already(ctx, node):
        return
    with b.at(ctx.place(statement.span)):
        mask = ctx.marks.mask(node)
        mean = masked_mean(node, mask) if mask is not None else b.mean(node) if node.type.rank else node
    if statement.name is not None and statement.name in ctx.loss_names and scope.role == "model":
        ctx.say(
            names.DuplicateName,
            statement.span,
            f"there is a loss `{statement.name}` already",
            cure="give each loss a name of its own",
        )
        return
    name = free_name(statement.name or called_name(statement.value) or f"loss_{len(ctx.losses) + 1}", ctx.loss_names)
    ctx.losses.append(LossTerm(name, mean, ctx.place(statement.span), penalty=scope.role == "layer"))


def counted_already(ctx: Context, value: Node) -> bool:
    """Whether an earlier application of a shared layer added this penalty: one on params alone is the same again."""
    shared = ctx.owner is not None and ctx.owner.applications > 1
    return shared and not any(n.op in ("input", "scalar") for n in topological([value]))
