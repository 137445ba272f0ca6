"""Tensor functions made of primitive ops, in Python because their shapes depend on options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nndsl.ir.dims import Size, exact_quotient, product
from nndsl.ir.graph import Node
from nndsl.ir.types import FLOATS, Kind
from nndsl.ops import build as b
from nndsl.ops.op import ShapeFault


def axis_of(x: Node, axis: int) -> int:
    """An axis counted from the end when negative. Raises ShapeFault where there is none."""
    rank = x.type.rank
    if not -rank <= axis < rank:
        raise ShapeFault(f"there is no axis {axis}", (0,), f"axes go from {-rank} to {rank - 1}" if rank else None, "axis")
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
    """Joined along a new axis."""
    rank = parts[0].type.rank + 1
    place = axis % rank if -rank <= axis < rank else rank
    if place >= rank:
        raise ShapeFault(f"there is no axis {axis}", (0,), code="axis")
    for i, part in enumerate(parts):
        if part.shape != parts[0].shape:
            raise ShapeFault(f"needs equal shapes: {parts[0].type} and {part.type}", (0, i))
    spread = [b.reshape(p, (*p.shape[:place], 1, *p.shape[place:])) for p in parts]
    return spread[0] if len(spread) == 1 else b.apply("concat", *spread, axis=place)


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
            raise ShapeFault(f"its {product(x.shape)} elements do not divide evenly for -1", (0,), code="reshape")
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


def logsumexp(x: Node, axes: tuple[int, ...], keepdims: bool = False) -> Node:
    """log(sum(exp(x))) without overflow."""
    top = b.stop_gradient(b.reduce("max", x, axes, keepdims=True))
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


def logits_of(p: Node, made_by: str | None = None) -> Node | None:
    """The logits behind a value: the value itself where it is no probability, what softmax or sigmoid was applied to where
    one of them made it (that named by `made_by`, softmax along the last axis), else None."""  # fmt: skip
    if p.type.kind is None or p.type.kind.name == "logits":
        return p
    if p.op == "softmax":
        along_last = p.attrs["axis"] == p.type.rank - 1
        return p.inputs[0] if made_by != "sigmoid" and (along_last or made_by is None) else None
    if p.op == "sigmoid":
        return p.inputs[0] if made_by != "softmax" else None
    # Sigmoid works element by element, so that a view of its result is the result on a view.
    if p.op in ("reshape", "slice", "transpose") and made_by != "softmax" and _elementwise_prob(p.inputs[0]):
        inner = logits_of(p.inputs[0], "sigmoid")
        return b.apply(p.op, inner, **dict(p.attrs)) if inner is not None else None
    return None


def _elementwise_prob(p: Node) -> bool:
    """Whether a probability was made by sigmoid, maybe seen through views."""
    while p.op in ("reshape", "slice", "transpose") and p.type.kind and p.type.kind.name == "prob":
        p = p.inputs[0]
    return p.op == "sigmoid"
