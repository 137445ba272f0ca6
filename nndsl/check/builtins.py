"""The functions that `.nn` code can call without defining them: tensor functions and compile-time functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nndsl.check import composites
from nndsl.check.calls import Given, bind_builtin
from nndsl.check.context import Context
from nndsl.check.expressions import as_node, guarded
from nndsl.check.sizes import as_size
from nndsl.check.values import POISON, Builtin, DtypeWord, Poison, Value, describe
from nndsl.diagnostics import Span
from nndsl.ir.dims import Dim, Size, product
from nndsl.ir.graph import Node, const, dim_value
from nndsl.ir.types import FLOATS, KINDS, promote
from nndsl.ops import build as b
from nndsl.ops.op import REQUIRED
from nndsl.ops.table import OPS
from nndsl.problems import kinds, names
from nndsl.syntax.ast import Expr

__all__ = ["BUILTINS", "Expr"]


@dataclass(frozen=True)
class Site:
    """What a builtin knows of its call."""

    ctx: Context
    name: str
    span: Span
    spans: dict[str, Span]


class Wrong(Exception):
    """An argument does not fit; the Problem is recorded."""


def wrong(site: Site, argument: str, needs: str, value: Value) -> Wrong:
    """Record that an argument has the wrong kind of value."""
    site.ctx.say(names.WrongArgument, site.spans.get(argument, site.span), f"`{argument}` of `{site.name}` {needs}",
                 note=f"this is {describe(value)}")  # fmt: skip
    return Wrong()


def tensor(site: Site, argument: str, value: Value, like: Node | None = None) -> Node:
    """An argument as a tensor."""
    node = as_node(site.ctx, value, like, site.spans.get(argument, site.span))
    if node is None:
        raise Wrong
    return node


def whole(site: Site, argument: str, value: Value) -> int:
    """An argument as a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(site, argument, "is a whole number", value)
    return value


def number(site: Site, argument: str, value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong(site, argument, "is a number", value)
    return value


def flag(site: Site, argument: str, value: Value) -> bool:
    if not isinstance(value, bool):
        raise wrong(site, argument, "is true or false", value)
    return value


def axes(site: Site, value: Value) -> int | list[int] | None:
    """`axis=`: none, a number or a list of numbers."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, (list, tuple)):
        return [whole(site, "axis", v) for v in value]
    raise wrong(site, "axis", "is none, a number or a list", value)


def sizes(site: Site, argument: str, value: Value, hole: bool = False) -> tuple[Size, ...]:
    """A shape: a list of sizes (or one size)."""
    parts = list(value) if isinstance(value, (list, tuple)) else [value]
    out: list[Size] = []
    for part in parts:
        if hole and part == -1 and isinstance(part, int):
            out.append(-1)
            continue
        size = as_size(site.ctx, part, site.spans.get(argument, site.span))
        if size is None:
            raise Wrong
        out.append(size)
    return tuple(out)


def dtype_of(site: Site, value: Value) -> str:
    if not isinstance(value, DtypeWord):
        raise wrong(site, "dtype", "is one of f32 f64 i32 i64 bool", value)
    return value.name


BUILTINS: dict[str, Builtin] = {}


def register(name: str, parameters: Sequence[str | tuple[str, Any]], run: Callable[..., Value], doc: str, variadic: str | None = None) -> None:
    """Add a builtin. `run(site, **arguments)` gets every parameter; `variadic` collects what is given by place."""
    defaults = {p[0]: p[1] for p in parameters if isinstance(p, tuple)}
    order = [p if isinstance(p, str) else p[0] for p in parameters]
    shown = ([f"*{variadic}"] if variadic else []) + [
        f"{p}={describe(defaults[p])}" if p in defaults and defaults[p] is not REQUIRED else p for p in order]  # fmt: skip
    signature = f"{name}({', '.join(shown)})"

    def call(ctx: Context, builtin: Builtin, given: list[Given], span: Span) -> Value:
        bound = bind_builtin(ctx, builtin, order, defaults, given, span, variadic)
        if bound is None:
            return POISON
        values, spans = bound
        site = Site(ctx, name, span, spans)
        try:
            return run(site, **values)
        except Wrong:
            return POISON

    BUILTINS[name] = Builtin(name, signature, call, doc)


def build(site: Site, args: Sequence[Node], maker: Callable[[], Any]) -> Value:
    """Run a maker of nodes with ShapeFaults turned into Problems."""
    return guarded(site.ctx, site.span, args, list(site.spans.values()), site.name, maker)


# --- elementwise: on numbers computed now, on tensors an op -------------------------------------------------

NUMBERS: dict[str, Callable[..., float]] = {
    "abs": abs, "exp": math.exp, "log": math.log, "log1p": math.log1p, "expm1": math.expm1, "sqrt": math.sqrt,
    "tanh": math.tanh, "erf": math.erf, "sin": math.sin, "cos": math.cos, "floor": math.floor, "ceil": math.ceil,
    "round": round, "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "sign": lambda x: (x > 0) - (x < 0),
    "maximum": max, "minimum": min,
}  # fmt: skip


def on_numbers(site: Site, values: Sequence[Any]) -> Value:
    try:
        return NUMBERS[site.name](*values)
    except (ValueError, OverflowError, ArithmeticError):
        return site.ctx.say(names.BadValue, site.span, f"`{site.name}` has no value here", note=", ".join(map(str, values)))


def is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def elementwise(name: str) -> Callable[..., Value]:
    """A pointwise op of one or more arguments."""
    params = OPS[name].args

    def run(site: Site, **arguments: Value) -> Value:
        values = [arguments[p] for p in params]
        if name in NUMBERS and all(is_number(v) for v in values):
            return on_numbers(site, values)
        first = next((v for v in values if isinstance(v, Node) and v.dtype != "bool"), None)
        nodes = [tensor(site, p, v, first) for p, v in zip(params, values, strict=True)]
        if name == "where" and nodes[1].dtype != nodes[2].dtype:
            wide = promote(nodes[1].dtype, nodes[2].dtype)
            nodes[1:] = [b.cast(n, wide) for n in nodes[1:]]
        elif len(nodes) == 2 and nodes[0].dtype != nodes[1].dtype:
            wide = promote(*(n.dtype for n in nodes))
            nodes = [b.cast(n, wide) for n in nodes]
        return build(site, nodes, lambda: b.apply(name, *nodes))

    return run


for _op in OPS.values():
    if not _op.hidden and not _op.options and not _op.variadic and _op.name not in ("take",):
        register(_op.name, list(_op.args), elementwise(_op.name), _op.doc)


def _softmax(name: str) -> Callable[..., Value]:
    def run(site: Site, x: Value, axis: Value) -> Value:
        node = tensor(site, "x", x)
        if node.type.kind and node.type.kind.name == "prob":
            cure = "drop one of the two, or pass what stands before the first one"
            return site.ctx.say(kinds.SoftmaxTwice, site.span, note=f"this is {node.type} already", cure=cure)
        place = whole(site, "axis", axis)
        return build(site, [node], lambda: b.apply(name, node, axis=composites.axis_of(node, place)))

    return run


register("softmax", ["x", ("axis", -1)], _softmax("softmax"), OPS["softmax"].doc)
register("log_softmax", ["x", ("axis", -1)], _softmax("log_softmax"), OPS["log_softmax"].doc)


# --- reductions ----------------------------------------------------------------------------------------------


def reduction(maker: Callable[[Node, tuple[int, ...], bool], Node], python: Callable[..., Any] | None = None) -> Callable[..., Value]:
    def run(site: Site, x: Value, axis: Value, keepdims: Value) -> Value:
        if isinstance(x, (list, tuple)) and all(is_number(v) for v in x) and x and python is not None and axis is None:
            return python(x)  # type: ignore[no-any-return]
        node, chosen, keep = tensor(site, "x", x), axes(site, axis), flag(site, "keepdims", keepdims)
        return build(site, [node], lambda: maker(node, composites.axes_of(node, chosen), keep))

    return run


REDUCE_OPTIONS: list[str | tuple[str, Any]] = ["x", ("axis", None), ("keepdims", False)]
register("sum", REDUCE_OPTIONS, reduction(lambda x, a, k: b.reduce("sum", x, a, k), sum), "The sum over axes (all without `axis`).")
register("mean", REDUCE_OPTIONS, reduction(composites.mean, lambda v: sum(v) / len(v)), "The mean over axes (all without `axis`).")
register("var", REDUCE_OPTIONS, reduction(composites.var), "The variance over axes (all without `axis`).")
register("any", REDUCE_OPTIONS, reduction(lambda x, a, k: b.less(0, b.reduce("sum", x, a, k))), "Whether any is true.")
register("all", REDUCE_OPTIONS, reduction(lambda x, a, k: b.equal(0, b.reduce("sum", b.apply("logical_not", x), a, k))), "Whether all are true.")
register("logsumexp", ["x", ("axis", -1), ("keepdims", False)], reduction(composites.logsumexp), "log(sum(exp(x))) without overflow.")


def _extreme(name: str, python: Callable[..., Any]) -> Callable[..., Value]:
    over = reduction(lambda x, a, k: b.reduce(name, x, a, k), python)

    def run(site: Site, values: list[Value], axis: Value, keepdims: Value) -> Value:
        if len(values) > 1 and all(is_number(v) for v in values):
            return python(values)  # type: ignore[no-any-return]
        if len(values) != 1:
            cure = f"use `{name}imum(x, y)` for the {name} of two tensors"
            return site.ctx.say(names.TooManyArguments, site.span, f"`{name}` reduces one tensor", cure=cure)
        return over(site, x=values[0], axis=axis, keepdims=keepdims)

    return run


register("max", [("axis", None), ("keepdims", False)], _extreme("max", max), "The greatest over axes, or of numbers.", variadic="values")
register("min", [("axis", None), ("keepdims", False)], _extreme("min", min), "The least over axes, or of numbers.", variadic="values")


def _arg(name: str) -> Callable[..., Value]:
    def run(site: Site, x: Value, axis: Value) -> Value:
        node, place = tensor(site, "x", x), whole(site, "axis", axis)
        return build(site, [node], lambda: b.apply(name, node, axes=(composites.axis_of(node, place),)))

    return run


register("argmax", ["x", ("axis", -1)], _arg("argmax"), OPS["argmax"].doc)
register("argmin", ["x", ("axis", -1)], _arg("argmin"), OPS["argmin"].doc)


# --- shapes --------------------------------------------------------------------------------------------------


def _reshape(site: Site, x: Value, shape: Value) -> Value:
    node, wanted = tensor(site, "x", x), sizes(site, "shape", shape, hole=True)
    return build(site, [node], lambda: composites.reshape(node, wanted))


def _transpose(site: Site, x: Value, order: Value) -> Value:
    node = tensor(site, "x", x)
    chosen = None if order is None else [whole(site, "axes", v) for v in order] if isinstance(order, (list, tuple)) else [whole(site, "axes", order)]
    return build(site, [node], lambda: composites.transpose(node, chosen))


def _concat(site: Site, values: list[Value], axis: Value) -> Value:
    parts = list(values[0]) if len(values) == 1 and isinstance(values[0], (list, tuple)) else values
    nodes, place = [tensor(site, "values", v) for v in parts], whole(site, "axis", axis)
    if not nodes:
        return site.ctx.say(names.MissingArgument, site.span, "`concat` needs values to join")
    wide = promote(*(n.dtype for n in nodes))
    return build(site, nodes, lambda: b.apply("concat", *(b.cast(n, wide) for n in nodes), axis=composites.axis_of(nodes[0], place)))


def _stack(site: Site, values: list[Value], axis: Value) -> Value:
    parts = list(values[0]) if len(values) == 1 and isinstance(values[0], (list, tuple)) else values
    nodes, place = [tensor(site, "values", v) for v in parts], whole(site, "axis", axis)
    return build(site, nodes, lambda: composites.stack(nodes, place))


def _split(site: Site, x: Value, n: Value, axis: Value) -> Value:
    node, parts, place = tensor(site, "x", x), whole(site, "n", n), whole(site, "axis", axis)
    return build(site, [node], lambda: tuple(composites.split(node, parts, place)))


def _broadcast(site: Site, x: Value, shape: Value) -> Value:
    node, wanted = tensor(site, "x", x), sizes(site, "shape", shape)
    return build(site, [node], lambda: b.apply("broadcast_to", node, shape=wanted))


def _pad(site: Site, x: Value, widths: Value, value: Value) -> Value:
    node, fill = tensor(site, "x", x), number(site, "value", value)
    if not isinstance(widths, (list, tuple)) or not all(isinstance(w, (list, tuple)) for w in widths):
        raise wrong(site, "widths", "is a list of pairs", widths)
    pairs = [[whole(site, "widths", v) for v in w] for w in widths if isinstance(w, (list, tuple))]
    return build(site, [node], lambda: composites.pad(node, pairs, fill))


register("reshape", ["x", "shape"], _reshape, OPS["reshape"].doc)
register("transpose", ["x", ("axes", None)], lambda site, x, axes: _transpose(site, x, axes), OPS["transpose"].doc)
register("concat", [("axis", -1)], _concat, OPS["concat"].doc, variadic="values")
register("stack", [("axis", 0)], _stack, "Joined along a new axis.", variadic="values")
register("split", ["x", "n", ("axis", -1)], _split, "n equal parts along an axis.")
register("broadcast_to", ["x", "shape"], _broadcast, OPS["broadcast_to"].doc)
register("pad", ["x", "widths", ("value", 0.0)], _pad, "Surrounded by a constant; `widths` has a pair for each axis.")


# --- indices ---------------------------------------------------------------------------------------------------


def _take(site: Site, table: Value, indices: Value, axis: Value) -> Value:
    x, places, at = tensor(site, "table", table), tensor(site, "indices", indices), whole(site, "axis", axis)
    return build(site, [x, places], lambda: composites.take(x, places, at))


def _hot(name: str) -> Callable[..., Value]:
    def run(site: Site, x: Value, n: Value, **options: Value) -> Value:
        node, count = tensor(site, "x", x), sizes(site, "n", n)[0]
        if "padding" in options and options["padding"] is not None:
            at = whole(site, "padding", options["padding"])
            if isinstance(count, int) and not 0 <= at < count:
                raise wrong(site, "padding", f"is none or an index below {count}", at)
        return build(site, [node], lambda: b.apply(name, node, n=count, dtype="f32", **options))

    return run


def _scatter(site: Site, indices: Value, values: Value, n: Value) -> Value:
    places, added, count = tensor(site, "indices", indices), tensor(site, "values", values), sizes(site, "n", n)[0]
    return build(site, [places, added], lambda: b.apply("scatter_add", places, added, n=count))


register("take", ["table", "indices", ("axis", 0)], _take, OPS["take"].doc)
register("one_hot", ["x", "n"], _hot("one_hot"), OPS["one_hot"].doc)
register("multi_hot", ["words", "n", ("padding", 0)], lambda site, words, n, padding: _hot("multi_hot")(site, words, n, padding=padding), OPS["multi_hot"].doc)
register("scatter_add", ["indices", "values", "n"], _scatter, OPS["scatter_add"].doc)
register("arange", ["n"], lambda site, n: build(site, [], lambda: b.apply("arange", n=sizes(site, "n", n)[0], dtype="i32")), OPS["arange"].doc)


# --- making and marking ------------------------------------------------------------------------------------------


def _full(value: float) -> Callable[..., Value]:
    return lambda site, shape: build(site, [], lambda: b.full(value, sizes(site, "shape", shape), "f32"))


def _like(value: float) -> Callable[..., Value]:
    def run(site: Site, x: Value) -> Value:
        node = tensor(site, "x", x)
        return build(site, [node], lambda: b.full(value, node.shape, node.dtype))

    return run


def _full_any(site: Site, shape: Value, value: Value) -> Value:
    filled, wanted = number(site, "value", value), sizes(site, "shape", shape)
    return build(site, [], lambda: b.full(filled, wanted, "f32"))


def _random(name: str) -> Callable[..., Value]:
    def run(site: Site, shape: Value) -> Value:
        wanted, stream = sizes(site, "shape", shape), site.ctx.next_stream()
        return build(site, [], lambda: b.apply(name, site.ctx.key, shape=wanted, dtype="f32", stream=stream))

    return run


def _cast(site: Site, x: Value, dtype: Value) -> Value:
    node, word = tensor(site, "x", x), dtype_of(site, dtype)
    return build(site, [node], lambda: b.cast(node, word))


def _as_kind(site: Site, x: Value, kind: Value) -> Value:
    node = tensor(site, "x", x)
    if kind is not None and (kind not in KINDS or kind == "index" or node.dtype not in FLOATS):
        raise wrong(site, "kind", 'is "logits", "prob", "onehot", "binary" or none, for floats', kind)
    return build(site, [node], lambda: composites.as_kind(node, kind))  # type: ignore[arg-type]


# `zeros` and `ones` of a shape are the library's initializers of the same name, applied to a list.
register("full", ["shape", "value"], _full_any, "An array filled with a number.")
register("zeros_like", ["x"], _like(0.0), "Zeros in the shape of x.")
register("ones_like", ["x"], _like(1.0), "Ones in the shape of x.")
register("cast", ["x", "dtype"], _cast, OPS["cast"].doc)
register("as_kind", ["x", "kind"], _as_kind, "The same values, said to be of a kind.")
for _name in ("random_uniform", "random_normal", "random_truncated_normal"):
    register(_name, ["shape"], _random(_name), OPS[_name].doc)
register("orthogonal_factor", ["x"], elementwise("orthogonal_factor"), OPS["orthogonal_factor"].doc)


# --- compile-time functions --------------------------------------------------------------------------------------


def _logits(site: Site, p: Value, made_by: Value) -> Value:
    node = tensor(site, "p", p)
    if made_by not in (None, "softmax", "sigmoid"):
        raise wrong(site, "made_by", 'is "softmax", "sigmoid" or none', made_by)
    return build(site, [node], lambda: composites.logits_of(node, made_by))  # type: ignore[arg-type]


def _fans(shape: tuple[Size, ...]) -> tuple[Size, Size]:
    """Keras' rule: the last two sizes, times all before them (the receptive field)."""
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = product(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _kind(site: Site, x: Value) -> Value:
    node = tensor(site, "x", x)
    return node.type.kind.name if node.type.kind else None


def _len(site: Site, x: Value) -> Value:
    if not isinstance(x, (list, tuple, str)):
        raise wrong(site, "x", "is a list", x)
    return len(x)


def _int(site: Site, x: Value) -> Value:
    return x if isinstance(x, Dim) else int(number(site, "x", x))


def _float(site: Site, x: Value) -> Value:
    return dim_value(x, "f32") if isinstance(x, Dim) else b.cast(x, "f32") if isinstance(x, Node) else float(number(site, "x", x))


def _square(site: Site, x: Value) -> Value:
    if is_number(x):
        return x * x  # type: ignore[operator,return-value]
    node = tensor(site, "x", x)
    return build(site, [node], lambda: b.mul(node, node))


def _rsqrt(site: Site, x: Value) -> Value:
    node = tensor(site, "x", x)
    return build(site, [node], lambda: b.div(const(1.0, node.dtype), b.apply("sqrt", node)))


def _clip(site: Site, x: Value, low: Value, high: Value) -> Value:
    if is_number(x) and is_number(low) and is_number(high):
        return max(low, min(x, high))  # type: ignore[type-var,return-value]
    node = tensor(site, "x", x)
    lo = tensor(site, "low", low, node) if low is not None else None
    hi = tensor(site, "high", high, node) if high is not None else None

    def maker() -> Node:
        out = node if lo is None else b.maximum(node, lo)
        return out if hi is None else b.minimum(out, hi)

    return build(site, [node], maker)


register("shape", ["x"], lambda site, x: list(tensor(site, "x", x).shape), "The sizes of a tensor, as a list.")
register("rank", ["x"], lambda site, x: tensor(site, "x", x).type.rank, "The number of axes.")
register("size", ["x"], lambda site, x: product(tensor(site, "x", x).shape), "The number of elements.")
register("dtype", ["x"], lambda site, x: DtypeWord(tensor(site, "x", x).dtype), "The dtype.")
register("kind", ["x"], _kind, "The value kind as a text, or none.")
register("len", ["x"], _len, "The length of a list.")
register("int", ["x"], _int, "A number without its fraction.")
register("float", ["x"], _float, "A number or size as a float.")
register("prod", ["x"], lambda site, x: product(sizes(site, "x", x)) if x else 1, "The product of a list of sizes.")
register("fan_in", ["shape"], lambda site, shape: _fans(sizes(site, "shape", shape))[0], "How many inputs feed one unit of a kernel.")
register("fan_out", ["shape"], lambda site, shape: _fans(sizes(site, "shape", shape))[1], "How many units one input feeds.")
register("logits_of", ["p", ("made_by", None)], _logits, "The logits behind a probability, where they are known.")
register("square", ["x"], _square, "x * x")
register("rsqrt", ["x"], _rsqrt, "1 / sqrt(x)")
register("clip", ["x", ("low", None), ("high", None)], _clip, "x kept between two bounds.")

_ = Poison
