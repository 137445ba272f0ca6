"""Expressions: compile-time values are computed, tensors become graph nodes."""

from __future__ import annotations

from nndsl.check.context import Context
from nndsl.check.modules import unknown_member
from nndsl.check.operators import binary, bounds, logical, unary
from nndsl.check.scope import FileScope, Scope, file_of
from nndsl.check.values import POISON, DtypeWord, Module, Poison, Value
from nndsl.diagnostics import Label, Span
from nndsl.ir.types import DTYPES
from nndsl.problems import names
from nndsl.syntax import ast

CONSTANTS: dict[str, Value] = {"pi": 3.141592653589793, **{word: DtypeWord(word) for word in DTYPES}}


def evaluate(ctx: Context, scope: Scope, expr: ast.Expr) -> Value:
    """The value of an expression; POISON (after a Problem) where it has none."""
    ctx.count(expr.span)
    value: Value = POISON
    match expr:
        case ast.Name():
            value = look_up(ctx, scope, expr.id, expr.span)
        case ast.Number() | ast.String() | ast.Bool():
            return expr.value
        case ast.NoneValue():
            return None
        case ast.ListExpr() | ast.TupleExpr():
            items = [evaluate(ctx, scope, item) for item in expr.items]
            if not any(isinstance(item, Poison) for item in items):
                value = items if isinstance(expr, ast.ListExpr) else tuple(items)
        case ast.Unary():
            value = unary(ctx, expr.op, evaluate(ctx, scope, expr.operand), expr)
        case ast.Binary(op="and" | "or"):
            left = evaluate(ctx, scope, expr.left)
            decided = isinstance(left, bool) and left == (expr.op == "or")
            value = left if decided else logical(ctx, expr, left, evaluate(ctx, scope, expr.right))
        case ast.Binary():
            value = binary(ctx, expr, evaluate(ctx, scope, expr.left), evaluate(ctx, scope, expr.right))
        # Calls and indices are made of expressions in turn, so their files import this one.
        case ast.Call():
            from nndsl.check.calls import call

            value = call(ctx, scope, expr)
        case ast.Pipe():
            from nndsl.check.calls import pipe

            value = pipe(ctx, scope, expr)
        case ast.Index():
            from nndsl.check.indexing import index

            value = index(ctx, scope, expr, evaluate(ctx, scope, expr.value))
        case ast.Attribute():
            value = attribute(ctx, scope, expr)
        case ast.Range():
            return bounds(ctx, expr, evaluate(ctx, scope, expr.start), evaluate(ctx, scope, expr.stop))
        case ast.Poison():
            return POISON
    if ctx.notes is not None:
        ctx.notes.value(expr.span, value)
    return value


def attribute(ctx: Context, scope: Scope, expr: ast.Attribute) -> Value:
    """`blocks.Residual`: a definition of an imported file."""
    holder = scope.find(expr.value.id) if isinstance(expr.value, ast.Name) else None
    owner = holder.get(expr.value.id) if holder is not None and isinstance(expr.value, ast.Name) else None
    if isinstance(owner, Module) and expr.name not in owner.members and (owner.whole or expr.name in owner.kept):
        return ctx.report(unknown_member(owner, expr))
    if isinstance(owner, Module | Poison):
        value = owner.members.get(expr.name, POISON) if isinstance(owner, Module) else POISON
        ctx.poisoned |= isinstance(value, Poison)
        return value
    from nndsl.check.foreign import unknown_member as of_value

    return ctx.report(of_value(expr, known_names(scope), _has_value(scope, expr.value)))


def _has_value(scope: Scope, expr: ast.Expr) -> bool:
    """Whether what stands before a dot is known, so that only the member is at fault."""
    while isinstance(expr, ast.Attribute):
        expr = expr.value
    return not isinstance(expr, ast.Name) or expr.id in known_names(scope) or scope.defined_later(expr.id) is not None


def look_up(ctx: Context, scope: Scope, name: str, span: Span) -> Value:
    """The value of a name, with the nearest known name where there is none."""
    holder = scope.find(name)
    if holder is not None:
        value = holder.get(name)
        ctx.poisoned |= isinstance(value, Poison) and isinstance(holder, FileScope)
        return value
    if name in CONSTANTS:
        return CONSTANTS[name]
    if name == "training":
        ctx.asked_training = True
        return ctx.training
    if name == "generating":
        return ctx.memories is not None
    if name == "past":
        return ctx.memories.past if ctx.memories is not None else 0
    from nndsl.check.builtins import BUILTINS  # builtins are made of what evaluates their arguments

    if name in BUILTINS:
        return BUILTINS[name]
    later = scope.defined_later(name)
    if later is None:
        file = file_of(scope)
        if file is not None and file.incomplete and name not in file.hidden:
            ctx.poisoned = True
            return POISON
        return ctx.say(names.UnknownName, span, f"`{name}` is not known here", cure=name_cure(ctx, scope, name))
    if later.of_step and later.span.start < span.start:
        return ctx.say(
            names.UsedTooEarly,
            span,
            f"`{name}` is known inside its `scan` only",
            related=(Label(later.span, "each step has one of its own"),),
            cure=f"keep that of every step, `collect {name} as …`, or carry it to have the last",
        )
    if later.nested and later.span.start < span.start:
        return ctx.say(
            names.UsedTooEarly,
            span,
            f"`{name}` has no value here",
            related=(Label(later.span, "it is defined only where this is carried out"),),
            cure="give it a value before the `if` or loop as well",
        )
    return ctx.say(
        names.UsedTooEarly,
        span,
        f"`{name}` is used before it is defined",
        related=(Label(later.span, "it is defined here"),),
        cure="values are defined from top to bottom; a network has no cycles",
    )


def name_cure(ctx: Context, scope: Scope, name: str) -> str | None:
    """The nearest name that can be written here; looked for once for each wrong name."""
    from nndsl.check.foreign import name_cure as cure_of

    file = file_of(scope)
    if file is not None and name in file.hidden:
        return file.hidden[name]
    if name not in ctx.cures:
        cure = cure_of(name, [k for k in known_names(scope) if k != name])
        if cure is None and scope.role == "model" and not ctx.ports.inputs:
            cure = f"declare what is fed: `input {name}: f32[batch, n]`"
        ctx.cures[name] = cure
    return ctx.cures[name]


def known_names(scope: Scope) -> dict[str, None]:
    """All names that can be written somewhere, nearest first."""
    from nndsl.check.builtins import BUILTINS

    return dict.fromkeys([*scope.visible(), *CONSTANTS, *BUILTINS, "training", "generating", "past"])
