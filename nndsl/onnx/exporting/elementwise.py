"""Functions of the elements at one place, and choices among them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from nndsl.ir.graph import Node
from nndsl.ir.types import FLOATS, promote
from nndsl.onnx.exporting.writer import ELEMENTS, Writer, channels_first

Convert = Callable[[Writer, Node], None]

UNARY = {
    "negative": "Neg", "abs": "Abs", "sign": "Sign", "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "tanh": "Tanh",
    "erf": "Erf", "sin": "Sin", "cos": "Cos", "tan": "Tan", "arcsin": "Asin", "arccos": "Acos", "arctan": "Atan",
    "sinh": "Sinh", "cosh": "Cosh", "arcsinh": "Asinh", "arccosh": "Acosh", "arctanh": "Atanh", "floor": "Floor",
    "ceil": "Ceil", "round": "Round", "sigmoid": "Sigmoid", "softplus": "Softplus", "logical_not": "Not",
}  # fmt: skip
BINARY = {
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "power": "Pow", "maximum": "Max",
    "minimum": "Min", "less": "Less", "less_equal": "LessOrEqual", "equal": "Equal", "logical_and": "And",
    "logical_or": "Or",
}  # fmt: skip


def operands(w: Writer, node: Node, dtypes: tuple[str, ...]) -> tuple[list[str], str]:
    """The inputs (the first so many) in the dtypes that ONNX wants them in, and in which order of axes they are.

    With channels first, where an image is there so alone and all others can be had so for nothing.
    """
    rank, inputs = node.type.rank, node.inputs[: len(dtypes)]
    first = rank > 2 and any(w.is_first(n) for n in inputs) and all(_turns(w, n, rank) for n in inputs)
    names = [_aligned(w, n, rank) if first else w.value(n) for n in inputs]
    cast = [w.cast(name, n.dtype, wanted) for name, n, wanted in zip(names, inputs, dtypes, strict=True)]
    return cast, "first" if first else "last"


def _turns(w: Writer, node: Node, rank: int) -> bool:
    return node in w.first or node.type.rank == 0 or node in w.arrays


def _aligned(w: Writer, node: Node, rank: int) -> str:
    """A value beside an image of channels first: an array without all of its axes gets those it lacks."""
    if node.type.rank in (0, rank):
        return w.value_first(node) if node.type.rank else w.value(node)
    array = w.arrays[node]
    whole = array.reshape((1,) * (rank - array.ndim) + array.shape)
    return w.constant(np.transpose(whole, channels_first(rank)), node.name or "constant")


def simple(op: str, compute: Callable[[Node], str] | None = None) -> Convert:
    """One op of ONNX, with its inputs in one dtype."""

    def convert(w: Writer, node: Node) -> None:
        dtype = compute(node) if compute else promote(*(n.dtype for n in node.inputs))
        names, layout = operands(w, node, (dtype,) * len(node.inputs))
        w.emit(node, op, *names, layout=layout)

    return convert


def _result(node: Node) -> str:
    return node.dtype


def _number(node: Node) -> str:
    """Of a comparison: bool is compared as whole numbers."""
    dtype = promote(*(n.dtype for n in node.inputs))
    return "i32" if dtype == "bool" else dtype


def where(w: Writer, node: Node) -> None:
    names, layout = operands(w, node, ("bool", node.dtype, node.dtype))
    w.emit(node, "Where", *names, layout=layout)


def cast(w: Writer, node: Node) -> None:
    names, layout = operands(w, node, (node.inputs[0].dtype,))
    w.emit(node, "Cast", *names, layout=layout, to=ELEMENTS[node.dtype])


def same(w: Writer, node: Node) -> None:
    """The value itself, under its name."""
    (x, *_) = node.inputs
    if w.is_first(x):
        w.alias(node, w.first[x], "first")
    else:
        w.alias(node, w.value(x))


def stepwise(build: Callable[[Writer, str, str], tuple[str, tuple[str, ...]]]) -> Convert:
    """A formula over one value: `build(w, x, dtype)` gives the last op and its inputs."""

    def convert(w: Writer, node: Node) -> None:
        dtype = node.inputs[0].dtype
        (x,), layout = operands(w, node, (dtype,))
        op, inputs = build(w, x, dtype)
        w.emit(node, op, *inputs, layout=layout)

    return convert


def _log1p(w: Writer, x: str, dtype: str) -> tuple[str, tuple[str, ...]]:
    """Exact near 0: with u = 1 + x rounded, log(u) * x / (u - 1) makes up for the rounding."""
    one, half = w.scalar(1, dtype), w.scalar(0.5, dtype)
    up = w.one("Add", x, one)
    log, above = w.one("Log", up), w.one("Sub", up, one)
    near = w.one("Mul", log, w.one("Div", x, above))
    near = w.one("Where", w.one("Equal", above, w.scalar(0, dtype)), x, near)
    return "Where", (w.one("Less", x, half), near, log)


def _expm1(w: Writer, x: str, dtype: str) -> tuple[str, tuple[str, ...]]:
    """tanh(x / 2) * (exp(x) + 1): exact near 0."""
    half = w.one("Tanh", w.one("Mul", x, w.scalar(0.5, dtype)))
    return "Mul", (half, w.one("Add", w.one("Exp", x), w.scalar(1, dtype)))


def _exp2(w: Writer, x: str, dtype: str) -> tuple[str, tuple[str, ...]]:
    return "Pow", (w.scalar(2, dtype), x)


def _log_of(base: float) -> Convert:
    return stepwise(lambda w, x, dtype: ("Div", (w.one("Log", x), w.scalar(math.log(base), dtype))))


def _isfinite(w: Writer, x: str, dtype: str) -> tuple[str, tuple[str, ...]]:
    if dtype not in FLOATS:
        return "Equal", (x, x)
    return "Not", (w.one("Or", w.one("IsNaN", x), w.one("IsInf", x)),)


def _unusual(op: str) -> Convert:
    def build(w: Writer, x: str, dtype: str) -> tuple[str, tuple[str, ...]]:
        return (op, (x,)) if dtype in FLOATS else ("Not", (w.one("Equal", x, x),))

    return stepwise(build)


def mod(w: Writer, node: Node) -> None:
    """With the sign of y, as ONNX has it for whole numbers alone."""
    (x, y), layout = operands(w, node, (node.dtype, node.dtype))
    if node.dtype not in FLOATS:
        w.emit(node, "Mod", x, y, layout=layout)
        return
    whole = w.one("Mul", w.one("Floor", w.one("Div", x, y)), y)
    w.emit(node, "Sub", x, whole, layout=layout)


def floor_divide(w: Writer, node: Node) -> None:
    (x, y), layout = operands(w, node, (node.dtype, node.dtype))
    if node.dtype in FLOATS:
        w.emit(node, "Floor", w.one("Div", x, y), layout=layout)
    else:
        w.emit(node, "Div", w.one("Sub", x, w.one("Mod", x, y)), y, layout=layout)


def arctan2(w: Writer, node: Node) -> None:
    """The arctangent of y / x, half a turn on where x < 0, and a quarter of one where x is 0."""
    (y, x), layout = operands(w, node, (node.dtype, node.dtype))
    zero, pi = w.scalar(0, node.dtype), math.pi
    turn = w.one("Where", w.one("Less", y, zero), w.scalar(-pi, node.dtype), w.scalar(pi, node.dtype))
    angle = w.one("Atan", w.one("Div", y, x))
    angle = w.one("Where", w.one("Less", x, zero), w.one("Add", angle, turn), angle)
    quarter = w.one("Mul", w.one("Sign", y), w.scalar(pi / 2, node.dtype))
    w.emit(node, "Where", w.one("Equal", x, zero), quarter, angle, layout=layout)


FAMILY: dict[str, Convert] = {
    **{name: simple(op) for name, op in UNARY.items()},
    **{name: simple(op, _result) for name, op in BINARY.items() if name not in ("less", "less_equal", "equal")},
    **{name: simple(BINARY[name], _number) for name in ("less", "less_equal", "equal")},
    "where": where,
    "cast": cast,
    "stop_gradient": same,
    "masked": same,
    "log1p": stepwise(_log1p),
    "expm1": stepwise(_expm1),
    "exp2": stepwise(_exp2),
    "log2": _log_of(2),
    "log10": _log_of(10),
    "isfinite": stepwise(_isfinite),
    "isnan": _unusual("IsNaN"),
    "isinf": _unusual("IsInf"),
    "mod": mod,
    "floor_divide": floor_divide,
    "arctan2": arctan2,
}
