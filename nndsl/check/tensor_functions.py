"""Functions of tensors that `.nn` code can call: arithmetic, reductions, shapes and indices."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from nndsl.check import composites
from nndsl.check.builtin import Site, axes, build, define, flag, is_number, number, size, sizes, tensor, whole, wrong
from nndsl.check.hints import without_softmax
from nndsl.check.ratios import Ratio
from nndsl.check.values import Builtin, Value
from nndsl.ir.dims import Dim
from nndsl.ir.graph import Node
from nndsl.ir.types import promote
from nndsl.ops import build as b
from nndsl.ops.table import OPS
from nndsl.problems import kinds, names, shapes

# --- elementwise: on numbers computed now, on tensors an op -------------------------------------------------

NUMBERS: dict[str, Callable[..., float]] = {
    "abs": abs,
    "exp": math.exp,
    "log": math.log,
    "log1p": math.log1p,
    "expm1": math.expm1,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "erf": math.erf,
    "sin": math.sin,
    "cos": math.cos,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "sign": lambda x: (x > 0) - (x < 0),
    "maximum": max,
    "minimum": min,
}


def on_numbers(site: Site, values: Sequence[Any]) -> Value:
    try:
        found = NUMBERS[site.name](*values)
        if math.isfinite(found):
            return found
    except (ValueError, ArithmeticError):
        pass
    return site.ctx.say(
        names.BadValue, site.span, f"`{site.name}` has no value here", note=f"of {', '.join(map(str, values))}"
    )


def rounded(name: str, size: Dim | Ratio) -> Value:
    """A size known only from the data, rounded: `floor((time - 3) / 2)`."""
    if isinstance(size, Dim):
        return size
    return size.floor() if name == "floor" else size.ceil()


def elementwise(name: str) -> Callable[..., Value]:
    """A pointwise op of one or more arguments."""
    params = OPS[name].args

    def run(site: Site, **arguments: Value) -> Value:
        values = [arguments[p] for p in params]
        if name in NUMBERS and all(is_number(v) for v in values):
            return on_numbers(site, values)
        if name in ("floor", "ceil") and isinstance(values[0], Dim | Ratio):
            return rounded(name, values[0])
        first = next((v for v in values if isinstance(v, Node) and v.dtype != "bool"), None)
        nodes = [tensor(site, p, v, first) for p, v in zip(params, values, strict=True)]
        if name == "sigmoid" and _is_probability(nodes[0]):
            return _applied_twice(site, name, nodes[0])
        if name == "where" and nodes[1].dtype != nodes[2].dtype:
            wide = promote(nodes[1].dtype, nodes[2].dtype)
            nodes[1:] = [b.cast(n, wide) for n in nodes[1:]]
        elif len(nodes) == 2 and nodes[0].dtype != nodes[1].dtype:
            wide = promote(*(n.dtype for n in nodes))
            nodes = [b.cast(n, wide) for n in nodes]
        return build(site, nodes, lambda: b.apply(name, *nodes))

    return run


def _softmax(name: str) -> Callable[..., Value]:
    def run(site: Site, x: Value, axis: Value) -> Value:
        node = tensor(site, "x", x)
        if _is_probability(node):
            return _applied_twice(site, name, node)
        place = whole(site, "axis", axis)
        return build(site, [node], lambda: b.apply(name, node, axis=composites.axis_of(node, place)))

    return run


def _is_probability(node: Node) -> bool:
    return node.type.kind is not None and node.type.kind.name == "prob"


def _applied_twice(site: Site, name: str, node: Node) -> Value:
    """Report a softmax or sigmoid of what a softmax or sigmoid gave."""
    message = "" if name == "softmax" else f"{name} is applied to a probability"
    cure = "drop one of the two, or pass what stands before the first one"
    note, mends = f"this is {node.type} already", without_softmax(name, site.span)
    return site.ctx.say(kinds.SoftmaxTwice, site.span, message, note=note, cure=cure, mends=mends)


# --- reductions ----------------------------------------------------------------------------------------------


def reduction(
    maker: Callable[[Node, tuple[int, ...], bool], Node], python: Callable[..., Any] | None = None
) -> Callable[..., Value]:
    def run(site: Site, x: Value, axis: Value, keepdims: Value) -> Value:
        if isinstance(x, (list, tuple)) and all(is_number(v) for v in x) and x and python is not None and axis is None:
            return python(x)  # type: ignore[no-any-return]
        node, chosen, keep = tensor(site, "x", x), axes(site, axis), flag(site, "keepdims", keepdims)
        return build(site, [node], lambda: maker(node, composites.axes_of(node, chosen), keep))

    return run


REDUCE_OPTIONS: list[str | tuple[str, Any]] = ["x", ("axis", None), ("keepdims", False)]
ARG_OPTIONS: list[str | tuple[str, Any]] = ["x", ("axis", -1), ("keepdims", False)]


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


def _arg(name: str) -> Callable[..., Value]:
    def run(site: Site, x: Value, axis: Value, keepdims: Value) -> Value:
        node, keep = tensor(site, "x", x), flag(site, "keepdims", keepdims)
        place = None if axis is None else whole(site, "axis", axis)
        return build(site, [node], lambda: composites.arg(name, node, place, keep))

    return run


def _norm(site: Site, x: Value, ord: Value, axis: Value, keepdims: Value) -> Value:
    node, chosen, keep = tensor(site, "x", x), axes(site, axis), flag(site, "keepdims", keepdims)
    order = 2.0 if ord is None else math.inf if ord == "inf" else number(site, "ord", ord)
    if order <= 0:
        raise wrong(site, "ord", 'is a number above 0, or "inf"', ord)
    if order != 2 and node.type.rank > 1 and not (isinstance(chosen, int) or (chosen and len(chosen) == 1)):
        raise wrong(site, "ord", "is 2 or none where several axes are taken together", ord, "name one axis: `axis=-1`")
    return build(site, [node], lambda: composites.norm(node, composites.axes_of(node, chosen), order, keep))


# --- shapes --------------------------------------------------------------------------------------------------


def _reshape(site: Site, x: Value, shape: Value) -> Value:
    node, wanted = tensor(site, "x", x), sizes(site, "shape", shape, hole=True)
    if len(wanted) > 1 and wanted[0] == wanted[1] and isinstance(wanted[0], Dim) and node.shape[:1] == wanted[:1]:
        note, cure = f"`{wanted[0]}` is in it twice", f"`Reshape` keeps the first axis: leave `{wanted[0]}` out"
        return site.ctx.say(shapes.DoesNotFit, site.span, note=note, cure=cure)
    return build(site, [node], lambda: composites.reshape(node, wanted))


def _transpose(site: Site, x: Value, order: Value) -> Value:
    node = tensor(site, "x", x)
    listed = list(order) if isinstance(order, list | tuple) else [order]
    chosen = None if order is None else [whole(site, "axes", v) for v in listed]
    return build(site, [node], lambda: composites.transpose(node, chosen))


def _concat(site: Site, values: list[Value], axis: Value) -> Value:
    parts = list(values[0]) if len(values) == 1 and isinstance(values[0], (list, tuple)) else values
    nodes, place = [tensor(site, "values", v) for v in parts], whole(site, "axis", axis)
    if not nodes:
        return site.ctx.say(names.MissingArgument, site.span, "`concat` needs values to join")
    wide = promote(*(n.dtype for n in nodes))
    return build(
        site, nodes, lambda: composites.concat([b.cast(n, wide) for n in nodes], composites.axis_of(nodes[0], place))
    )


def _stack(site: Site, values: list[Value], axis: Value) -> Value:
    parts = list(values[0]) if len(values) == 1 and isinstance(values[0], (list, tuple)) else values
    nodes, place = [tensor(site, "values", v) for v in parts], whole(site, "axis", axis)
    if not nodes:
        return site.ctx.say(names.MissingArgument, site.span, "`stack` needs values to join")
    wide = promote(*(n.dtype for n in nodes))
    return build(site, nodes, lambda: composites.stack([b.cast(n, wide) for n in nodes], place))


def _broadcast(site: Site, x: Value, shape: Value) -> Value:
    node, wanted = tensor(site, "x", x), sizes(site, "shape", shape)
    return build(site, [node], lambda: b.apply("broadcast_to", node, shape=wanted))


# --- indices ---------------------------------------------------------------------------------------------------


def _take(site: Site, table: Value, indices: Value, axis: Value) -> Value:
    x, places, at = tensor(site, "table", table), tensor(site, "indices", indices), whole(site, "axis", axis)
    return build(site, [x, places], lambda: composites.take(x, places, at))


def _hot(name: str) -> Callable[..., Value]:
    def run(site: Site, x: Value, n: Value, **options: Value) -> Value:
        node, count = tensor(site, "x", x), size(site, "n", n)
        if "padding" in options and options["padding"] is not None:
            at = whole(site, "padding", options["padding"])
            if at < 0 or (isinstance(count, int) and at >= count):
                raise wrong(site, "padding", f"is none or an index below {count}", at)
        return build(site, [node], lambda: b.apply(name, node, n=count, dtype="f32", **options))

    return run


def _scatter(site: Site, indices: Value, values: Value, n: Value) -> Value:
    places, added, count = tensor(site, "indices", indices), tensor(site, "values", values), size(site, "n", n)
    return build(site, [places, added], lambda: b.apply("scatter_add", places, added, n=count))


# --- the table ---------------------------------------------------------------------------------------------------

POINTWISE: tuple[Builtin, ...] = tuple(
    define(op.name, list(op.args), elementwise(op.name), op.doc)
    for op in OPS.values()
    if not op.hidden and not op.options and not op.variadic and op.name != "take"
)
FUNCTIONS: tuple[Builtin, ...] = (
    *POINTWISE,
    define("softmax", ["x", ("axis", -1)], _softmax("softmax"), OPS["softmax"].doc),
    define("log_softmax", ["x", ("axis", -1)], _softmax("log_softmax"), OPS["log_softmax"].doc),
    define(
        "sum",
        REDUCE_OPTIONS,
        reduction(lambda x, a, k: b.reduce("sum", x, a, k), sum),
        "The sum over axes (all without `axis`).",
    ),
    define(
        "mean",
        REDUCE_OPTIONS,
        reduction(composites.mean, lambda v: sum(v) / len(v)),
        "The mean over axes (all without `axis`).",
    ),
    define("var", REDUCE_OPTIONS, reduction(composites.var), "The variance over axes (all without `axis`)."),
    define("std", REDUCE_OPTIONS, reduction(composites.std), "The root of the variance (over all without `axis`)."),
    define("any", REDUCE_OPTIONS, reduction(composites.any_), "Whether any is true, or not 0."),
    define("all", REDUCE_OPTIONS, reduction(composites.all_), "Whether all are true, or not 0."),
    define(
        "norm",
        ["x", ("ord", None), ("axis", None), ("keepdims", False)],
        _norm,
        "The root of the sum of squares over axes (all without `axis`); along one axis also of another `ord`.",
    ),
    define(
        "logsumexp",
        ["x", ("axis", -1), ("keepdims", False)],
        reduction(composites.logsumexp),
        "log(sum(exp(x))) without overflow.",
    ),
    define(
        "max",
        [("axis", None), ("keepdims", False)],
        _extreme("max", max),
        "The greatest over axes, or of numbers.",
        variadic="values",
    ),
    define(
        "min",
        [("axis", None), ("keepdims", False)],
        _extreme("min", min),
        "The least over axes, or of numbers.",
        variadic="values",
    ),
    define("argmax", ARG_OPTIONS, _arg("argmax"), f"{OPS['argmax'].doc} `axis=none` takes all."),
    define("argmin", ARG_OPTIONS, _arg("argmin"), f"{OPS['argmin'].doc} `axis=none` takes all."),
    define("reshape", ["x", "shape"], _reshape, OPS["reshape"].doc),
    define("transpose", ["x", ("axes", None)], lambda site, x, axes: _transpose(site, x, axes), OPS["transpose"].doc),
    define("concat", [("axis", -1)], _concat, OPS["concat"].doc, variadic="values"),
    define("stack", [("axis", 0)], _stack, "Joined along a new axis.", variadic="values"),
    define("broadcast_to", ["x", "shape"], _broadcast, OPS["broadcast_to"].doc),
    define("take", ["table", "indices", ("axis", 0)], _take, OPS["take"].doc),
    define("one_hot", ["x", "n"], _hot("one_hot"), OPS["one_hot"].doc),
    define(
        "multi_hot",
        ["words", "n", ("padding", 0)],
        lambda site, words, n, padding: _hot("multi_hot")(site, words, n, padding=padding),
        OPS["multi_hot"].doc,
    ),
    define("scatter_add", ["indices", "values", "n"], _scatter, OPS["scatter_add"].doc),
)
