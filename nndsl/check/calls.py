"""Calls and pipes: what stands before the brackets decides whether a layer is built or something is applied."""

from __future__ import annotations

from nndsl.check.applying import apply, build
from nndsl.check.binding import Given, arguments
from nndsl.check.context import Context
from nndsl.check.expressions import evaluate
from nndsl.check.library import index
from nndsl.check.scope import Scope
from nndsl.check.values import POISON, Builtin, Function, Instance, Poison, Value, describe
from nndsl.diagnostics import Span
from nndsl.ir.graph import Node
from nndsl.ops.table import OPS
from nndsl.problems import names
from nndsl.syntax import ast

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
    """`x |> f |> g(2)`: each stage is applied to what came before."""
    value = evaluate(ctx, scope, expr.value)
    before = expr.value.span
    for stage in expr.stages:
        value = pipe_stage(ctx, scope, value, before, stage)
        before = stage.span
    return value


def pipe_stage(ctx: Context, scope: Scope, value: Value, before: Span, stage: ast.Expr) -> Value:
    """One stage. A stage that is wrong in itself is reported even when what comes before is poison."""
    passed = [Given(None, v, before) for v in value] if isinstance(value, tuple) else [Given(None, value, before)]
    bad = any(isinstance(g.value, Poison) for g in passed)
    called = stage.function if isinstance(stage, ast.Call) else stage
    function = evaluate(ctx, scope, called)
    given = arguments(ctx, scope, stage.arguments) if isinstance(stage, ast.Call) else []
    if isinstance(function, Poison) or any(isinstance(g.value, Poison) for g in given):
        return POISON
    if isinstance(function, Function) and function.takes_config and function.role not in NOT_APPLIED:
        built = build(ctx, function, given, stage.span)
        return POISON if bad or not isinstance(built, Instance) else apply(ctx, built, passed, stage.span)
    if not isinstance(function, Function | Instance | Builtin):
        return ctx.say(
            names.NotCallable,
            stage.span,
            f"{describe(function)} cannot stand right of `|>`",
            cure="put a layer or a function there: `x |> Dense(64)`",
        )
    return POISON if bad else invoke(ctx, function, [*passed, *given], stage.span, called.span)


def invoke(ctx: Context, function: Value, given: list[Given], span: Span, name_span: Span) -> Value:
    """Apply whatever was called: builds a layer from its config list, applies everything else."""
    match function:
        case Builtin():
            return function.call(ctx, function, given, span)
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
