"""Elements at places that data or weights name: gathered, scattered, sorted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nndsl.ir.dims import Size, product
from nndsl.ir.graph import Node, const
from nndsl.ir.types import Kind, TensorType
from nndsl.onnx.reading.call import Call, Convert, Value, as_index, cut, to_last
from nndsl.onnx.reading.elementwise import plain
from nndsl.onnx.reading.shapes import as_known_index, picked
from nndsl.ops import build as b


def places_of(c: Call, position: int, count: Size) -> Node:
    """An input as indices of `count` values."""
    value = c.args[position]
    if isinstance(value, np.ndarray) and value.dtype != object:
        return as_known_index(c, value, count)
    return as_index(c.x(position), count)


def gather(c: Call) -> Node:
    """Along an axis: the axes of the indices stand in its place."""
    x = c.x()
    axis = c.axis(x.type.rank)
    return gathered(x, places_of(c, 1, x.shape[axis]), axis)


def gathered(x: Node, places: Node, axis: int) -> Node:
    rank, more = x.type.rank, places.type.rank
    found = b.apply("take", b.transpose(x, (axis, *(k for k in range(rank) if k != axis))), places)
    order = (*range(more, more + axis), *range(more), *range(more + axis, more + rank - 1))
    return plain(b.transpose(found, order))


def gather_elements(c: Call) -> Node:
    x, places = c.x(), c.x(1)
    axis = c.axis(x.type.rank)
    for k, n in enumerate(places.shape):
        if k != axis and n != x.shape[k]:
            x = cut(x, k, 0, n)
    return plain(b.apply("take_along_axis", x, places_of(c, 1, x.shape[axis]), axis=axis))


def whole(c: Call, sizes: Sequence[Size]) -> tuple[int, ...]:
    """Sizes that must be known to count places."""
    known = tuple(size for size in sizes if isinstance(size, int))
    if len(known) < len(sizes):
        raise c.refused("it needs known sizes")
    return known


def linear(c: Call, places: Node, sizes: Sequence[int]) -> Node:
    """Places along several axes (the last axis of `places`) as places of a flat array of them."""
    total: Node | None = None
    for k, n in enumerate(sizes):
        one = b.reshape(cut(places, places.type.rank - 1, k, 1), places.shape[:-1])
        one = b.cast(plain(as_index(one, n)), "i32")
        total = one if total is None else b.add(b.mul(total, n), one)
    assert total is not None
    return b.as_type(total, TensorType("i32", total.shape, Kind("index", product(tuple(sizes)))))


def gather_nd(c: Call) -> Node:
    x, places, batch = c.x(), c.x(1), c.attr("batch_dims", 0)
    depth = whole(c, places.shape[-1:])[0]
    sizes = whole(c, x.shape)
    flat = linear(c, places, sizes[batch : batch + depth])
    rest = sizes[batch + depth :]
    if batch:
        rows = product(sizes[:batch])
        assert isinstance(rows, int)
        inner = product(sizes[batch : batch + depth])
        assert isinstance(inner, int)
        offset = np.arange(rows, dtype=np.int32).reshape(*sizes[:batch], *(1,) * (flat.type.rank - batch)) * inner
        moved = b.add(plain(flat), c.node(offset))
        flat = b.as_type(moved, TensorType("i32", moved.shape, Kind("index", rows * inner)))
    table = b.reshape(x, (product(sizes[: batch + depth]), *rest))
    return plain(b.apply("take", table, flat))


# --- scattered -------------------------------------------------------------------------------------------


def scattered(c: Call, table: Node, places: Node, values: Node, reduction: str) -> Node:
    """Rows of a table [n, …] changed at places [m] by values [m, …]."""
    n = table.shape[0]
    if reduction == "add":
        return b.add(table, b.apply("scatter_add", places, values, n=n))
    if reduction == "none":
        hit = b.apply("scatter_add", places, b.full(1, (places.shape[0],), "f32"), n=n)
        hit = b.reshape(b.less(0, hit), (n, *(1,) * (table.type.rank - 1)))
        return b.where(hit, b.apply("scatter_add", places, values, n=n), table)
    name, empty = {"mul": ("prod", 1.0), "max": ("max", -np.inf), "min": ("min", np.inf)}[reduction]
    rest = (1,) * (table.type.rank - 1)
    m = places.shape[0]
    hit = b.equal(b.reshape(plain(places), (m, 1)), b.apply("arange", n=n, dtype="i32"))
    each = b.where(b.reshape(hit, (m, n, *rest)), b.reshape(values, (m, 1, *values.shape[1:])), empty)
    found = b.reduce(name, each, (0,))
    match reduction:
        case "mul":
            return b.mul(table, found)
        case "max":
            return b.maximum(table, found)
    return b.minimum(table, found)


def scatter_nd(c: Call) -> Node:
    x, places, values = c.x(), c.x(1), c.x(2)
    depth = whole(c, places.shape[-1:])[0]
    sizes = whole(c, x.shape)
    flat = linear(c, places, sizes[:depth])
    rest = sizes[depth:]
    count = product(flat.shape)
    table = b.reshape(x, (product(sizes[:depth]), *rest))
    rows = b.as_type(b.reshape(flat, (count,)), TensorType("i32", (count,), flat.type.kind))
    found = scattered(c, table, rows, b.reshape(values, (count, *rest)), c.attr("reduction", "none"))
    return b.reshape(found, x.shape)


def scatter_elements(c: Call) -> Node:
    """Each value goes to its own place, but along one axis to the one that is named."""
    x, values = c.x(), c.x(2)
    axis = c.axis(x.type.rank)
    sizes, given = whole(c, x.shape), whole(c, values.shape)
    along = b.cast(plain(places_of(c, 1, sizes[axis])), "i32")
    strides = [int(np.prod(sizes[k + 1 :])) for k in range(len(sizes))]
    grid = np.indices(given, dtype=np.int32)
    others = sum(grid[k] * strides[k] for k in range(len(sizes)) if k != axis)
    flat = b.mul(along, strides[axis])
    if isinstance(others, np.ndarray):
        flat = b.add(flat, c.node(others.astype(np.int32)))
    count, total = int(np.prod(given)), int(np.prod(sizes))
    rows = b.as_type(b.reshape(flat, (count,)), TensorType("i32", (count,), Kind("index", total)))
    found = scattered(c, b.reshape(x, (total,)), rows, b.reshape(values, (count,)), c.attr("reduction", "none"))
    return b.reshape(found, x.shape)


def tensor_scatter(c: Call) -> Node:
    """New steps written into a cache, from a place on that each row of the batch has."""
    past, new = c.x(), c.x(1)
    axis = c.axis(past.type.rank, -2)
    rows, steps, room = whole(c, (past.shape[0], new.shape[axis], past.shape[axis]))
    start = b.cast(c.x(2), "i32") if c.has(2) else b.full(0, (rows,), "i32")
    places = b.add(b.reshape(start, (rows, 1)), c.node(np.arange(steps, dtype=np.int32)))
    if c.attr("mode", "linear") == "circular":
        places = b.apply("mod", places, const(room, "i32"))
    hit = b.equal(b.reshape(places, (rows, steps, 1)), b.apply("arange", n=room, dtype="i32"))
    moved, back = to_last(new, axis)
    flat = b.reshape(moved, (rows, product(moved.shape[1:-1]), steps))
    found = b.matmul(flat, b.cast(hit, new.dtype))
    found = b.transpose(b.reshape(found, (*moved.shape[:-1], room)), back)
    there = b.reshape(
        b.less(0, b.sum_(b.cast(hit, "i32"), (1,))),
        (rows, *(room if k == axis else 1 for k in range(1, past.type.rank))),
    )
    return b.where(there, found, past)


# --- others ----------------------------------------------------------------------------------------------


def one_hot(c: Call) -> Node:
    """Places outside of the axis leave a row that is off all along."""
    places = c.x()
    depth = int(c.known(1).reshape(-1)[0])
    values = c.x(2)
    axis = c.of_rank(c.attr("axis", -1), places.type.rank + 1)
    turned = b.where(b.less(places, 0), b.add(places, depth), places)
    shape = (*places.shape[:axis], 1, *places.shape[axis:])
    numbers = np.arange(depth).reshape(tuple(depth if k == axis else 1 for k in range(len(shape))))
    hit = b.equal(b.reshape(b.cast(turned, "i64"), shape), c.node(numbers.astype(np.int64)))
    off, on = (b.reshape(cut(values, 0, k, 1), ()) for k in range(2))
    return b.where(hit, on, off)


def top_k(c: Call) -> tuple[Value, ...]:
    x = c.x()
    k = int(c.known(1).reshape(-1)[0]) if c.has(1) else c.attr("k")
    axis = c.axis(x.type.rank, -1)
    order = b.apply("argsort", x, axis=axis, descending=bool(c.attr("largest", 1)))
    places = cut(order, axis, 0, k)
    return b.apply("take_along_axis", x, places, axis=axis), b.cast(plain(places), "i64")


def cumsum(c: Call) -> Node:
    x = c.x()
    axis = c.of_rank(int(c.known(1).item()), x.type.rank)
    return b.apply("cumsum", x, axis=axis, reverse=bool(c.attr("reverse", 0)), exclusive=bool(c.attr("exclusive", 0)))


def cumprod(c: Call) -> Node:
    x = c.x()
    axis = c.of_rank(int(c.known(1).item()), x.type.rank)
    return b.apply("cumprod", x, axis=axis, reverse=bool(c.attr("reverse", 0)), exclusive=bool(c.attr("exclusive", 0)))


def compress(c: Call) -> Node:
    """The elements whose condition holds, which must be known: it decides a size."""
    x = c.x()
    axis = c.attrs.get("axis")
    places = np.flatnonzero(c.known(1))
    if axis is None:
        x, axis = b.reshape(x, (product(x.shape),)), 0
    return picked(c, x, places, c.of_rank(axis, x.type.rank))


def reverse_sequence(c: Call) -> Node:
    """The first elements of each row of the batch turned round, as many as it is long."""
    x = c.x()
    time, batch = c.attr("time_axis", 0), c.attr("batch_axis", 1)
    steps, rows = whole(c, (x.shape[time], x.shape[batch]))
    lengths = b.reshape(b.cast(c.x(1), "i32"), (rows, 1))
    step = c.node(np.arange(steps, dtype=np.int32))
    turned = b.where(b.less(step, lengths), b.sub(b.sub(lengths, 1), step), step)
    index = as_index(turned, steps)
    order = (batch, time, *(k for k in range(x.type.rank) if k not in (time, batch)))
    lines = b.transpose(x, order)
    wide = b.broadcast_to(b.reshape(index, (rows, steps, *(1,) * (x.type.rank - 2))), lines.shape)
    wide = b.as_type(wide, TensorType("i32", lines.shape, Kind("index", steps)))
    found = b.apply("take_along_axis", lines, wide, axis=1)
    return b.transpose(found, tuple(order.index(k) for k in range(x.type.rank)))


def array(values: Any) -> Any:
    return np.asarray(values)


FAMILY: dict[str, Convert] = {
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "ScatterND": scatter_nd,
    "ScatterElements": scatter_elements,
    "Scatter": scatter_elements,
    "TensorScatter": tensor_scatter,
    "OneHot": one_hot,
    "TopK": top_k,
    "CumSum": cumsum,
    "CumProd": cumprod,
    "Compress": compress,
    "ReverseSequence": reverse_sequence,
}
