"""`param … constraint max_norm(2.0)`: what becomes of the value that an optimizer gives a param."""

from __future__ import annotations

from nndsl.check.applying import build
from nndsl.check.calls import put_through
from nndsl.check.context import Context
from nndsl.check.expressions import evaluate
from nndsl.check.nodes import as_node
from nndsl.check.scope import Scope
from nndsl.check.values import Builtin, Function, Instance, Poison, Stage, describe
from nndsl.ir.graph import ARRAYS, Node, topological
from nndsl.problems import names, shapes
from nndsl.syntax import ast


def constrained(ctx: Context, scope: Scope, leaf: Node, expr: ast.Expr) -> Node | None:
    """The constraint applied to the leaf of a param; None where it is `none`, or wrong and reported."""
    function = evaluate(ctx, scope, expr)
    if function is None or isinstance(function, Poison):
        return None
    if not isinstance(function, Function | Instance | Builtin):
        ctx.say(
            names.WrongArgument,
            expr.span,
            "a constraint is a function of the param",
            note=f"this is {describe(function)}",
            cure="for example `constraint max_norm(2.0)`, or `none`",
        )
        return None
    if isinstance(function, Function) and function.takes_config:
        built = build(ctx, function, [], expr.span)
        if not isinstance(built, Instance):
            return None
        function = built
    value = put_through(ctx, leaf, expr.span, Stage(function, (), expr.span, expr.span))
    node = as_node(ctx, value, leaf, expr.span)
    if node is None:
        return None
    if node.shape != leaf.shape or node.dtype != leaf.dtype:
        ctx.say(
            shapes.ShapeClash,
            expr.span,
            "a constraint leaves the param the type it has",
            note=f"the param is {leaf.type}, this gives {node.type}",
        )
        return None
    other = next((n for n in topological([node]) if n.op in (*ARRAYS, "dim", "scalar") and n is not leaf), None)
    if other is not None:
        drawn = other is ctx.key
        read = "draws random numbers" if drawn else f"depends on {f'`{other.name}`' if other.name else 'the data'}"
        ctx.say(
            names.NotConstant,
            expr.span,
            "a constraint depends on the param alone",
            note=f"this {read}",
        )
        return None
    return node
