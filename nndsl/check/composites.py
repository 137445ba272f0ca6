"""Tensor functions made of primitive ops, in Python because their shapes depend on options."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from nndsl.ir.dims import Size, exact_quotient, product, written
from nndsl.ir.graph import Node
from nndsl.ir.types import FLOATS, Kind
from nndsl.ops import build as b
from nndsl.ops.op import ShapeFault


def axis_of(x: Node, axis: int) -> int:
    """An axis counted from the end when negative. Raises ShapeFault where there is none."""
    rank = x.type.rank
    if not -rank <= axis < rank:
        raise ShapeFault(
            f"there is no axis {axis}", (0,), f"axes go from {-rank} to {rank - 1}" if rank else None, "axis"
        )
    return axis % rank


def axes_of(x: Node, axis: int | Sequence[int] | None) -> tuple[int, ...]:
    """`axis=` of a reduction: none for all, a number or a list."""
    if axis is None:
        return tuple(range(x.type.rank))
    return tuple(sorted({axis_of(x, a) for a in ([axis] if isinstance(axis, int) else axis)}))


def as_float(x: Node) -> Node:
    """Integers and bool as f32."""
    return x if x.dtype in FLOATS else b.cast(x, "f32")


def stack(parts: Sequence[Node], axis: int) -> Node:
    """Joined along a new axis. Raises ShapeFault where shapes differ or there is nothing to join."""
    if not parts:
        raise ShapeFault("needs values to join", ())
    rank = parts[0].type.rank + 1
    place = axis % rank if -rank <= axis < rank else rank
    if place >= rank:
        raise ShapeFault(f"there is no axis {axis}", (0,), code="axis")
    for i, part in enumerate(parts):
        if part.shape != parts[0].shape:
            help = "make them alike; `concat` joins along an axis that they have, in which they may differ"
            raise ShapeFault(f"needs equal shapes: {parts[0].type} and {part.type}", (0, i), help)
    spread = [b.reshape(p, (*p.shape[:place], 1, *p.shape[place:])) for p in parts]
    return concat(spread, place)


MAX_JOINED = 16


def concat(parts: Sequence[Node], axis: int) -> Node:
    """Joined along an axis. Many parts are joined in groups: an element looks for its part by comparing one by one."""
    while len(parts) > MAX_JOINED:
        groups = [parts[i : i + MAX_JOINED] for i in range(0, len(parts), MAX_JOINED)]
        parts = [g[0] if len(g) == 1 else b.apply("concat", *g, axis=axis) for g in groups]
    return parts[0] if len(parts) == 1 else b.apply("concat", *parts, axis=axis)


def split(x: Node, n: int, axis: int) -> list[Node]:
    """n equal parts along an axis."""
    place = axis_of(x, axis)
    part = exact_quotient(x.shape[place], n) if n > 0 else None
    if part is None:
        raise ShapeFault(f"the size {x.shape[place]} of axis {axis} does not divide by {n}", (0,))
    size = tuple(part if k == place else s for k, s in enumerate(x.shape))
    steps = (1,) * x.type.rank
    starts = (tuple(part * i if k == place else 0 for k in range(x.type.rank)) for i in range(n))
    return [b.apply("slice", x, start=start, size=size, step=steps) for start in starts]


def reshape(x: Node, shape: Sequence[Size]) -> Node:
    """Another shape; one size may be -1 for what is left."""
    holes = [i for i, s in enumerate(shape) if s == -1]
    if len(holes) > 1:
        raise ShapeFault("only one size may be -1", (0,))
    sizes = list(shape)
    if holes:
        rest = exact_quotient(product(x.shape), product(tuple(s for s in shape if s != -1)))
        if rest is None:
            elements = written(product(x.shape))
            raise ShapeFault(f"its {elements} elements do not divide evenly for -1", (0,), code="reshape")
        sizes[holes[0]] = rest
    return b.reshape(x, tuple(sizes))


def mean(x: Node, axes: tuple[int, ...], keepdims: bool = False) -> Node:
    """The mean; integers and bool count as f32."""
    return b.mean(as_float(x), axes, keepdims)


def var(x: Node, axes: tuple[int, ...], keepdims: bool = False) -> Node:
    """The mean squared distance from the mean."""
    x = as_float(x)
    centred = b.sub(x, b.mean(x, axes, keepdims=True))
    return b.mean(b.mul(centred, centred), axes, keepdims)


def std(x: Node, axes: tuple[int, ...], keepdims: bool = False) -> Node:
    """The root of the variance."""
    return b.apply("sqrt", var(x, axes, keepdims))


def truth(x: Node) -> Node:
    """Where x is true, or not 0."""
    return x if x.dtype == "bool" else b.apply("logical_not", b.equal(x, 0))


def any_(x: Node, axes: tuple[int, ...], keepdims: bool = False) -> Node:
    """Whether any is true."""
    return b.less(0, b.reduce("sum", b.cast(truth(x), "i32"), axes, keepdims))


def all_(x: Node, axes: tuple[int, ...], keepdims: bool = False) -> Node:
    """Whether all are true."""
    return b.equal(0, b.reduce("sum", b.cast(b.apply("logical_not", truth(x)), "i32"), axes, keepdims))


def arg(name: str, x: Node, axis: int | None, keepdims: bool = False) -> Node:
    """argmax or argmin along an axis, of all elements without one."""
    rank = x.type.rank
    place = 0 if axis is None else axis_of(x, axis)
    found = b.apply(name, x if axis is not None else b.reshape(x, (product(x.shape),)), axes=(place,))
    if not keepdims:
        return found
    shape = (1,) * rank if axis is None else (*x.shape[:place], 1, *x.shape[place + 1 :])
    return b.as_type(b.apply("reshape", found, shape=shape), replace(found.type, shape=shape))


def norm(x: Node, axes: tuple[int, ...], order: float, keepdims: bool = False) -> Node:
    """The norm of order `order` over axes. Its gradient at 0 is 0."""
    x = as_float(x)
    if order == 1 or order == math.inf:
        return b.reduce("sum" if order == 1 else "max", b.apply("abs", x), axes, keepdims)
    parts = b.mul(x, x) if order == 2 else b.power(b.apply("abs", x), order)
    total = b.sum_(parts, axes, keepdims)
    # Where all is 0 the root of 1 is taken, and not used: so no infinite slope gets into the gradient.
    some = b.less(0.0, total)
    safe = b.where(some, total, 1.0)
    return b.where(some, b.apply("sqrt", safe) if order == 2 else b.power(safe, 1 / order), 0.0)


def logsumexp(x: Node, axes: tuple[int, ...], keepdims: bool = False) -> Node:
    """log(sum(exp(x))) without overflow; of nothing but -inf it is -inf."""
    x = as_float(x)
    most = b.stop_gradient(b.reduce("max", x, axes, keepdims=True))
    top = b.where(b.apply("isfinite", most), most, 0.0)
    out = b.add(b.log(b.sum_(b.exp(b.sub(x, top)), axes, keepdims=True)), top)
    return out if keepdims else b.reshape(out, tuple(s for i, s in enumerate(x.shape) if i not in axes))


def transpose(x: Node, axes: Sequence[int] | None) -> Node:
    """The axes in the given order, reversed without one."""
    order = tuple(reversed(range(x.type.rank))) if axes is None else tuple(axis_of(x, a) for a in axes)
    return b.apply("transpose", x, axes=order)


def pad(x: Node, widths: Sequence[Sequence[int]], value: float) -> Node:
    """Surrounded by a constant; `widths` gives (before, after) for each axis."""
    if len(widths) != x.type.rank or any(len(w) != 2 or min(w) < 0 for w in widths):
        raise ShapeFault(f"needs a pair (before, after) for each of the {x.type.rank} axes", (0,))
    low, high = tuple(w[0] for w in widths), tuple(w[1] for w in widths)
    return b.apply("pad", x, low=low, high=high, interior=(0,) * x.type.rank, value=float(value))


def take(table: Node, indices: Node, axis: int) -> Node:
    """Elements along an axis at the places that indices name."""
    place = axis_of(table, axis)
    if place == 0:
        return b.apply("take", table, indices)
    rank, extra = table.type.rank, indices.type.rank
    front = b.transpose(table, (place, *(i for i in range(rank) if i != place)))
    out = b.apply("take", front, indices)
    order = (*range(extra, extra + place), *range(extra), *range(extra + place, extra + rank - 1))
    return b.transpose(out, order)


def as_kind(x: Node, kind: str | None) -> Node:
    """The same values, said to be of a kind."""
    marked = b.apply("reshape", x, shape=x.shape)
    return replace(marked, type=replace(marked.type, kind=Kind(kind) if kind else None))


def as_index(x: Node, count: Size) -> Node:
    """Whole numbers as indices from 0 to count - 1."""
    marked = b.apply("reshape", b.cast(x, "i32"), shape=x.shape)
    return replace(marked, type=replace(marked.type, kind=Kind("index", count)))


def logits_of(p: Node, made_by: str | None = None) -> Node | None:
    """The logits behind a value, or None where they are not known.

    A value of no kind counts as logits. Of a prob they are known where softmax or sigmoid made it, possibly seen
    under another shape. `made_by` ("softmax" or "sigmoid") asks that this very function made it, softmax along the
    last axis: only then do the logits mean the same.
    """
    if not _is_prob(p):
        return None if p.type.kind and p.type.kind.name in ("onehot", "binary") else p
    if p.op in ("softmax", "sigmoid"):
        last = p.op == "sigmoid" or p.attrs["axis"] == p.type.rank - 1
        return p.inputs[0] if made_by is None or (made_by == p.op and last) else None
    if p.op not in ("reshape", "slice", "transpose", "masked") or not _is_prob(p.inputs[0]):
        return None
    inner = logits_of(p.inputs[0], made_by)
    if inner is None:
        return None
    if p.op == "masked":
        return b.apply("masked", inner, *p.inputs[1:])
    # The softmax of a part, or along another axis, is not the part of a softmax.
    whole_rows = p.op == "reshape" and p.shape[-1:] == p.inputs[0].shape[-1:]
    if not whole_rows and not _by_sigmoid(p):
        return None
    return b.apply(p.op, inner, **dict(p.attrs))


def _is_prob(p: Node) -> bool:
    return p.type.kind is not None and p.type.kind.name == "prob"


def _by_sigmoid(p: Node) -> bool:
    while p.op in ("reshape", "slice", "transpose", "masked"):
        p = p.inputs[0]
    return p.op == "sigmoid"
