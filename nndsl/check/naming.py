"""Names that values get: from the line that binds them, or from the function that made them."""

from __future__ import annotations

from dataclasses import replace

from nndsl.check.context import Context
from nndsl.check.scope import Scope
from nndsl.check.values import Instance, Value
from nndsl.diagnostics import Span
from nndsl.ir.graph import Node
from nndsl.syntax import ast


def bind_name(ctx: Context, scope: Scope, name: str, value: Value, span: Span, expr: ast.Expr | None) -> Value:
    """Bind a name; a new tensor and a newly built layer take it as theirs. The value as bound."""
    if isinstance(value, Instance) and value.name is None and value.path is None and value.function.role == "layer":
        value.name, value.home = name, tuple(ctx.path)
    if isinstance(value, Node) and value.name is None and not value.is_leaf and not isinstance(expr, ast.Name):
        value = replace(value, name=".".join([*ctx.path, name]))
    scope.bind(name, value, span)
    return value


def called_name(expr: ast.Expr) -> str | None:
    """The name of the function whose value an expression is: `mse` in `0.5 * mse(a, b)`."""
    match expr:
        case ast.Call(function=ast.Name(id=name) | ast.Attribute(name=name)):
            return name
        case ast.Pipe(stages=stages):
            match stages[-1]:
                case ast.Name(id=name) | ast.Attribute(name=name):
                    return name
            return called_name(stages[-1])
        case ast.Binary():
            return called_name(expr.right) or called_name(expr.left)
    return None


def free_name(name: str, taken: dict[str, int]) -> str:
    """The name itself, or with the lowest number that makes it new; it is taken from here on.

    `taken` has with each name the number to try next behind it, so that many of one name do not try all each time.
    """
    made = name
    while made in taken:
        made = f"{name}_{taken[name]}"
        taken[name] += 1
    taken[made] = 2
    return made
