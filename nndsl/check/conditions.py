"""What is true or false while the network is built: the conditions of `if` and `assert`.

An `assert` may also speak of sizes that come with the data, `assert time % 2 == 0, "…"`. Those it keeps for when the
data is there: they are looked at before anything runs.
"""

from __future__ import annotations

from nndsl.check.context import Context
from nndsl.check.expressions import evaluate
from nndsl.check.operators import COMPARISONS, binary
from nndsl.check.ratios import Ratio, combined, decided
from nndsl.check.resolve import parts
from nndsl.check.scope import Scope
from nndsl.check.values import POISON, Poison, Value, describe
from nndsl.diagnostics import Span
from nndsl.ir.dims import Dim, Size
from nndsl.ir.graph import Constraint, Node
from nndsl.problems import names
from nndsl.syntax import ast


def condition(ctx: Context, scope: Scope, expr: ast.Expr, what: str) -> bool | None:
    """A compile-time truth value, or None with a Problem."""
    return truth(ctx, evaluate(ctx, scope, expr), expr, what)


def truth(ctx: Context, value: Value, expr: ast.Expr, what: str) -> bool | None:
    """A value as true or false, or None with a Problem."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Node):
        ctx.say(
            names.NotConstant,
            expr.span,
            f"`{what}` decides when the network is built",
            note=f"this is {describe(value)}",
            cure="choose between tensors with `where(condition, a, b)`",
        )
    elif not isinstance(value, Poison):
        ctx.say(
            names.NotConstant,
            expr.span,
            f"`{what}` needs true or false",
            note=f"this is {describe(value)}",
            cure="compare it with something: `n > 0`",
        )
    return None


# --- assert --------------------------------------------------------------------------------------------------


def check_assert(ctx: Context, scope: Scope, statement: ast.Assert) -> bool | None:
    """Whether it holds, as far as is known; a Problem where it does not, or is no condition (None)."""
    kept = len(ctx.constraints)
    holds = asserted(ctx, scope, statement.condition)
    demands = ctx.constraints[kept:]
    if holds is False or demands:
        message = evaluate(ctx, scope, statement.message) if statement.message is not None else None
        text = message if isinstance(message, str) else ""
        ctx.constraints[kept:] = [
            Constraint(c.size, ctx.place(statement.condition.span), c.divisor, text or statement.condition.span.text)
            for c in demands
        ]
    if holds is False:
        note = _values_in(scope, statement.condition) or "this does not hold here"
        ctx.say(names.AssertFailed, statement.condition.span, text, note=note)
    return holds


def doubt(scope: Scope, expr: ast.Expr) -> None:
    """Take the values of which something does not hold for wrong: what is made of them would only be told again."""
    for name in parts(expr):
        if isinstance(name, ast.Name) and name.id in scope.names:
            scope.bind(name.id, POISON)


def asserted(ctx: Context, scope: Scope, expr: ast.Expr) -> bool | None:
    """Whether a condition holds. What depends on sizes of the data becomes constraints and counts as true here."""
    match expr:
        case ast.Binary(op="and"):
            left = asserted(ctx, scope, expr.left)
            return asserted(ctx, scope, expr.right) if left else left
        case ast.Binary(op="==", left=ast.Binary(op="%") as rest, right=ast.Number(value=0)):
            size, divisor = evaluate(ctx, scope, rest.left), evaluate(ctx, scope, rest.right)
            if isinstance(size, Dim | int) and isinstance(divisor, Dim | int) and sized(size, divisor) and divisor != 0:
                if isinstance(combined("/", size, divisor), Ratio):
                    ctx.constraints.append(Constraint(size, expr.span, divisor))
                return True
            return truth(ctx, binary(ctx, expr, binary(ctx, rest, size, divisor), 0), expr, "assert")
        case ast.Binary(op=op) if op in COMPARISONS and op != "!=":
            left_value, right_value = evaluate(ctx, scope, expr.left), evaluate(ctx, scope, expr.right)
            pair = sized(left_value, right_value)
            if pair is not None:
                return compared(ctx, op, *pair, expr.span)
            return truth(ctx, binary(ctx, expr, left_value, right_value), expr, "assert")
    return condition(ctx, scope, expr, "assert")


def sized(left: Value, right: Value) -> tuple[Size | Ratio, Size | Ratio] | None:
    """The two, where they are whole numbers and sizes with one among them that the data brings."""
    if isinstance(left, bool) or isinstance(right, bool) or not any(isinstance(v, Dim | Ratio) for v in (left, right)):
        return None
    return (left, right) if isinstance(left, int | Dim | Ratio) and isinstance(right, int | Dim | Ratio) else None


def compared(ctx: Context, op: str, left: Size | Ratio, right: Size | Ratio, span: Span) -> bool:
    """`left op right` as constraints; false where it holds for no data. Sizes are positive, so denominators are."""
    if op in ("<", "<="):
        op, left, right = {"<": ">", "<=": ">="}[op], right, left
    known = decided(op, left, right)
    if known is not None:
        return known
    apart = combined("-", left, right)
    over = apart.numerator if isinstance(apart, Ratio) else apart
    assert over is not None
    needed: list[Size] = [over, -over] if op == "==" else [over - 1 if op == ">" else over]
    for size in needed:
        ctx.require(size, span)
    return True


def _values_in(scope: Scope, expr: ast.Expr) -> str:
    """`rate` is 50: what the names of a condition stand for."""
    found: dict[str, str] = {}
    for name in (part for part in parts(expr) if isinstance(part, ast.Name)):
        holder = scope.find(name.id)
        value = holder.names.get(name.id) if holder is not None else None
        if isinstance(value, int | float | str):
            found[name.id] = f"`{name.id}` is {describe(value)}"
    return ", ".join(found.values())
