"""Pooling: the windows that go along the spatial axes of [batch, …, channels], each made one value.

The window of place o of an axis begins at o * stride - low and holds `window` elements, of which those beside the axis
do not count. A window of 0 is adaptive: the places of the axis share its elements as evenly as can be, window o from
o * size / count, rounded down, to (o + 1) * size / count, rounded up.

The gradient of `max_pool` goes to the first greatest of each window, and is a linear map from the values of the
windows: `max_pool_grad`, which finds the places again from x. `max_pool_pick` is that map backwards, so each of the
two is the other's gradient. `pool_sum` and `pool_spread` are such a pair as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from nndsl.ir.dims import Size
from nndsl.ir.graph import Attrs, Node
from nndsl.ir.types import FLOATS, Shape, TensorType, shape_text
from nndsl.lazy import np
from nndsl.ops import build as b
from nndsl.ops.op import REQUIRED, Case, Op, Ready, ShapeFault, Types, case

SHARED = ("window", "strides", "low")
"""The attributes with a number for each spatial axis; `out` or `size` has the sizes of the result."""
DIVISORS = ("none", "window", "real")
"""What a sum is divided by: nothing, the elements of a window, or those of them that lie in the image."""
MOST_AXES = 3

# --- shape rules -------------------------------------------------------------------------------------------


def _checked(t: TensorType, attrs: Attrs) -> None:
    if t.dtype not in FLOATS:
        raise ShapeFault(f"needs floats, this is {t}", (0,), "cast it: `cast(x, f32)`", "dtype")
    if t.rank != len(attrs["window"]) + 2:
        raise ShapeFault(f"needs [batch, …, channels] with {len(attrs['window'])} axes between them, this is {t}", (0,),
                         code="rank")  # fmt: skip


def _fits(image: Shape, places: Shape, attrs: Attrs) -> None:
    """Whether every window has an element of the image, as far as sizes are known."""
    for axis, (size, count) in enumerate(zip(image, places, strict=True)):
        window, stride, low = (attrs[name][axis] for name in SHARED)
        if window == 0 or not (isinstance(size, int) and isinstance(count, int) and isinstance(low, int)):
            continue
        if count < 1 or low >= window or (count - 1) * stride - low >= size:
            raise ShapeFault(f"a window of {window} does not fit into axis {axis + 1}, which has {size}", (0,),
                             'use a smaller window, or padding="same"')  # fmt: skip


def _gather_type(types: Types, attrs: Attrs) -> TensorType:
    t = types[0]
    _checked(t, attrs)
    _fits(t.shape[1:-1], attrs["out"], attrs)
    return TensorType(t.dtype, (t.shape[0], *attrs["out"], t.shape[-1]))


def _pick_type(types: Types, attrs: Attrs) -> TensorType:
    x, v = types
    if (x.dtype, x.shape) != (v.dtype, v.shape):
        raise ShapeFault(f"needs two arrays alike: {x} and {v}", (0, 1))
    return _gather_type(types, attrs)


def _spread_type(types: Types, attrs: Attrs) -> TensorType:
    v = types[0]
    _checked(v, attrs)
    _fits(attrs["size"], v.shape[1:-1], attrs)
    return TensorType(v.dtype, (v.shape[0], *attrs["size"], v.shape[-1]))


def _max_grad_type(types: Types, attrs: Attrs) -> TensorType:
    x, v = types
    _checked(x, attrs)
    if (x.dtype, x.shape[0], x.shape[-1], x.rank) != (v.dtype, v.shape[0], v.shape[-1], v.rank):
        raise ShapeFault(f"needs values of the windows of {x}, this is {v}", (1,))
    _fits(x.shape[1:-1], v.shape[1:-1], attrs)
    return x.without_kind()


# --- in NumPy ------------------------------------------------------------------------------------------------


def _windows(
    image: Sequence[int], out: Sequence[int], window: Any, strides: Any, low: Any
) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """For each place, its index and the box of the image, behind the axis of the batch."""
    for place in np.ndindex(*out):
        box = []
        for o, size, count, k, s, before in zip(place, image, out, window, strides, low, strict=True):
            begin, end = (o * s - before, o * s - before + k) if k else (o * size // count, -((-o - 1) * size // count))
            box.append(slice(max(0, begin), min(end, size)))
        yield (slice(None), *place), (slice(None), *box)


def _rows(x: Any, box: Any) -> Any:
    """A box as [batch, elements, channels]."""
    part = x[box]
    return part.reshape(part.shape[0], -1, part.shape[-1])


def _max_pool(x: Any, out: Any, **options: Any) -> Any:
    y = np.empty((x.shape[0], *out, x.shape[-1]), x.dtype)
    for place, box in _windows(x.shape[1:-1], out, **options):
        y[place] = _rows(x, box).max(axis=1)
    return y


def _max_pool_pick(x: Any, v: Any, out: Any, **options: Any) -> Any:
    y = np.empty((x.shape[0], *out, x.shape[-1]), x.dtype)
    for place, box in _windows(x.shape[1:-1], out, **options):
        first = _rows(x, box).argmax(axis=1)[:, None]
        y[place] = np.take_along_axis(_rows(v, box), first, 1)[:, 0]
    return y


def _max_pool_grad(x: Any, v: Any, **options: Any) -> Any:
    y = np.zeros_like(x)
    for place, box in _windows(x.shape[1:-1], v.shape[1:-1], **options):
        rows = _rows(x, box)
        hit = np.arange(rows.shape[1])[None, :, None] == rows.argmax(axis=1)[:, None]
        y[box] += np.where(hit, v[place][:, None], 0).reshape(y[box].shape)
    return y


def _divisor(divide: str, window: Any, box: Any) -> int:
    match divide:
        case "none":
            return 1
        case "window":
            return prod(window)
    return prod(part.stop - part.start for part in box[1:])


def _pool_sum(x: Any, out: Any, divide: str, **options: Any) -> Any:
    y = np.empty((x.shape[0], *out, x.shape[-1]), x.dtype)
    for place, box in _windows(x.shape[1:-1], out, **options):
        y[place] = _rows(x, box).sum(axis=1) / _divisor(divide, options["window"], box)
    return y


def _pool_spread(v: Any, size: Any, divide: str, **options: Any) -> Any:
    y = np.zeros((v.shape[0], *size, v.shape[-1]), v.dtype)
    for place, box in _windows(size, v.shape[1:-1], **options):
        value = v[place] / _divisor(divide, options["window"], box)
        y[box] += value.reshape(len(v), *[1] * len(size), v.shape[-1])
    return y


# --- gradients -----------------------------------------------------------------------------------------------


def _shared(n: Node, *more: str) -> dict[str, Any]:
    return {name: n.attrs[name] for name in (*SHARED, *more)}


def _to_greatest(n: Node, g: Node) -> tuple[Node]:
    return (b.apply("max_pool_grad", n.inputs[0], g, **_shared(n)),)


def _of_greatest(n: Node, g: Node) -> tuple[None, Node]:
    """Where the greatest is does not move with x."""
    return None, b.apply("max_pool_pick", n.inputs[0], g, **_shared(n), out=n.inputs[1].shape[1:-1])


def _sum_grad(n: Node, g: Node) -> tuple[Node]:
    return (b.apply("pool_spread", g, **_shared(n, "divide"), size=n.inputs[0].shape[1:-1]),)


def _spread_grad(n: Node, g: Node) -> tuple[Node]:
    return (b.apply("pool_sum", g, **_shared(n, "divide"), out=n.inputs[0].shape[1:-1]),)


# --- lowering ------------------------------------------------------------------------------------------------


def _image(n: Node) -> Shape:
    """A shape with three spatial axes."""
    return (n.shape[0], *(1,) * (MOST_AXES + 2 - n.type.rank), *n.shape[1:])


def _shapes(n: Node) -> tuple[Shape, ...]:
    return tuple(_image(node) for node in (*n.inputs, n))


def _texts(n: Node) -> list[str]:
    """Window, strides and low padding as tuples of three."""
    more = MOST_AXES - len(n.attrs["window"])
    values = {name: (*[0 if name == "low" else 1] * more, *n.attrs[name]) for name in SHARED}
    return [f"({', '.join(f'i64({v})' for v in values[name])})" for name in SHARED]


def _gathered(n: Node) -> list[str]:
    return [*_texts(n), *([f'i64({DIVISORS.index(n.attrs["divide"])})'] if "divide" in n.attrs else [])]


def _apart(n: Node) -> str:
    """Whether windows lie side by side, from the start of each axis on."""
    return str(n.attrs["window"] == n.attrs["strides"] and not any(n.attrs["low"]))


def _scattered(n: Node) -> list[str]:
    return [*_gathered(n), _apart(n)]


# --- the records ---------------------------------------------------------------------------------------------

LAYOUTS: tuple[tuple[tuple[int | str, ...], dict[str, tuple[int, ...]], tuple[int, ...]], ...] = (
    (("batch", 6, 5, 3), {"window": (2, 2), "strides": (2, 2), "low": (0, 0)}, (3, 2)),
    ((2, 5, 7, 9), {"window": (3, 2), "strides": (2, 1), "low": (1, 0)}, (3, 6)),
    ((3, 9, 1), {"window": (2,), "strides": (3,), "low": (1,)}, (4,)),
    ((1, 5, 3, 4, 2), {"window": (2, 2, 3), "strides": (2, 2, 3), "low": (0, 0, 0)}, (2, 1, 1)),
    (("batch", 7, 3, 4), {"window": (0, 0), "strides": (1, 1), "low": (0, 0)}, (3, 2)),
)


def _cases(op: str) -> Iterator[Case]:
    for k, (image, shared, out) in enumerate(LAYOUTS):
        values = (image[0], *out, image[-1])
        options: dict[str, Any] = dict(shared)
        if op.startswith("pool"):
            options["divide"] = DIVISORS[2 if 0 in shared["window"] else k % 3]
        match op:
            case "max_pool" | "pool_sum":
                yield case(image, **options, out=out)
            case "max_pool_pick":
                yield case(image, image, **options, out=out)
            case "max_pool_grad":
                yield case(image, values, **options)
            case _:
                yield case(values, **options, size=image[1:-1])


OPTIONS = dict.fromkeys(SHARED, REQUIRED)
FAMILY: tuple[Op, ...] = (
    Op("max_pool", ("x",), "The greatest of each window; NaN wins.", _gather_type, _max_pool,
       Ready("max_pool", _shapes, _gathered), _to_greatest, options={**OPTIONS, "out": REQUIRED}, hidden=True,
       cases=tuple(_cases("max_pool"))),
    Op("max_pool_grad", ("x", "v"), "The value of each window added to where x is first greatest in it.", _max_grad_type,
       _max_pool_grad, Ready("max_pool_grad", _shapes, _scattered), _of_greatest, options=OPTIONS, hidden=True,
       cases=tuple(_cases("max_pool_grad"))),
    Op("max_pool_pick", ("x", "v"), "v where x is first greatest in each window.", _pick_type, _max_pool_pick,
       Ready("max_pool_pick", _shapes, _gathered),
       lambda n, g: (None, b.apply("max_pool_grad", n.inputs[0], g, **_shared(n))),
       options={**OPTIONS, "out": REQUIRED}, hidden=True, cases=tuple(_cases("max_pool_pick"))),
    Op("pool_sum", ("x",), "The sum of each window, or its mean.", _gather_type, _pool_sum,
       Ready("pool_sum", _shapes, _gathered), _sum_grad, options={**OPTIONS, "out": REQUIRED, "divide": "real"},
       hidden=True, cases=tuple(_cases("pool_sum"))),
    Op("pool_spread", ("v",), "The value of each window, divided as its sum would be, added to all of its elements.",
       _spread_type, _pool_spread, Ready("pool_spread", _shapes, _scattered), _spread_grad,
       options={**OPTIONS, "size": REQUIRED, "divide": "real"}, hidden=True, cases=tuple(_cases("pool_spread"))),
)  # fmt: skip


def pooled(op: str, x: Node, window: Sequence[int], strides: Sequence[int], low: Sequence[Size], out: Shape,
           **more: Any) -> Node:  # fmt: skip
    """`max_pool` or `pool_sum` of x. Raises ShapeFault where a window finds nothing."""
    return b.apply(op, x, window=tuple(window), strides=tuple(strides), low=tuple(low), out=tuple(out), **more)


__all__ = ["DIVISORS", "FAMILY", "SHARED", "pooled", "shape_text"]
