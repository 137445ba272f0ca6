"""Expressions: compile-time values are computed, tensors become graph nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nndsl.check.context import Context
from nndsl.check.scope import Scope
from nndsl.check.values import POISON, DtypeWord, Function, Instance, Poison, Value, describe
from nndsl.diagnostics import Label, Span, did_you_mean
from nndsl.ir.dims import Dim, Size, divide
from nndsl.ir.graph import Node, const, dim_value
from nndsl.ir.types import DTYPES, FLOATS, shape_text
from nndsl.ops import build as b
from nndsl.ops.op import ShapeFault
from nndsl.problems import kinds, names, shapes
from nndsl.problems.said import Said
from nndsl.syntax import ast

CONSTANTS: dict[str, Value] = {"pi": 3.141592653589793, **{word: DtypeWord(word) for word in DTYPES}}


def evaluate(ctx: Context, scope: Scope, expr: ast.Expr) -> Value:
    """The value of an expression; POISON (after a Problem) where it has none."""
    match expr:
        case ast.Name():
            return look_up(ctx, scope, expr.id, expr.span)
        case ast.Number() | ast.String() | ast.Bool():
            return expr.value
        case ast.NoneValue():
            return None
        case ast.ListExpr() | ast.TupleExpr():
            items = [evaluate(ctx, scope, item) for item in expr.items]
            if any(isinstance(item, Poison) for item in items):
                return POISON
            return items if isinstance(expr, ast.ListExpr) else tuple(items)
        case ast.Unary():
            return unary(ctx, expr.op, evaluate(ctx, scope, expr.operand), expr)
        case ast.Binary(op="and" | "or"):
            return logical(ctx, scope, expr)
        case ast.Binary():
            left, right = evaluate(ctx, scope, expr.left), evaluate(ctx, scope, expr.right)
            return binary(ctx, expr, left, right)
        case ast.Call() | ast.Pipe():
            from nndsl.check import calls

            return calls.call(ctx, scope, expr) if isinstance(expr, ast.Call) else calls.pipe(ctx, scope, expr)
        case ast.Index():
            from nndsl.check.indexing import index

            return index(ctx, scope, expr, evaluate(ctx, scope, expr.value))
        case ast.Attribute():
            return ctx.say(names.UnknownName, expr.span, f"nothing here has a member `{expr.name}`",
                           cure=_attribute_cure(expr.name))  # fmt: skip
        case ast.Range():
            return bounds(ctx, scope, expr)
        case ast.Poison():
            return POISON


def _attribute_cure(name: str) -> str | None:
    return {"shape": "write `shape(x)`", "T": "write `transpose(x)`", "dtype": "write `dtype(x)`"}.get(
        name, f"call it as a function: `{name}(x)`")  # fmt: skip


def look_up(ctx: Context, scope: Scope, name: str, span: Span) -> Value:
    """The value of a name, with the nearest known name where there is none."""
    holder = scope.find(name)
    if holder is not None:
        return holder.get(name)
    if name in CONSTANTS:
        return CONSTANTS[name]
    if name == "training":
        return ctx.training
    from nndsl.check.builtins import BUILTINS

    if name in BUILTINS:
        return BUILTINS[name]
    later = _defined_later(scope, name)
    if later is not None:
        return ctx.say(names.UsedTooEarly, span, f"`{name}` is used before it is defined",
                       related=(Label(later, "it is defined here"),),
                       cure="values are defined from top to bottom; a network has no cycles")  # fmt: skip
    known = dict.fromkeys([*scope.visible(), *CONSTANTS, *BUILTINS, "training"])
    cure = did_you_mean(name, [k for k in known if k != name]) or _keras_name(name)
    return ctx.say(names.UnknownName, span, f"`{name}` is not known here", cure=cure)


def _defined_later(scope: Scope, name: str) -> Span | None:
    current: Scope | None = scope
    while current is not None:
        if name in current.later:
            return current.later[name]
        current = current.parent
    return None


def _keras_name(name: str) -> str | None:
    if name in ("Input", "InputLayer"):
        return "declare inputs on lines of their own: `input x: f32[batch, 784]`"
    if name in ("Sequential", "Model"):
        return "write `model Name { … }` and join layers with `|>`"
    return None


# --- operators -------------------------------------------------------------------------------------------


def fault_problem(ctx: Context, fault: ShapeFault, span: Span, args: Sequence[Node], spans: Sequence[Span], what: str) -> Poison:
    """A ShapeFault as the Problem a user reads, with the places of the values at fault."""
    kind: type[Said] = {
        "broadcast": shapes.ShapeClash, "inner": shapes.InnerSizes, "dtype": shapes.WrongDtype, "rank": shapes.WrongRank,
        "axis": shapes.NoSuchAxis, "index": kinds.NeedsIndex, "index_range": kinds.IndexRange,
    }.get(fault.code, shapes.DoesNotFit)  # fmt: skip
    blamed = [i for i in fault.blame if i < len(args)]
    related: list[Label] = []
    for i in blamed:
        place = spans[i] if i < len(spans) else None
        origin = args[i].span
        if origin is not None and (place is None or origin.line != place.line or origin.source is not place.source):
            related.append(Label(origin, f"this gives {args[i].type}"))
    note = fault.message
    if fault.code in ("broadcast", "inner") and len(blamed) == 2:
        note = f"the left side is {args[blamed[0]].type}, the right one {args[blamed[1]].type}"
    message = "" if fault.code in ("broadcast", "inner", "index", "index_range") else f"`{what}`: {fault.message}"
    if message:
        note = f"this is {args[blamed[0]].type}" if blamed else ""
    cure = fault.help or (_broadcast_cure(args[blamed[0]], args[blamed[1]]) if fault.code == "broadcast" and len(blamed) == 2 else None)
    return ctx.say(kind, span, message, note=note, cure=cure, related=tuple(dict.fromkeys(related)))


def _broadcast_cure(x: Node, y: Node) -> str | None:
    if x.type.rank != y.type.rank:
        short, long = (x, y) if x.type.rank < y.type.rank else (y, x)
        if short.type.rank and short.shape[0] == long.shape[0]:
            return "sizes are compared from the last axis on; `x[:, none]` adds an axis of size 1 to the shorter one"
        return None
    units = [(p, q) for p, q in zip(x.shape, y.shape, strict=True) if p != q]
    if len(units) == 1 and x.shape[-1] != y.shape[-1] and x.type.rank > 1:
        return "give both layers the same units"
    return None


def make(ctx: Context, op: str, span: Span, args: Sequence[Node], spans: Sequence[Span] = (), what: str = "", **attrs: Any) -> Value:
    """A node of the graph, or a Problem where the op cannot take these inputs."""
    return guarded(ctx, span, args, spans, what or op, lambda: b.apply(op, *args, **attrs))


def guarded(ctx: Context, span: Span, args: Sequence[Node], spans: Sequence[Span], what: str, build: Any) -> Value:
    """Run a builder of nodes; its ShapeFault becomes a Problem."""
    ctx.count_node(span)
    with b.at(ctx.place(span)):
        try:
            return build()  # type: ignore[no-any-return]
        except ShapeFault as fault:
            return fault_problem(ctx, fault, span, args, spans, what)


OPERATORS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "mod", "**": "power",
             "<": "less", "<=": "less_equal", "==": "equal"}  # fmt: skip
SWAPPED = {">": "<", ">=": "<="}


def unary(ctx: Context, op: str, value: Value, expr: ast.Unary) -> Value:
    """`-x`, `not x`."""
    match op, value:
        case _, Poison():
            return POISON
        case "-", bool():
            pass
        case "-", int() | float() | Dim():
            return -value
        case "-", Node():
            return make(ctx, "negative", expr.span, [value], [expr.operand.span], "-")
        case "not", bool():
            return not value
        case "not", Node():
            return make(ctx, "logical_not", expr.span, [value], [expr.operand.span], "not")
    return ctx.say(names.BadValue, expr.span, f"`{op}` does not apply to {describe(value)}")


def logical(ctx: Context, scope: Scope, expr: ast.Binary) -> Value:
    """`and`, `or`: the right side is not looked at when the left one decides."""
    left = evaluate(ctx, scope, expr.left)
    if isinstance(left, bool) and left == (expr.op == "or"):
        return left
    right = evaluate(ctx, scope, expr.right)
    match left, right:
        case (Poison(), _) | (_, Poison()):
            return POISON
        case bool(), bool():
            return right
        case (Node(), Node()):
            return make(ctx, f"logical_{expr.op}", expr.op_span, [left, right], [expr.left.span, expr.right.span], expr.op)
    wrong = left if not isinstance(left, (bool, Node)) else right
    return ctx.say(names.BadValue, expr.op_span, f"`{expr.op}` joins true and false, this is {describe(wrong)}")


def binary(ctx: Context, expr: ast.Binary, left: Value, right: Value) -> Value:
    """An operator on two values: numbers are computed, tensors make a node."""
    if isinstance(left, Poison) or isinstance(right, Poison):
        return POISON
    if expr.op in ("==", "!=") and (left is None or right is None):
        return (left is right) == (expr.op == "==")
    if isinstance(left, Node) or isinstance(right, Node):
        return tensor_binary(ctx, expr, left, right)
    if expr.op in ("==", "!="):
        same = left is right if isinstance(left, (Function, Instance)) else left == right
        return same == (expr.op == "==")
    return compile_time(ctx, expr, left, right)


def compile_time(ctx: Context, expr: ast.Binary, left: Any, right: Any) -> Value:
    """Arithmetic and comparisons on compile-time numbers, sizes, texts and lists."""
    number = (int, float, Dim)
    fine = isinstance(left, number) and isinstance(right, number) and not isinstance(left, bool) and not isinstance(right, bool)
    joins = expr.op == "+" and type(left) is type(right) and isinstance(left, (str, list))
    if not fine and not joins:
        return ctx.say(names.BadValue, expr.op_span, f"`{expr.op}` does not apply to {describe(left)} and {describe(right)}")
    if isinstance(left, Dim) or isinstance(right, Dim):
        return dim_arithmetic(ctx, expr, left, right)
    try:
        match expr.op:
            case "+":
                return left + right  # type: ignore[no-any-return]
            case "-":
                return left - right  # type: ignore[no-any-return]
            case "*":
                return left * right  # type: ignore[no-any-return]
            case "/":
                exact = isinstance(left, int) and isinstance(right, int) and left % right == 0
                return left // right if exact else left / right  # type: ignore[no-any-return]
            case "//":
                return left // right  # type: ignore[no-any-return]
            case "%":
                return left % right  # type: ignore[no-any-return]
            case "**":
                if isinstance(left, int) and isinstance(right, int) and right * left.bit_length() > 256:
                    raise OverflowError
                result = left**right
                if isinstance(result, complex):
                    raise ArithmeticError
                return result  # type: ignore[no-any-return]
            case "<":
                return bool(left < right)
            case "<=":
                return bool(left <= right)
            case ">":
                return bool(left > right)
            case ">=":
                return bool(left >= right)
    except ZeroDivisionError:
        return ctx.say(names.BadValue, expr.op_span, "division by zero", note=f"{left} {expr.op} {right}")
    except (OverflowError, ArithmeticError):
        return ctx.say(names.BadValue, expr.op_span, "this number is too large or not real", note=f"{left} {expr.op} {right}")
    return ctx.say(names.NeedsTensor, expr.op_span, f"`{expr.op}` needs tensors, these are {describe(left)} and {describe(right)}")


def dim_arithmetic(ctx: Context, expr: ast.Binary, left: Any, right: Any) -> Value:
    """Arithmetic with sizes that only data knows."""
    if isinstance(left, float) or isinstance(right, float):
        return ctx.say(names.BadValue, expr.op_span, "a size known only from data and a fraction do not mix here",
                       note=f"{left} {expr.op} {right}", cure="use it with a tensor, where it is a number: `sum(x) / batch`")  # fmt: skip
    match expr.op:
        case "+":
            return left + right  # type: ignore[no-any-return]
        case "-":
            return left - right  # type: ignore[no-any-return]
        case "*":
            return left * right  # type: ignore[no-any-return]
        case "/" | "//" if right != 0:
            return divide(left, right)
        case "%" if isinstance(left, Dim) and right != 0:
            rest = left - divide(left, right) * right
            if rest == 0:
                return 0
    return ctx.say(names.NotConstant, expr.op_span, f"`{expr.op}` cannot be decided for a size known only from data",
                   note=f"{left} {expr.op} {right}")  # fmt: skip


def as_node(ctx: Context, value: Value, like: Node | None, span: Span) -> Node | None:
    """A value as a tensor: numbers become consts of a fitting dtype, sizes their number."""
    match value:
        case Node():
            return value
        case bool():
            return const(value, "bool")
        case int():
            return const(value, like.dtype if like is not None and like.dtype != "bool" else "i32")
        case float():
            return const(value, like.dtype if like is not None and like.dtype in FLOATS else "f32")
        case Dim():
            return dim_value(value, like.dtype if like is not None and like.dtype in FLOATS else "i64")
        case Poison():
            return None
        case list() | tuple():
            nodes = [as_node(ctx, v, like, span) for v in value]
            if not nodes or any(n is None for n in nodes):
                return None
            from nndsl.check.composites import stack

            found: Any = guarded(ctx, span, [], [], "list", lambda: stack([n for n in nodes if n is not None], 0))
            return found if isinstance(found, Node) else None
    ctx.say(names.NeedsTensor, span, f"a tensor is needed here, this is {describe(value)}", cure=_tensor_cure(value))
    return None


def _tensor_cure(value: Value) -> str | None:
    if isinstance(value, Function) and value.role == "layer":
        return f"apply it: `x |> {value.name}(…)`"
    return None


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
    if op == "//":
        return guarded(ctx, expr.op_span, [x, y], spans, "//", lambda: b.apply("floor", b.div(x, y)))
    if op == "!=":
        same = make(ctx, "equal", expr.op_span, [x, y], spans, "!=")
        return make(ctx, "logical_not", expr.op_span, [same], spans, "!=") if isinstance(same, Node) else same
    problem = _odd_operands(ctx, expr, x, y)
    if problem is not None:
        return problem
    dtype_fixed = _same_dtype(x, y) if op not in ("<", "<=", "==") else (x, y)
    return make(ctx, OPERATORS[op], expr.op_span, list(dtype_fixed), spans, expr.op)


def _odd_operands(ctx: Context, expr: ast.Binary, x: Node, y: Node) -> Poison | None:
    """Arithmetic with indices: they are names, not amounts."""
    if expr.op in ("<", "<=", ">", ">=", "==", "!="):
        return None
    for node, side in ((x, expr.left), (y, expr.right)):
        other = y if node is x else x
        if node.type.kind and node.type.kind.name == "index" and other.dtype in FLOATS and other.op != "const":
            return ctx.say(kinds.WrongKind, expr.op_span, "indices are names, not amounts", note=f"`{side.span.text}` is {node.type}",
                           cure="use `one_hot(x, n)`, or `cast(x, f32)` to count with them")  # fmt: skip
    return None


def _same_dtype(x: Node, y: Node) -> tuple[Node, Node]:
    """Both sides in the promoted dtype, so that kernels never mix."""
    from nndsl.ir.types import promote

    dtype = promote(x.dtype, y.dtype)
    dtype = "i32" if dtype == "bool" else dtype
    return b.cast(x, dtype), b.cast(y, dtype)


def product(ctx: Context, expr: ast.Binary, x: Node, y: Node, spans: list[Span]) -> Value:
    """`x @ y`, with NumPy's rule for vectors."""
    if x.type.rank == 0 or y.type.rank == 0:
        return ctx.say(shapes.WrongRank, expr.op_span, "`@` needs at least one axis on both sides",
                       note=f"the sides are {x.type} and {y.type}", cure="use `*` to scale by a number")  # fmt: skip

    def build() -> Node:
        left = b.reshape(x, (1, *x.shape)) if x.type.rank == 1 else x
        right = b.reshape(y, (*y.shape, 1)) if y.type.rank == 1 else y
        lead = b.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        if left.shape[-1] != right.shape[-2]:
            raise ShapeFault(f"the inner sizes differ: {left.shape[-1]} and {right.shape[-2]}", (0, 1), code="inner",
                             help=f"the last size of the left side is {left.shape[-1]}, the right side starts with {right.shape[-2]}")  # fmt: skip
        if lead is None:
            raise ShapeFault("these shapes do not agree", (0, 1), code="broadcast")
        out = b.matmul(left, right)
        shape = list(out.shape)
        if y.type.rank == 1:
            shape.pop()
        if x.type.rank == 1:
            shape.pop(-1 if y.type.rank == 1 else -2)
        return b.reshape(out, tuple(shape))

    return guarded(ctx, expr.op_span, [x, y], spans, "@", build)


def bounds(ctx: Context, scope: Scope, expr: ast.Range) -> Value:
    """`a..b` as the list of its numbers."""
    start, stop = evaluate(ctx, scope, expr.start), evaluate(ctx, scope, expr.stop)
    if isinstance(start, Poison) or isinstance(stop, Poison):
        return POISON
    for value, part in ((start, expr.start), (stop, expr.stop)):
        if not isinstance(value, int) or isinstance(value, bool):
            return ctx.say(names.NotConstant, part.span, "a range needs whole numbers", note=f"this is {describe(value)}")
    assert isinstance(start, int)
    assert isinstance(stop, int)
    ctx.count_node(expr.span, max(0, stop - start))
    return list(range(start, stop))


def sizes_text(shape: tuple[Size, ...]) -> str:
    return f"[{shape_text(shape)}]"
