"""Operators: on numbers, sizes, texts and lists they are computed now, on tensors they make a node."""

from __future__ import annotations

import math
from typing import Any

from nndsl.check.context import Context
from nndsl.check.nodes import as_node, guarded, make
from nndsl.check.ratios import Ratio, Uneven, combined, decided, uneven
from nndsl.check.values import POISON, Function, Instance, Poison, Value, describe
from nndsl.diagnostics import Span
from nndsl.ir.dims import Dim, Quotient, Size
from nndsl.ir.graph import Node
from nndsl.ir.types import FLOATS, promote
from nndsl.ops import build as b
from nndsl.ops.op import ShapeFault
from nndsl.problems import kinds, names, shapes
from nndsl.syntax import ast

OPERATORS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "%": "mod",
    "**": "power",
    "<": "less",
    "<=": "less_equal",
    "==": "equal",
}
SWAPPED = {">": "<", ">=": "<="}
OVER_STEPS = "to go over the steps of an axis write `scan (h = …) over x_t in x axis 1 { … }`"
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
MAX_BITS = 256
MAX_TEXT = 10_000
MAX_ATOMS = 64


def unary(ctx: Context, op: str, value: Value, expr: ast.Unary) -> Value:
    """`-x`, `not x`."""
    match op, value:
        case _, Poison():
            return POISON
        case "-", bool():
            pass
        case "-", int() | float() | Dim() | Ratio():
            return -value
        case "-", Node():
            return make(ctx, "negative", expr.span, [value], [expr.operand.span], "-")
        case "not", bool():
            return not value
        case "not", Node():
            return make(ctx, "logical_not", expr.span, [value], [expr.operand.span], "not")
    cure = "compare it with something: `not n > 0`" if op == "not" else None
    return ctx.say(names.BadValue, expr.span, f"`{op}` does not apply to {describe(value)}", cure=cure)


def logical(ctx: Context, expr: ast.Binary, left: Value, right: Value) -> Value:
    """`and`, `or` where the left side does not decide alone."""
    match left, right:
        case (Poison(), _) | (_, Poison()):
            return POISON
        case bool(), bool():
            return right
        case (Node(), Node()):
            return make(
                ctx, f"logical_{expr.op}", expr.op_span, [left, right], [expr.left.span, expr.right.span], expr.op
            )
        case (bool(), Node()):  # `true and x`, `false or x`
            return right
    wrong = left if not isinstance(left, bool) else right
    return ctx.say(
        names.BadValue,
        expr.op_span,
        f"`{expr.op}` joins true and false",
        note=f"this is {describe(wrong)}",
        cure="compare with something: `n > 0 and m > 0`",
    )


def binary(ctx: Context, expr: ast.Binary, left: Value, right: Value) -> Value:
    """An operator on two values: numbers are computed, tensors make a node."""
    if isinstance(left, Poison) or isinstance(right, Poison):
        return POISON
    if expr.op in ("==", "!=") and (left is None or right is None):
        return (left is right) == (expr.op == "==")
    if isinstance(left, Node) or isinstance(right, Node):
        return tensor_binary(ctx, expr, left, right)
    of_data = any(isinstance(v, Dim | Ratio) for v in (left, right))
    sizes = of_data and all(isinstance(v, int | float | Dim | Ratio) for v in (left, right))
    if expr.op in ("==", "!=") and not sizes:
        return alike(ctx, left, right, expr.op_span) == (expr.op == "==")
    return compile_time(ctx, expr, left, right)


def alike(ctx: Context, left: Value, right: Value, span: Span) -> bool:
    """Equality of compile-time values; functions are equal to themselves only. Lists may be long, so it counts."""
    ctx.count(span)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(alike(ctx, p, q, span) for p, q in zip(left, right, strict=True))
    if isinstance(left, Function) and isinstance(right, Function):
        return left.named is right.named
    if isinstance(left, Function | Instance | Node) or isinstance(right, Function | Instance | Node):
        return left is right
    return isinstance(left, bool) == isinstance(right, bool) and left == right


# --- compile-time arithmetic -----------------------------------------------------------------------------


def compile_time(ctx: Context, expr: ast.Binary, left: Any, right: Any) -> Value:
    """Arithmetic and comparisons on compile-time numbers, sizes, texts and lists."""
    number = (int, float, Dim, Ratio)
    fine = (
        isinstance(left, number)
        and isinstance(right, number)
        and not isinstance(left, bool)
        and not isinstance(right, bool)
    )
    if expr.op == "+" and type(left) is type(right) and isinstance(left, str | list):
        if isinstance(left, list):
            ctx.count(expr.span, len(left) + len(right))
        elif len(left) + len(right) > MAX_TEXT:
            return ctx.say(names.BadValue, expr.op_span, "this text becomes too long")
        return left + right  # type: ignore[no-any-return]
    if not fine:
        return _not_numbers(ctx, expr, left, right)
    if isinstance(left, Dim | Ratio) or isinstance(right, Dim | Ratio):
        return dim_arithmetic(ctx, expr, left, right)
    try:
        value = _computed(expr.op, left, right)
    except ZeroDivisionError:
        return ctx.say(names.BadValue, expr.op_span, "division by zero", note=f"{left} {expr.op} {right}")
    except ArithmeticError:
        value = None
    if value is None:
        return ctx.say(
            names.BadValue, expr.op_span, "this number is too large or not real", note=f"{left} {expr.op} {right}"
        )
    return value


def _not_numbers(ctx: Context, expr: ast.Binary, left: Value, right: Value) -> Poison:
    if expr.op == "@":
        return ctx.say(
            names.NeedsTensor, expr.op_span, f"`@` multiplies tensors, these are {describe(left)} and {describe(right)}"
        )
    cure = None
    for value in (left, right):
        if isinstance(value, Function) and value.role in ("layer", "fn"):
            cure = f"apply it to a value first: `x |> {value.name}`"
    return ctx.say(
        names.BadValue, expr.op_span, f"`{expr.op}` does not apply to {describe(left)} and {describe(right)}", cure=cure
    )


def _computed(op: str, left: float, right: float) -> float | bool | None:
    """A number, or None where it is beyond what a size or a float can be. Raises ArithmeticError."""
    value: Any
    match op:
        case "+":
            value = left + right
        case "-":
            value = left - right
        case "*":
            value = left * right
        case "/":
            whole = isinstance(left, int) and isinstance(right, int)
            value = left // right if whole and left % right == 0 else left / right
            if whole and isinstance(value, float):
                value = Uneven.make(value, (int(left), int(right)))
        case "%":
            value = left % right
        case "**":
            if isinstance(left, int) and isinstance(right, int) and right * left.bit_length() > 2 * MAX_BITS:
                return None
            value = left**right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case _:
            return None
    if isinstance(value, int):
        return value if value.bit_length() <= MAX_BITS else None
    return uneven(value, value, left, right) if isinstance(value, float) and math.isfinite(value) else None


def dim_arithmetic(ctx: Context, expr: ast.Binary, left: Any, right: Any) -> Value:
    """Arithmetic with sizes that only data knows."""
    if isinstance(left, float) or isinstance(right, float):
        return ctx.say(
            names.BadValue,
            expr.op_span,
            "a size known only from data and a fraction do not mix here",
            note=f"{left} {expr.op} {right}",
            cure="use it with a tensor, where it is a number: `sum(x) / batch`",
        )
    if weight(left) + weight(right) > MAX_ATOMS:
        return ctx.say(
            names.BadValue,
            expr.op_span,
            "this size becomes too complicated",
            cure="use fewer symbolic sizes in one formula",
        )
    if expr.op == "/" and right == 0:
        return ctx.say(names.BadValue, expr.op_span, "division by zero", note=f"{left} {expr.op} {right}")
    if expr.op in COMPARISONS and (known := decided(expr.op, left, right)) is not None:
        return known
    value = combined(expr.op, left, right)
    if expr.op == "%" and right != 0 and not isinstance(combined("/", left, right), Ratio):
        value = 0
    if value is None:
        return ctx.say(
            names.NotConstant,
            expr.op_span,
            f"`{expr.op}` cannot be decided for a size known only from data",
            note=f"{left} {expr.op} {right}",
            cure="give this axis a fixed size in the input's type",
        )
    if weight(value) > MAX_ATOMS or (isinstance(value, int) and value.bit_length() > MAX_BITS):
        return ctx.say(
            names.BadValue,
            expr.op_span,
            "this size becomes too complicated",
            cure="use fewer symbolic sizes in one formula",
        )
    return value


def weight(size: Size | Ratio) -> int:
    """How much there is to a formula: its atoms, those inside quotients too."""
    if isinstance(size, int):
        return 1
    if isinstance(size, Ratio):
        return weight(size.numerator) + weight(size.denominator)
    total = 0
    for monomial, factor in size.terms:
        total += 1 + factor.bit_length() // 64
        for atom in monomial:
            total += weight(atom.numerator) + weight(atom.denominator) if isinstance(atom, Quotient) else 1
    return total


def bounds(ctx: Context, expr: ast.Range, start: Value, stop: Value) -> Value:
    """`a..b` as the list of its numbers."""
    if isinstance(start, Poison) or isinstance(stop, Poison):
        return POISON
    ends: list[int] = []
    for value, part in ((start, expr.start), (stop, expr.stop)):
        if not isinstance(value, int) or isinstance(value, bool):
            return ctx.say(
                names.NotConstant,
                part.span,
                "a range needs whole numbers known when the network is built",
                note=f"this is {describe(value)}",
                cure=OVER_STEPS if isinstance(value, Dim) else None,
            )
        ends.append(value)
    ctx.count(expr.span, max(0, ends[1] - ends[0]))
    return list(range(*ends))


# --- tensors ---------------------------------------------------------------------------------------------


def tensor_binary(ctx: Context, expr: ast.Binary, left: Value, right: Value) -> Value:
    """An operator with a tensor on at least one side."""
    op = expr.op
    x = as_node(ctx, left, right if isinstance(right, Node) else None, expr.left.span)
    y = as_node(ctx, right, left if isinstance(left, Node) else None, expr.right.span)
    if x is None or y is None:
        return POISON
    spans = [expr.left.span, expr.right.span]
    if op in SWAPPED:
        op, x, y, spans = SWAPPED[op], y, x, spans[::-1]
    if op == "@":
        return product(ctx, expr, x, y, spans)
    odd = _odd_operands(ctx, expr, x, y)
    if odd is not None:
        return odd
    if op not in ("<", "<=", "==", "!=") or x.dtype != y.dtype:
        x, y = _same_dtype(x, y)
    if op == "!=":
        same = make(ctx, "equal", expr.op_span, [x, y], spans, "!=")
        return make(ctx, "logical_not", expr.op_span, [same], spans, "!=") if isinstance(same, Node) else same
    return make(ctx, OPERATORS[op], expr.op_span, [x, y], spans, expr.op)


def _odd_operands(ctx: Context, expr: ast.Binary, x: Node, y: Node) -> Poison | None:
    """Arithmetic with indices: they are names, not amounts."""
    if expr.op in COMPARISONS:
        return None
    for node, side in ((x, expr.left), (y, expr.right)):
        other = y if node is x else x
        if node.type.kind and node.type.kind.name == "index" and other.dtype in FLOATS and other.op != "const":
            return ctx.say(
                kinds.WrongKind,
                expr.op_span,
                "indices are names, not amounts",
                note=f"`{side.span.text}` is {node.type}",
                cure="use `one_hot(x, n)`, or `cast(x, f32)` to count with them",
            )
    return None


def _same_dtype(x: Node, y: Node) -> tuple[Node, Node]:
    """Both sides in the promoted dtype, so that kernels never mix."""
    dtype = promote(x.dtype, y.dtype)
    dtype = "i32" if dtype == "bool" else dtype
    return b.cast(x, dtype), b.cast(y, dtype)


def product(ctx: Context, expr: ast.Binary, x: Node, y: Node, spans: list[Span]) -> Value:
    """`x @ y`, with NumPy's rule for vectors."""
    if x.type.rank == 0 or y.type.rank == 0:
        return ctx.say(
            shapes.WrongRank,
            expr.op_span,
            "`@` needs at least one axis on both sides",
            note=f"the sides are {x.type} and {y.type}",
            cure="use `*` to scale by a number",
        )
    for node, part in ((x, expr.left), (y, expr.right)):
        if node.dtype not in FLOATS:
            return ctx.say(
                shapes.WrongDtype,
                part.span,
                "`@` multiplies floats",
                note=f"this is {node.type}",
                cure="convert it: `cast(x, f32)`",
            )

    def build() -> Node:
        left = b.reshape(x, (1, *x.shape)) if x.type.rank == 1 else x
        right = b.reshape(y, (*y.shape, 1)) if y.type.rank == 1 else y
        if left.shape[-1] != right.shape[-2]:
            cure = f"the last size of the left side is {left.shape[-1]}, the right side starts with {right.shape[-2]}"
            raise ShapeFault(f"the inner sizes differ: {left.shape[-1]} and {right.shape[-2]}", (0, 1), cure, "inner")
        if right.type.rank > 2 and b.broadcast_shapes(left.shape[:-2], right.shape[:-2]) is None:
            raise ShapeFault("these shapes do not agree", (0, 1), code="broadcast")
        out = b.matmul(left, right)
        shape = list(out.shape)
        if y.type.rank == 1:
            shape.pop()
        if x.type.rank == 1:
            shape.pop(-1 if y.type.rank == 1 else -2)
        return b.reshape(out, tuple(shape))

    return guarded(ctx, expr.op_span, [x, y], spans, "@", build)
