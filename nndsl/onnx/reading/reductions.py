"""Reductions, matrix products, softmax and losses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from nndsl.ir.dims import Size, product
from nndsl.ir.graph import Node, const
from nndsl.ir.types import Kind, TensorType
from nndsl.onnx.reading.call import Call, Convert, Value, as_index, to_last
from nndsl.onnx.reading.elementwise import plain
from nndsl.ops import build as b

LEAST = {"sum": 0.0, "prod": 1.0, "max": -np.inf, "min": np.inf}
"""What a reduction over nothing gives."""


def axes_of(c: Call, x: Node, position: int = 1) -> list[int] | None:
    """The axes of a reduction; None where x stays as it is."""
    rank = x.type.rank
    found = c.ints(position, "axes")
    if not found:
        return None if c.attr("noop_with_empty_axes", 0) else list(range(rank))
    return sorted(c.of_rank(axis, rank) for axis in found)


def reduced(name: str, x: Node, axes: Sequence[int], keepdims: bool) -> Node:
    """A reduction, over nothing too."""
    shape = tuple(1 if k in axes else s for k, s in enumerate(x.shape))
    if product(tuple(x.shape[k] for k in axes)) == 0:
        value = LEAST[name]
        if x.dtype not in ("f32", "f64"):
            value = {-np.inf: np.iinfo(np.int32).min, np.inf: np.iinfo(np.int32).max}.get(value, value)
        kept = shape if keepdims else tuple(s for k, s in enumerate(x.shape) if k not in axes)
        return b.full(value, kept, x.dtype)
    return b.reduce(name, x, axes, keepdims)


def reduction(name: str, before: Callable[[Node], Node] | None = None, after: Callable[[Node], Node] | None = None,
              divide: bool = False) -> Convert:  # fmt: skip
    """A reduction of f(x), with g of the result."""

    def convert(c: Call) -> Node:
        x = c.x()
        axes = axes_of(c, x)
        value = before(x) if before else x
        if axes is not None:
            value = reduced(name, value, axes, bool(c.attr("keepdims", 1)))
            if divide:
                value = b.div(value, b.count(x, axes))
        return after(value) if after else value

    return convert


def log_sum_exp(c: Call) -> Node:
    """Less the greatest, so that nothing overflows."""
    x = c.x()
    axes = axes_of(c, x)
    if axes is None:
        return x
    if product(tuple(x.shape[k] for k in axes)) == 0:
        return b.log(reduced("sum", x, axes, bool(c.attr("keepdims", 1))))
    top = b.reduce("max", x, axes, keepdims=True)
    top = b.where(b.apply("isfinite", top), top, 0)
    total = b.add(b.log(b.sum_(b.exp(b.sub(x, top)), axes, keepdims=True)), top)
    return (
        total if c.attr("keepdims", 1) else b.reshape(total, tuple(s for k, s in enumerate(x.shape) if k not in axes))
    )


def extreme_place(name: str) -> Convert:
    def convert(c: Call) -> Node:
        x = c.x()
        axis = c.axis(x.type.rank)
        turned = bool(c.attr("select_last_index", 0))
        n = x.shape[axis]
        if turned:
            from nndsl.onnx.reading.call import cut

            x = cut(x, axis, n - 1, n, -1)
        found = b.cast(plain(b.apply(name, x, axes=(axis,))), "i64")
        if turned:
            assert isinstance(n, int)
            found = b.sub(n - 1, found)
        if c.attr("keepdims", 1):
            found = b.reshape(found, tuple(1 if k == axis else s for k, s in enumerate(x.shape)))
        return found

    return convert


# --- products --------------------------------------------------------------------------------------------


def matmul_of(x: Node, y: Node) -> Node:
    """NumPy's product, of vectors too."""
    row, column = x.type.rank == 1, y.type.rank == 1
    x = b.reshape(x, (1, *x.shape)) if row else x
    y = b.reshape(y, (*y.shape, 1)) if column else y
    found = b.matmul(x, y)
    shape = found.shape
    if column:
        shape = shape[:-1]
    if row:
        shape = (*shape[:-1],) if column else (*shape[:-2], shape[-1])
    return b.reshape(found, shape)


def gemm(c: Call) -> Node:
    x, y = c.x(0), c.x(1)
    y = b.transpose(y, (1, 0)) if c.attr("transB", 0) else y
    found = b.matmul(b.transpose(x, (1, 0)) if c.attr("transA", 0) else x, y)
    alpha, beta = c.attr("alpha", 1.0), c.attr("beta", 1.0)
    found = found if alpha == 1 else b.mul(found, alpha)
    if c.has(2):
        bias = c.x(2)
        found = b.add(found, bias if beta == 1 else b.mul(bias, beta))
    return found


def einsum(c: Call) -> Node:
    spec = c.attr("equation").replace(" ", "")
    return b.apply("einsum", *c.all(), spec=spec)


# --- softmax and losses ----------------------------------------------------------------------------------


def softmax(name: str) -> Convert:
    """Along an axis; before version 13 over all axes from it on."""

    def convert(c: Call) -> Node:
        x = c.x()
        rank = x.type.rank
        if c.version >= 13:
            return plain(b.apply(name, x, axis=c.axis(rank, -1)))
        axis = c.axis(rank, 1)
        flat = b.reshape(x, (product(x.shape[:axis]), product(x.shape[axis:])))
        return b.reshape(plain(b.apply(name, flat, axis=1)), x.shape)

    return convert


def hardmax(c: Call) -> Node:
    """1 at the first greatest along an axis."""
    x = c.x()
    rank = x.type.rank
    axis = c.axis(rank, -1 if c.version >= 13 else 1)
    if c.version < 13:
        flat = b.reshape(x, (product(x.shape[:axis]), product(x.shape[axis:])))
        return b.reshape(_hard(flat, 1), x.shape)
    return _hard(x, axis)


def _hard(x: Node, axis: int) -> Node:
    turned, back = to_last(x, axis)
    place = b.apply("argmax", turned, axes=(turned.type.rank - 1,))
    return plain(b.transpose(b.apply("one_hot", place, n=x.shape[axis], dtype=x.dtype), back))


def log_likelihood(c: Call) -> Node:
    loss, _ = _likelihood(c, c.x(0), c.x(1), c.x(2) if c.has(2) else None)
    return loss


def cross_entropy(c: Call) -> tuple[Value, ...]:
    logs = b.apply("log_softmax", c.x(0), axis=1)
    loss, _ = _likelihood(c, logs, c.x(1), c.x(2) if c.has(2) else None)
    return loss, logs


def _likelihood(c: Call, logs: Node, target: Node, weight: Node | None) -> tuple[Node, Node]:
    """-log p of each target times its weight: as it is, summed, or divided by the sum of weights."""
    classes = logs.shape[1]
    ignored = c.attrs.get("ignore_index")
    target = b.cast(target, "i32")
    there = None if ignored is None else b.apply("logical_not", b.equal(target, ignored))
    if there is not None:
        target = b.where(there, target, 0)
    place = as_index(target, classes)
    column = b.as_type(b.reshape(place, (place.shape[0], 1, *place.shape[1:])),
                       TensorType("i32", (place.shape[0], 1, *place.shape[1:]), Kind("index", classes)))  # fmt: skip
    loss = b.neg(b.reshape(b.apply("take_along_axis", logs, column, axis=1), place.shape))
    each = b.apply("take", weight, place) if weight is not None else b.full(1, place.shape, logs.dtype)
    if there is not None:
        each = b.where(there, each, 0)
    loss = b.mul(loss, each)
    match c.attr("reduction", "mean"):
        case "none":
            return loss, each
        case "sum":
            return b.sum_(loss), each
    return b.div(b.sum_(loss), b.sum_(each)), each


def square(x: Node) -> Node:
    return b.mul(x, x)


def absolute(x: Node) -> Node:
    return b.apply("abs", x)


def root(x: Node) -> Node:
    return b.apply("sqrt", x)


FAMILY: dict[str, Convert] = {
    "ReduceSum": reduction("sum"),
    "ReduceMean": reduction("sum", divide=True),
    "ReduceMax": reduction("max"),
    "ReduceMin": reduction("min"),
    "ReduceProd": reduction("prod"),
    "ReduceL1": reduction("sum", absolute),
    "ReduceL2": reduction("sum", square, root),
    "ReduceSumSquare": reduction("sum", square),
    "ReduceLogSum": reduction("sum", after=b.log),
    "ReduceLogSumExp": log_sum_exp,
    "ArgMax": extreme_place("argmax"),
    "ArgMin": extreme_place("argmin"),
    "MatMul": lambda c: matmul_of(c.x(0), c.x(1)),
    "Gemm": gemm,
    "Einsum": einsum,
    "Softmax": softmax("softmax"),
    "LogSoftmax": softmax("log_softmax"),
    "Hardmax": hardmax,
    "NegativeLogLikelihoodLoss": log_likelihood,
    "SoftmaxCrossEntropyLoss": cross_entropy,
}

__all__ = ["FAMILY", "Size", "const", "matmul_of"]
