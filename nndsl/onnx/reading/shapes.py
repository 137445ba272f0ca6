"""Ops that move elements without changing them, and those that say how many there are."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from nndsl.ir.dims import Size, exact_quotient, product
from nndsl.ir.graph import Node, const
from nndsl.onnx.reading.call import OUR_NAMES, Call, Convert, Value, as_index, cut, joined, padded
from nndsl.onnx.reading.file import DTYPES, MOST_ELEMENTS, array_of
from nndsl.ops import build as b


def sized(sizes: list[Size]) -> Any:
    """Sizes as a known vector."""
    whole = all(isinstance(size, int) for size in sizes)
    out = np.empty(len(sizes), np.int64 if whole else object)
    out[:] = sizes
    return out


def shape_of(value: Value) -> tuple[Size, ...]:
    return value.shape if isinstance(value, Node) else np.shape(value)


def shape(c: Call) -> Value:
    found = list(shape_of(c.args[0]))
    rank = len(found)

    def bound(n: int) -> int:
        return min(max(n + rank if n < 0 else n, 0), rank)

    return sized(found[bound(c.attr("start", 0)) : bound(c.attr("end", rank))])


def size(c: Call) -> Value:
    total = product(shape_of(c.args[0]))
    return np.array(total, np.int64 if isinstance(total, int) else object)


def reshape(c: Call) -> Node:
    """0 is the size that was there, unless `allowzero`; -1 is what is left."""
    x = c.x()
    asked = c.sizes(1) if c.has(1) else list(c.attr("shape"))
    keep = not c.attr("allowzero", 0)
    found = [x.shape[k] if size == 0 and keep and k < x.type.rank else size for k, size in enumerate(asked)]
    if -1 in found:
        known = product(tuple(size for size in found if size != -1))
        rest = exact_quotient(product(x.shape), known) if known != 0 else 0
        if rest is None:
            raise c.refused(f"{x.type} does not fit the shape {asked}")
        found[found.index(-1)] = rest
    return b.reshape(x, tuple(found))


def flatten(c: Call) -> Node:
    x = c.x()
    rank = x.type.rank
    axis = c.attr("axis", 1)
    axis = axis + rank if axis < 0 else axis
    return b.reshape(x, (product(x.shape[:axis]), product(x.shape[axis:])))


def squeeze(c: Call) -> Node:
    x = c.x()
    axes = c.ints(1, "axes")
    gone = [k for k, s in enumerate(x.shape) if s == 1] if axes is None else [c.of_rank(k, x.type.rank) for k in axes]
    return b.reshape(x, tuple(s for k, s in enumerate(x.shape) if k not in gone))


def unsqueeze(c: Call) -> Node:
    x = c.x()
    axes = c.ints(1, "axes") or []
    rank = x.type.rank + len(axes)
    new = {c.of_rank(k, rank) for k in axes}
    rest = iter(x.shape)
    return b.reshape(x, tuple(1 if k in new else next(rest) for k in range(rank)))


def transpose(c: Call) -> Node:
    x = c.x()
    return b.transpose(x, tuple(c.attr("perm") or reversed(range(x.type.rank))))


def concat(c: Call) -> Node:
    parts = c.all()
    axis = c.axis(parts[0].type.rank, 1)
    return joined(parts, axis)


def split(c: Call) -> tuple[Value, ...]:
    x = c.x()
    axis = c.axis(x.type.rank)
    n = x.shape[axis]
    given = c.ints(1, "split")
    if given is None:
        count = c.attr("num_outputs", len(c.results))
        each = (n + (count - 1)) // count
        given = [each] * (count - 1) + [n - each * (count - 1)]
    starts = [0, *accumulate(given)]
    return tuple(cut(x, axis, start, many) for start, many in zip(starts, given, strict=False))


def slice_(c: Call) -> Node:
    """Bounds as in NumPy: counted from the end below 0, and never outside."""
    x = c.x()
    rank = x.type.rank
    starts = c.sizes(1) if c.has(1) else list(c.attr("starts"))
    ends = c.sizes(2) if c.has(2) else list(c.attr("ends"))
    axes = c.ints(3, "axes", range(len(starts))) or []
    steps = c.ints(4, "steps", [1] * len(starts)) or []
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        k = c.of_rank(axis, rank)
        n = x.shape[k]
        if isinstance(n, int):
            if not isinstance(start, int) or not isinstance(end, int):
                raise c.refused("it cuts a known axis at a place that the data decides")
            begin, stop, _ = slice(start, None if step < 0 and end < -n else end, step).indices(n)
            x = cut(x, k, begin, len(range(begin, stop, step)), step)
        else:
            x = _open(c, x, k, start, end, step)
    return x


def _open(c: Call, x: Node, axis: int, start: Size, end: Size, step: int) -> Node:
    """Of an axis whose size the data decides."""
    n = x.shape[axis]
    largest = 2**31 - 1
    if step == -1 and start == -1 and isinstance(end, int) and end < -largest:
        return cut(x, axis, n - 1, n, -1)
    if step < 1:
        raise c.refused("it goes backwards over an axis whose size the data decides")
    begin = n + start if isinstance(start, int) and start < 0 else start
    stop = n if isinstance(end, int) and end >= largest else n + end if isinstance(end, int) and end < 0 else end
    return cut(x, axis, begin, (stop - begin + (step - 1)) // step, step)


def expand(c: Call) -> Node:
    x = c.x()
    wanted = tuple(c.sizes(1))
    found = b.broadcast_shapes(x.shape, wanted)
    _limit(c, wanted)
    if found is None:
        raise c.refused(f"{x.type} does not go with the shape {list(wanted)}")
    _limit(c, found)
    return b.broadcast_to(x, found)


def tile(c: Call) -> Node:
    x = c.x()
    for axis, times in enumerate(c.sizes(1)):
        if not isinstance(times, int) or times < 0:
            raise c.refused("how often it repeats depends on the data, or is less than never")
        _limit(c, (*x.shape, times))
        x = joined([x] * times, axis) if times else cut(x, axis, 0, 0)
        _limit(c, x.shape)
    return x


def pad(c: Call) -> Node:
    """Numbers below 0 cut off."""
    x = c.x()
    rank = x.type.rank
    pads = c.sizes(1) if c.has(1) else list(c.attr("pads", c.attr("paddings")))
    axes = [c.of_rank(k, rank) for k in c.whole(3)] if c.has(3) else list(range(rank))
    low: list[Size] = [0] * rank
    high: list[Size] = [0] * rank
    for k, axis in enumerate(axes):
        low[axis], high[axis] = pads[k], pads[k + len(axes)]
    mode = c.attr("mode", "constant")
    if mode == "constant":
        return padded(x, low, high, c.number(2, "value", 0.0))
    for axis in range(rank):
        n, before, after = x.shape[axis], low[axis], high[axis]
        if before == 0 and after == 0:
            continue
        if not (isinstance(n, int) and isinstance(before, int) and isinstance(after, int)):
            raise c.refused("it repeats an axis whose size the data decides")
        ways = {"edge": "edge", "reflect": "reflect", "wrap": "wrap"}
        places = np.arange(n)[max(0, -before) : n - max(0, -after)]
        places = np.pad(places, (max(0, before), max(0, after)), mode=ways[mode])  # type: ignore[call-overload]
        x = picked(c, x, places, axis)
    return x


def picked(c: Call, x: Node, places: Any, axis: int) -> Node:
    """Elements of one axis at known places."""
    index = as_known_index(c, np.asarray(places), x.shape[axis])
    order = (axis, *(k for k in range(x.type.rank) if k != axis))
    found = b.apply("take", b.transpose(x, order), index)
    return b.transpose(found, tuple(order.index(k) for k in range(len(order))))


def as_known_index(c: Call, places: Any, count: Size) -> Node:
    """Known places, which are counted from the end below 0. Raises NndslError where one lies outside."""
    whole = np.asarray(places).astype(np.int64)
    if isinstance(count, int):
        if whole.size and (whole.min() < -count or whole.max() >= count):
            raise c.refused(f"a place lies outside of {count} elements")
        whole = np.where(whole < 0, whole + count, whole)
    return as_index(c.node(whole.astype(np.int32)), count)


def _limit(c: Call, shape_: tuple[Size, ...]) -> None:
    total = product(shape_)
    if any(isinstance(size, int) and size < 0 for size in shape_):
        raise c.refused(f"an array of the shape {list(shape_)} is asked for")
    if isinstance(total, int) and total > MOST_ELEMENTS:
        raise c.refused(f"an array of {total:,} elements is asked for")


# --- arrays from nothing ---------------------------------------------------------------------------------


def constant(c: Call) -> Value:
    for name, dtype in (("value_float", np.float32), ("value_int", np.int64), ("value_floats", np.float32),
                        ("value_ints", np.int64)):  # fmt: skip
        if name in c.attrs:
            return np.array(c.attrs[name], dtype)
    if "value" not in c.attrs:
        raise c.refused("its numbers are no tensor of numbers")
    return array_of(c.attrs["value"])


def constant_of_shape(c: Call) -> Value:
    value = array_of(c.attrs["value"]).reshape(-1)[0] if "value" in c.attrs else np.float32(0)
    wanted = tuple(c.sizes(0))
    _limit(c, wanted)
    node = const(value.item(), OUR_NAMES[str(value.dtype)])
    return b.broadcast_to(node, wanted)


def range_(c: Call) -> Value:
    start, limit, step = (c.known(k).item() for k in range(3))
    count = max(0, int(np.ceil((limit - start) / step)))
    _limit(c, (count,))
    return (start + np.arange(count) * step).astype(c.known(0).dtype)


def eye_like(c: Call) -> Node:
    known = [size for size in shape_of(c.args[0]) if isinstance(size, int)]
    if len(known) != 2:
        raise c.refused("it needs two known sizes")
    rows, columns = known
    dtype = DTYPES.get(c.attr("dtype", 0)) or c.x().dtype
    from nndsl.ir.types import NUMPY_NAMES

    return c.node(np.eye(rows, columns, c.attr("k", 0), dtype=NUMPY_NAMES[dtype]))


def triangle(c: Call) -> Node:
    x = c.x()
    rows, columns = x.shape[-2:]
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise c.refused("it takes a triangle of sizes that the data decides")
    k = int(c.known(1).item()) if c.has(1) else 0
    keep = (
        np.triu(np.ones((rows, columns), bool), k) if c.attr("upper", 1) else np.tril(np.ones((rows, columns), bool), k)
    )
    return b.where(c.node(keep), x, 0)


def depth_to_space(c: Call) -> Node:
    x, size = c.x(), c.attr("blocksize")
    n, depth, height, width = x.shape
    inner = depth // (size * size)
    if c.attr("mode", "DCR") == "DCR":
        parts = b.transpose(b.reshape(x, (n, size, size, inner, height, width)), (0, 3, 4, 1, 5, 2))
    else:
        parts = b.transpose(b.reshape(x, (n, inner, size, size, height, width)), (0, 1, 4, 2, 5, 3))
    return b.reshape(parts, (n, inner, height * size, width * size))


def space_to_depth(c: Call) -> Node:
    x, size = c.x(), c.attr("blocksize")
    n, depth, height, width = x.shape
    parts = b.reshape(x, (n, depth, height // size, size, width // size, size))
    order = (0, 1, 3, 5, 2, 4) if c.attr("mode", "DCR") == "CRD" else (0, 3, 5, 1, 2, 4)
    return b.reshape(b.transpose(parts, order), (n, depth * size * size, height // size, width // size))


def center_crop_pad(c: Call) -> Node:
    """Cut or filled up on both sides, the odd element behind."""
    x = c.x()
    wanted = c.sizes(1)
    axes = c.attr("axes") or range(x.type.rank)
    low: list[Size] = [0] * x.type.rank
    high: list[Size] = [0] * x.type.rank
    for axis, size_ in zip((c.of_rank(k, x.type.rank) for k in axes), wanted, strict=True):
        n = x.shape[axis]
        if not isinstance(n, int) or not isinstance(size_, int):
            raise c.refused("it needs known sizes")
        if size_ < n:
            x = cut(x, axis, (n - size_) // 2, size_)
        else:
            low[axis] = (size_ - n) // 2
            high[axis] = size_ - n - (size_ - n) // 2
    return padded(x, low, high)


FAMILY: dict[str, Convert] = {
    "Shape": shape,
    "Size": size,
    "Reshape": reshape,
    "Flatten": flatten,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Transpose": transpose,
    "Concat": concat,
    "Split": split,
    "Slice": slice_,
    "Expand": expand,
    "Tile": tile,
    "Pad": pad,
    "Constant": constant,
    "ConstantOfShape": constant_of_shape,
    "Range": range_,
    "EyeLike": eye_like,
    "Trilu": triangle,
    "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
    "CenterCropPad": center_crop_pad,
}
