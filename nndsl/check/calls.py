"""Calls and pipes: what stands before the brackets decides whether a layer is built or something is applied."""

from __future__ import annotations

from typing import TypeGuard

from nndsl.check.applying import apply, build
from nndsl.check.binding import Given, arguments
from nndsl.check.context import Context
from nndsl.check.expressions import evaluate
from nndsl.check.library import index
from nndsl.check.scope import Scope
from nndsl.check.values import POISON, Builtin, Count, Function, Instance, Poison, Stage, Value, describe
from nndsl.diagnostics import Span
from nndsl.ir.graph import Node
from nndsl.ops.table import OPS
from nndsl.problems import names
from nndsl.syntax import ast

SEQUENTIAL = "Sequential"
NOT_APPLIED = {
    "optimizer": "name it in a train section: `optimizer = {}(…)`",
    "model": "a model is not a layer: write what it shares as a `layer`",
}


def call(ctx: Context, scope: Scope, expr: ast.Call) -> Value:
    """`f(a, b, k=c)`."""
    function = evaluate(ctx, scope, expr.function)
    given = arguments(ctx, scope, expr.arguments)
    if isinstance(function, Poison) or any(isinstance(g.value, Poison) for g in given):
        return POISON
    return invoke(ctx, function, given, expr.span, expr.function.span)


def pipe(ctx: Context, scope: Scope, expr: ast.Pipe) -> Value:
    """`x |> f |> g(2)`: each stage is applied to what came before. Where that is a layer or a function, and no value
    to apply them to, the pipe is a layer itself: `Dense(64) |> relu`."""
    value = evaluate(ctx, scope, expr.value)
    if joins(value):
        return join(ctx, scope, expr, value)
    before = expr.value.span
    for written in expr.stages:
        stage = read_stage(ctx, scope, written)
        value = put_through(ctx, value, before, stage) if stage is not None else POISON
        if ctx.notes is not None:
            ctx.notes.stage(written.span, value)
        before = written.span
    return value


def joins(value: Value) -> TypeGuard[Function | Instance | Builtin]:
    """Whether it is a layer or a function, which a pipe can begin with."""
    function = value.function if isinstance(value, Instance) else value
    return isinstance(function, Builtin) or (isinstance(function, Function) and function.role in ("layer", "fn"))


def join(ctx: Context, scope: Scope, expr: ast.Pipe, first: Function | Instance | Builtin) -> Value:
    """Several layers as one: `Sequential` of the library, with other arguments of the stages kept."""
    place = expr.value.span
    begin = build(ctx, first, [], place) if isinstance(first, Function) and first.takes_config else first
    head = Stage(begin, (), place, place) if isinstance(begin, Function | Instance | Builtin) else None
    stages = [head, *(read_stage(ctx, scope, written) for written in expr.stages)]
    known = [stage for stage in stages if stage is not None]
    for stage in known[1:] if stages[0] is not None else known:
        if not joins(stage.function):
            return ctx.say(
                names.NotCallable,
                stage.span,
                f"{describe(stage.function)} cannot be joined to a layer",
                cure="the parts of such a pipe are layers and functions",
            )
    sequential = library_function(scope, SEQUENTIAL)
    if len(known) < len(stages) or sequential is None:
        return POISON
    whole = build(ctx, sequential, [Given(None, stage.function, stage.span) for stage in known], expr.span)
    if isinstance(whole, Instance):
        whole.stages = tuple(known)
    return whole


def library_function(scope: Scope, name: str) -> Function | None:
    """A definition of the library, whatever the file calls by its name."""
    while scope.parent is not None:
        scope = scope.parent
    found = scope.get(name)
    return found if isinstance(found, Function) else None


def read_stage(ctx: Context, scope: Scope, stage: ast.Expr) -> Stage | None:
    """A stage of a pipe: a layer that it builds, or what it calls. None with a Problem where it is wrong in itself."""
    if isinstance(stage, ast.Binary | ast.Unary):
        message = "a pipe goes through layers and functions, not through sums and products"
        cure = "`|>` binds loosest of all: put the pipe in brackets, `(x |> Dense(64)) + x`"
        ctx.say(names.NotCallable, stage.span, message, cure=cure)
        return None
    called = stage.function if isinstance(stage, ast.Call) else stage
    function = evaluate(ctx, scope, called)
    given = arguments(ctx, scope, stage.arguments) if isinstance(stage, ast.Call) else []
    if isinstance(function, Poison) or any(isinstance(g.value, Poison) for g in given):
        return None
    if isinstance(function, Function) and function.takes_config and function.role not in NOT_APPLIED:
        built = build(ctx, function, given, stage.span)
        return Stage(built, (), stage.span, called.span) if isinstance(built, Instance) else None
    if not isinstance(function, Function | Instance | Builtin):
        ctx.say(
            names.NotCallable,
            stage.span,
            f"{describe(function)} cannot stand right of `|>`",
            cure="put a layer or a function there: `x |> Dense(64)`",
        )
        return None
    return Stage(function, tuple(given), stage.span, called.span)


def put_through(ctx: Context, value: Value, before: Span, stage: Stage) -> Value:
    """A stage applied to a value, or to the several of a tuple."""
    passed = [Given(None, v, before) for v in value] if isinstance(value, tuple) else [Given(None, value, before)]
    if any(isinstance(g.value, Poison) for g in passed):
        return POISON
    return invoke(ctx, stage.function, [*passed, *stage.given], stage.span, stage.called)


def invoke(ctx: Context, function: Value, given: list[Given], span: Span, name_span: Span) -> Value:
    """Apply whatever was called: builds a layer from its config list, applies everything else."""
    match function:
        case Builtin():
            return function.call(ctx, function, given, span)
        case Count():
            return function.of.call(ctx, function.of, given, span)
        case Function(role="optimizer") if ctx.expect is not None:
            return build(ctx, function, given, span)  # in a test, for `updated`
        case Instance(function=Function(role="optimizer", name=name)):
            return ctx.say(
                names.NotCallable,
                name_span,
                f"the optimizer `{name}` is not applied to values",
                cure=f"`updated({name}(…), p, [gradient])` gives p after an update",
            )
        case Function(role="optimizer" | "model" as role):
            return ctx.say(
                names.NotCallable,
                name_span,
                f"{describe(function)} is not applied to values",
                cure=NOT_APPLIED[role].format(function.name),
            )
        case Function() if function.takes_config:
            return build(ctx, function, given, span)
        case Function() if function.inputs is None:
            return ctx.say(names.NotCallable, name_span, f"{describe(function)} is not applied to values")
        case Function() | Instance():
            return apply(ctx, function, given, span)
        case Poison():
            return POISON
    return ctx.say(
        names.NotCallable,
        name_span,
        f"{describe(function)} cannot be called",
        cure=_called_cure(function, name_span.text),
    )


def _called_cure(value: Value, name: str) -> str:
    if isinstance(value, Node) and (name in index() or name in OPS or name in ("mean", "var", "size", "shape")):
        return f"`{name}` stands for a value here: give that another name to call the function `{name}`"
    return "only layers and functions can be called"
