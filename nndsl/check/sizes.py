"""Sizes and types as written: evaluating dims and the types of inputs, params and states."""

from __future__ import annotations

import math

from nndsl.check.context import Context
from nndsl.check.expressions import evaluate
from nndsl.check.nodes import MAX_SIZE
from nndsl.check.ratios import Ratio, Uneven
from nndsl.check.scope import Scope
from nndsl.check.values import Poison, Value, describe
from nndsl.diagnostics import Guess, Span, did_you_mean
from nndsl.ir.dims import Dim, Size
from nndsl.ir.graph import Constraint, Node
from nndsl.ir.types import DTYPES, KINDS, Kind, TensorType
from nndsl.problems import names, shapes
from nndsl.syntax import ast


def size_of(ctx: Context, scope: Scope, expr: ast.Expr) -> Size | None:
    """A dim that is fully known (ints and symbolic dims); None when it is wrong and was reported."""
    value = evaluate(ctx, scope, expr)
    if isinstance(expr, ast.Name) and expr.id == "past" and value == 0:
        note, cure = "there are no steps before in this program", "declare it inside of `if generating { … }`"
        ctx.say(shapes.BadDim, expr.span, "`past` is a size only where a text is gone on with", note=note, cure=cure)
        return None
    return as_size(ctx, value, expr.span)


def as_size(ctx: Context, value: Value, span: Span) -> Size | None:
    """A value as a dim, or None with a Problem."""
    match value:
        case Poison():
            return None
        case Dim() if any(abs(factor) > MAX_SIZE for _, factor in value.terms):
            ctx.say(shapes.BadDim, span, "this size is too large", note=f"this is {value}")
            return None
        case Dim():
            if any(factor < 0 for _, factor in value.terms):
                ctx.require(value - 1, span)
            return value
        case Ratio():
            return as_size(ctx, divided(ctx, value, span), span)
        case Uneven() if value.is_integer():
            return as_size(ctx, int(value), span)
        case Uneven():
            a, b = value.division
            choose = f"choose sizes that divide, or round: `floor(…)` makes {math.floor(a / b)} of {a} / {b}"
            ctx.say(shapes.NotDivisible, span, f"{a} is not divisible by {b}", note=f"this is {value:g}", cure=choose)
            return None
        case bool() | float() | str() | None:
            pass
        case int() if 1 <= value <= MAX_SIZE:
            return value
        case int():
            if value > MAX_SIZE:
                ctx.say(
                    shapes.BadDim,
                    span,
                    "this size is too large",
                    note=f"this is {value:,}, sizes go up to {MAX_SIZE:,}",
                )
            else:
                cure = "a size that comes from the data has a name, such as `batch`" if value == -1 else None
                ctx.say(shapes.BadDim, span, note=f"this is {value:,}", cure=cure or "give a size of at least 1")
            return None
        case Node():
            ctx.say(
                names.NotConstant,
                span,
                "a size must be known when the network is built",
                note=f"this is {describe(value)}",
                cure="use `shape(x)[i]` for the size of an axis",
            )
            return None
    cure = "a size that comes from the data has a name, such as `batch`" if value is None else None
    ctx.say(shapes.BadDim, span, note=f"this is {describe(value)}", cure=cure)
    return None


def divided(ctx: Context, value: Ratio, span: Span) -> Size:
    """A quotient as a whole number: the data must make it come out even."""
    ctx.constraints.append(Constraint(value.numerator, ctx.place(span), value.denominator))
    return value.floor()


OTHER_DTYPES = {
    "float32": "f32", "float64": "f64", "int32": "i32", "int64": "i64", "float": "f32", "int": "i32", "double": "f64",
    "long": "i64", "boolean": "bool",
}  # fmt: skip
NARROW = ("f16", "float16", "bfloat16", "half", "uint8", "int8", "u8", "i8", "i16", "int16", "uint16", "byte")


def _has_size(scope: Scope, name: str) -> bool:
    return scope.find(name) is not None or scope.defined_later(name) is not None


def dtype_word(ctx: Context, expr: ast.TensorTypeExpr) -> str | None:
    """The dtype a type word stands for (`any` for any), or None with a Problem."""
    word = expr.dtype
    if word in (*DTYPES, "any"):
        return word
    if word == "index":
        return "i32"
    if word in KINDS:
        return "f32"
    known = [*DTYPES, *KINDS, "any"]
    guess = OTHER_DTYPES.get(word)
    cure: str | None = Guess(word, guess, sure=True) if guess else None
    if word in NARROW:
        cure = "use f32: arrays of other dtypes are converted when they are fed"
    cure = cure or did_you_mean(word, known) or f"use one of {' '.join(known)}"
    place = Span(expr.span.source, expr.span.start, expr.span.start + len(word))
    ctx.say(names.UnknownType, place, f"`{word}` is no dtype and no value kind", cure=cure)
    return None


def names_in(expr: ast.Expr) -> list[str]:
    """The names in a dim."""
    match expr:
        case ast.Name():
            return [expr.id]
        case ast.Binary():
            return names_in(expr.left) + names_in(expr.right)
        case ast.Unary():
            return names_in(expr.operand)
        case ast.Call():  # `floor((h - 3) / 2)`
            return [name for argument in expr.arguments for name in names_in(argument.value)]
    return []


def declared_type(ctx: Context, scope: Scope, expr: ast.TensorTypeExpr, free: bool = False) -> TensorType | None:
    """The type of an input, param or state. With `free`, unknown names become symbolic dims and are bound."""
    word = dtype_word(ctx, expr)
    if word is None:
        return None
    if expr.count is not None and expr.dtype != "index":
        ctx.say(
            names.UnknownType,
            expr.span,
            "only `index` has a number in `<>`",
            cure=f"write `{expr.dtype}[…]`, or `index<n>[…]`",
        )
        return None
    if word == "any" or expr.dims is None:
        what = (
            "write its dims: `f32[batch, 4]`; `f32[]` is a single number"
            if expr.dims is None
            else "name one dtype: f32, i32, bool …"
        )
        ctx.say(names.UnknownType, expr.span, "a declaration needs a full type", cure=what)
        return None
    sizes: list[Size] = []
    good = True
    for dim in expr.dims:
        if isinstance(dim, ast.Ellipsis_):
            ctx.say(
                shapes.BadDim, dim.span, "`...` cannot stand in a declaration", note="these axes must be written out"
            )
            good = False
            continue
        if free and isinstance(dim, ast.Name) and scope.size_named(dim.id) is None:
            scope.bind(dim.id, Dim.symbol(dim.id), dim.span)
            scope.used.add(dim.id)
        elif free and (unknown := [name for name in names_in(dim) if not _has_size(scope, name)]):
            ctx.say(
                names.UnknownName,
                dim.span,
                f"the size of `{unknown[0]}` is not known here",
                note="arithmetic is done with sizes that are known",
                cure=f"declare an input with `{unknown[0]}` alone as a dim above, or make it a const of the model",
            )
            good = False
            continue
        size = size_of(ctx, scope, dim)
        if size is None:
            good = False
        else:
            sizes.append(size)
    kind = Kind(expr.dtype) if expr.dtype in KINDS else None
    if expr.dtype == "index":
        if expr.count is None:
            ctx.say(
                names.UnknownType,
                expr.span,
                "`index` needs its number of values",
                cure="write `index<10>[batch]` for 0 to 9",
            )
            return None
        count = size_of(ctx, scope, expr.count)
        if count is None:
            return None
        kind = Kind("index", count)
    return TensorType(word, tuple(sizes), kind) if good else None
