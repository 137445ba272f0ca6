"""Statements of a body: binding names, compile-time control, params and states."""

from __future__ import annotations

from typing import Any

from nndsl.check.context import Context
from nndsl.check.expressions import as_node, evaluate
from nndsl.check.params import param, state
from nndsl.check.scope import Scope
from nndsl.check.values import POISON, Instance, Poison, Value, describe
from nndsl.diagnostics import Span
from nndsl.ir.graph import LossTerm, Node
from nndsl.ir.types import FLOATS
from nndsl.ops import build as b
from nndsl.problems import building, names, shapes
from nndsl.syntax import ast


class Missing:
    """What a body without `return` gives."""


MISSING: Any = Missing()
ONLY_MODEL = {ast.InputDecl: "input", ast.OutputDecl: "output", ast.MetricLine: "metric"}


def run_body(ctx: Context, scope: Scope, body: ast.Block) -> Value:
    """The value the body returns, MISSING when it returns none."""
    foresee(scope, body)
    for statement in body:
        result = run(ctx, scope, statement)
        if result is not None:
            return result[0]
    return MISSING  # type: ignore[no-any-return]


def foresee(scope: Scope, body: ast.Block) -> None:
    """Remember what is defined further down, for messages about values used too early."""
    for statement in body:
        if isinstance(statement, ast.Assign):
            for name, span in zip(statement.names, statement.name_spans, strict=True):
                scope.later.setdefault(name, span)


def run(ctx: Context, scope: Scope, statement: ast.Statement) -> tuple[Value] | None:
    """Carry out one statement; a tuple with the value when it returned."""
    match statement:
        case ast.Assign():
            assign(ctx, scope, statement)
        case ast.Return():
            if scope.role == "model":
                ctx.say(names.Misplaced, statement.span, "a model has outputs and does not return", cure="write `output y = …`")
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
        case ast.LossLine():
            loss_line(ctx, scope, statement)
        case ast.Assert():
            check_assert(ctx, scope, statement)
        case ast.ExprStatement():
            value = evaluate(ctx, scope, statement.value)
            if not isinstance(value, Poison):
                ctx.say(names.NoEffect, statement.span, note=f"this is {describe(value)} and goes nowhere",
                        cure="name the value: `h = …`, or write `output h = …`")  # fmt: skip
        case ast.PoisonStatement():
            for name in statement.names:
                scope.bind(name, POISON)
        case ast.InputDecl() | ast.OutputDecl() | ast.MetricLine():
            word = ONLY_MODEL[type(statement)]
            ctx.say(names.Misplaced, statement.span, f"`{word}` belongs into a model",
                    note=f"this is the body of a {scope.role or 'definition'}")  # fmt: skip
        case ast.Scan():
            ctx.say(building.NotBuilt, statement.span, "`scan` is not built yet")
            for name in (*(c.name for c in statement.carries), *collected(statement.body)):
                scope.bind(name, POISON)
        case ast.Next() | ast.Collect():
            ctx.say(names.Misplaced, statement.span, "this belongs into a `scan`")
        case ast.Expect():
            ctx.say(names.Misplaced, statement.span, "`expect` belongs into a `test` section")
        case ast.Setting():
            ctx.say(names.Misplaced, statement.span, "settings belong into a `train` or `data` section")
    return None


def collected(body: ast.Block) -> list[str]:
    """Names that a scan binds by `collect … as`."""
    return [s.name for s in body if isinstance(s, ast.Collect)]


# --- names -----------------------------------------------------------------------------------------------


def assign(ctx: Context, scope: Scope, statement: ast.Assign) -> None:
    """`y = …`, `a, b = …`."""
    value = evaluate(ctx, scope, statement.value)
    targets = list(zip(statement.names, statement.name_spans, strict=True))
    if len(targets) == 1:
        bind(ctx, scope, targets[0][0], value, targets[0][1], statement.value)
        return
    parts = list(value) if isinstance(value, (list, tuple)) else None
    if parts is None or len(parts) != len(targets):
        if not isinstance(value, Poison):
            found = f"{len(parts)} values" if parts is not None else describe(value)
            ctx.say(names.BadValue, statement.value.span, f"{len(targets)} names need {len(targets)} values", note=f"this is {found}")
        parts = [POISON] * len(targets)
    for (name, span), part in zip(targets, parts, strict=True):
        bind(ctx, scope, name, part, span, None)


def bind(ctx: Context, scope: Scope, name: str, value: Value, span: Span, expr: ast.Expr | None) -> None:
    """Bind a name; a new tensor and a newly built layer take it as theirs."""
    if isinstance(value, Instance) and value.name is None and value.function.role == "layer":
        value.name = name
    if isinstance(value, Node) and value.name is None and not value.is_leaf and not isinstance(expr, ast.Name):
        value = named(value, ".".join([*ctx.path, name]))
    scope.bind(name, value, span)


def named(node: Node, name: str) -> Node:
    """The node under the name that the source gives its value."""
    from dataclasses import replace

    return replace(node, name=name)


def update(ctx: Context, scope: Scope, statement: ast.Update) -> None:
    """`v := …`: the new value of a state; from here on the name means that value."""
    holder = scope.find(statement.name)
    leaf = holder.states.get(statement.name) if holder is not None else None
    value = evaluate(ctx, scope, statement.value)
    if leaf is None:
        if holder is None or not isinstance(holder.names.get(statement.name), Poison):
            ctx.say(names.NotState, statement.name_span, f"`{statement.name}` is no state",
                    cure=f"bind a new value with `{statement.name} = …`, or declare `state {statement.name} = …`")  # fmt: skip
        return
    node = as_node(ctx, value, leaf, statement.value.span)
    if node is None:
        return
    if b.broadcast_shapes(node.shape, leaf.shape) != leaf.shape:
        ctx.say(shapes.ShapeClash, statement.span, "the new value does not fit the state",
                note=f"the state is {leaf.type}, the new value {node.type}")  # fmt: skip
        return
    with b.at(ctx.place(statement.span)):
        node = b.broadcast_to(b.cast(node, leaf.dtype), leaf.shape)
    ctx.updates_here()[leaf] = node
    scope.bind(statement.name, node)


# --- control -----------------------------------------------------------------------------------------------


def condition(ctx: Context, scope: Scope, expr: ast.Expr, what: str) -> bool | None:
    """A compile-time truth value, or None with a Problem."""
    value = evaluate(ctx, scope, expr)
    if isinstance(value, bool):
        return value
    if isinstance(value, Node):
        ctx.say(names.NotConstant, expr.span, f"`{what}` decides when the network is built", note=f"this is {describe(value)}",
                cure="choose between tensors with `where(condition, a, b)`")  # fmt: skip
    elif not isinstance(value, Poison):
        ctx.say(names.NotConstant, expr.span, f"`{what}` needs true or false", note=f"this is {describe(value)}",
                cure="compare it with something: `n > 0`")  # fmt: skip
    return None


def run_block(ctx: Context, scope: Scope, body: ast.Block) -> tuple[Value] | None:
    for statement in body:
        result = run(ctx, scope, statement)
        if result is not None:
            return result
    return None


def run_if(ctx: Context, scope: Scope, statement: ast.If) -> tuple[Value] | None:
    holds = condition(ctx, scope, statement.condition, "if")
    if holds is None:
        for part in (*statement.then, *statement.otherwise):
            if isinstance(part, ast.Assign):
                for name in part.names:
                    scope.bind(name, POISON)
        return (POISON,) if any(isinstance(s, ast.Return) for s in (*statement.then, *statement.otherwise)) else None
    return run_block(ctx, scope, statement.then if holds else statement.otherwise)


def run_for(ctx: Context, scope: Scope, statement: ast.For) -> tuple[Value] | None:
    items = evaluate(ctx, scope, statement.items)
    if isinstance(items, Poison):
        return None
    if not isinstance(items, (list, tuple)):
        ctx.say(names.NotConstant, statement.items.span, "`for` goes through a list or a range", note=f"this is {describe(items)}",
                cure="write `for i in 0..n` or `for u in [64, 32]`")  # fmt: skip
        return None
    for item in items:
        ctx.count_node(statement.span)
        scope.bind(statement.name, item, statement.name_span)
        result = run_block(ctx, scope, statement.body)
        if result is not None:
            return result
    return None


def run_repeat(ctx: Context, scope: Scope, statement: ast.Repeat) -> tuple[Value] | None:
    count = evaluate(ctx, scope, statement.count)
    if isinstance(count, Poison):
        return None
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        ctx.say(names.NotConstant, statement.count.span, "`repeat` needs a whole number known when the network is built",
                note=f"this is {describe(count)}")  # fmt: skip
        return None
    for _ in range(count):
        ctx.count_node(statement.span)
        result = run_block(ctx, scope, statement.body)
        if result is not None:
            return result
    return None


def check_assert(ctx: Context, scope: Scope, statement: ast.Assert) -> None:
    holds = condition(ctx, scope, statement.condition, "assert")
    if holds is False:
        message = evaluate(ctx, scope, statement.message) if statement.message is not None else None
        ctx.say(names.AssertFailed, statement.condition.span, str(message) if isinstance(message, str) else "",
                note="this does not hold here")  # fmt: skip


# --- losses ------------------------------------------------------------------------------------------------


def loss_line(ctx: Context, scope: Scope, statement: ast.LossLine) -> None:
    """`loss …`: a term of the model's loss, or a penalty inside a layer."""
    if scope.role not in ("model", "layer"):
        ctx.say(names.Misplaced, statement.span, "`loss` belongs into a model or a layer", note=f"this is the body of a {scope.role}")
        return
    value = evaluate(ctx, scope, statement.value)
    node = as_node(ctx, value, None, statement.value.span)
    if node is None:
        return
    if node.dtype not in FLOATS:
        ctx.say(shapes.NotANumber, statement.value.span, note=f"this is {node.type}", cure="use a loss function or a float value")
        return
    with b.at(ctx.place(statement.span)):
        mean = b.mean(node) if node.type.rank else node
    name = statement.name or called_name(statement.value) or f"loss_{len(ctx.losses) + 1}"
    taken = {term.name for term in ctx.losses}
    if statement.name is not None and name in taken:
        ctx.say(names.DuplicateName, statement.span, f"there is a loss `{name}` already", cure="give each loss a name of its own")
        return
    unique = name if name not in taken else next(f"{name}_{i}" for i in range(2, len(taken) + 3) if f"{name}_{i}" not in taken)
    ctx.losses.append(LossTerm(unique, mean, statement.span, penalty=scope.role == "layer"))


def called_name(expr: ast.Expr) -> str | None:
    """The name of the function whose value an expression is: `mse` in `0.5 * mse(a, b)`."""
    match expr:
        case ast.Call(function=ast.Name(id=name)):
            return name
        case ast.Pipe(stages=stages):
            last = stages[-1]
            return last.id if isinstance(last, ast.Name) else called_name(last)
        case ast.Binary():
            return called_name(expr.right) or called_name(expr.left)
    return None
