"""Tensor functions that only move, repeat or cut elements: spellings of reshape, transpose, slice, concat and
broadcast_to. All raise ShapeFault for what does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from nndsl.check.composites import axes_of, axis_of, concat
from nndsl.ir.dims import Dim, Size, product
from nndsl.ir.graph import Node
from nndsl.ops import build as b
from nndsl.ops.op import ShapeFault


def box(x: Node, axis: int, start: Size, size: Size, step: int = 1) -> Node:
    """Part of one axis, and all of the others."""
    rank = x.type.rank
    return b.apply(
        "slice",
        x,
        start=tuple(start if k == axis else 0 for k in range(rank)),
        size=tuple(size if k == axis else s for k, s in enumerate(x.shape)),
        step=tuple(step if k == axis else 1 for k in range(rank)),
    )


def new_axis(x: Node, axis: int) -> int:
    """Where an axis goes that x does not have yet."""
    rank = x.type.rank + 1
    if not -rank <= axis < rank:
        raise ShapeFault(f"there is no place {axis} for an axis", (0,), f"places go from {-rank} to {rank - 1}", "axis")
    return axis % rank


def expand_dims(x: Node, axes: int | Sequence[int]) -> Node:
    """New axes of size 1."""
    wanted = [axes] if isinstance(axes, int) else list(axes)
    rank = x.type.rank + len(wanted)
    if any(not -rank <= a < rank for a in wanted) or len({a % rank for a in wanted}) < len(wanted):
        raise ShapeFault(f"the new axes {wanted} do not fit", (0,), f"axes go from {-rank} to {rank - 1}", "axis")
    sizes, places = iter(x.shape), {a % rank for a in wanted}
    return b.reshape(x, tuple(1 if k in places else next(sizes) for k in range(rank)))


def squeeze(x: Node, axes: int | Sequence[int] | None) -> Node:
    """Without axes of size 1: those given, or all whose size is known to be 1."""
    gone = {k for k, s in enumerate(x.shape) if s == 1} if axes is None else set(axes_of(x, axes))
    for k in gone:
        if x.shape[k] != 1:
            raise ShapeFault(f"axis {k} has size {x.shape[k]}, only axes of size 1 can go", (0,))
    return b.reshape(x, tuple(s for k, s in enumerate(x.shape) if k not in gone))


def swapaxes(x: Node, first: int, second: int) -> Node:
    """Two axes exchanged."""
    i, j = axis_of(x, first), axis_of(x, second)
    return b.transpose(x, [{i: j, j: i}.get(k, k) for k in range(x.type.rank)])


def moveaxis(x: Node, source: int | Sequence[int], destination: int | Sequence[int]) -> Node:
    """Axes brought to other places; the rest keep their order."""
    sources = [axis_of(x, a) for a in ([source] if isinstance(source, int) else source)]
    places = [axis_of(x, a) for a in ([destination] if isinstance(destination, int) else destination)]
    if len(sources) != len(places) or len(set(sources)) < len(sources) or len(set(places)) < len(places):
        raise ShapeFault("needs as many places as axes, each once", (0,), code="axis")
    order = [k for k in range(x.type.rank) if k not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return b.transpose(x, order)


def flip(x: Node, axes: int | Sequence[int] | None) -> Node:
    """The other way round along axes, all of them without a choice."""
    turned = axes_of(x, axes)
    if not turned:
        return x
    start = tuple(s - 1 if k in turned else 0 for k, s in enumerate(x.shape))
    step = tuple(-1 if k in turned else 1 for k in range(x.type.rank))
    return b.apply("slice", x, start=start, size=x.shape, step=step)


def flat(x: Node) -> Node:
    """All elements along one axis."""
    return b.reshape(x, (product(x.shape),))


def roll(x: Node, shifts: Sequence[int], axes: Sequence[int] | None) -> Node:
    """Each element `shift` places further; what falls off the end comes in at the beginning."""
    if axes is None:
        return b.reshape(_rolled(flat(x), sum(shifts), 0), x.shape)
    if len(shifts) != len(axes):
        raise ShapeFault(f"needs as many shifts as axes, these are {len(shifts)} and {len(axes)}", (0,))
    for shift, axis in zip(shifts, axes, strict=True):
        x = _rolled(x, shift, axis_of(x, axis))
    return x


def _rolled(x: Node, shift: int, axis: int) -> Node:
    n = x.shape[axis]
    if isinstance(n, int):
        shift %= n
    if shift == 0:
        return x
    behind: Size = shift if shift > 0 else n + shift
    return concat([box(x, axis, n - behind, behind), box(x, axis, 0, n - behind)], axis)


def tile(x: Node, repeats: Sequence[Size]) -> Node:
    """The whole of x several times along each axis; new axes in front where there are more numbers than axes."""
    extra = len(repeats) - x.type.rank
    shape = ((1,) * extra + x.shape) if extra > 0 else x.shape
    times = ((1,) * -extra + tuple(repeats)) if extra < 0 else tuple(repeats)
    inner = tuple(v for pair in zip((1,) * len(shape), shape, strict=True) for v in pair)
    wide = tuple(v for pair in zip(times, shape, strict=True) for v in pair)
    return b.reshape(b.broadcast_to(b.reshape(x, inner), wide), tuple(t * s for t, s in zip(times, shape, strict=True)))


def repeat(x: Node, times: Size, axis: int | None) -> Node:
    """Each element several times, one after the other."""
    if axis is None:
        x, axis = flat(x), 0
    place = axis_of(x, axis)
    inner = (*x.shape[: place + 1], 1, *x.shape[place + 1 :])
    wide = (*x.shape[: place + 1], times, *x.shape[place + 1 :])
    shape = tuple(s * times if k == place else s for k, s in enumerate(x.shape))
    return b.reshape(b.broadcast_to(b.reshape(x, inner), wide), shape)


def unstack(x: Node, axis: int) -> list[Node]:
    """The parts along an axis, which goes."""
    place = axis_of(x, axis)
    count = x.shape[place]
    if isinstance(count, Dim):
        raise ShapeFault(f"axis {axis} has a size that only data knows: {count}", (0,), "give it a fixed size")
    shape = tuple(s for k, s in enumerate(x.shape) if k != place)
    return [b.reshape(box(x, place, k, 1), shape) for k in range(count)]


def split_at(x: Node, places: Sequence[Size], axis: int) -> list[Node]:
    """The parts between the places at which an axis is cut."""
    place = axis_of(x, axis)
    ends = [0, *places, x.shape[place]]
    sizes = [end - start for start, end in pairwise(ends)]
    for k, size in enumerate(sizes):
        if isinstance(size, int) and size < 1:
            raise ShapeFault(
                f"part {k} would go from {ends[k]} to {ends[k + 1]}",
                (0,),
                "the places rise, and each part has an element",
            )
    return [box(x, place, start, size) for start, size in zip(ends[:-1], sizes, strict=True)]


def meshgrid(parts: Sequence[Node], indexing: str) -> list[Node]:
    """Coordinates of a grid: each part along an axis of its own. "xy" exchanges the first two axes."""
    for k, part in enumerate(parts):
        if part.type.rank > 1:
            raise ShapeFault(f"needs one axis in each part, this is {part.type}", (k,), code="rank")
    sizes = [product(part.shape) for part in parts]
    order = [1, 0, *range(2, len(parts))] if indexing == "xy" and len(parts) > 1 else list(range(len(parts)))
    out = []
    for k, part in enumerate(parts):
        narrow = tuple(sizes[j] if j == k else 1 for j in order)
        out.append(b.broadcast_to(b.reshape(part, narrow), tuple(sizes[j] for j in order)))
    return out


def triangle(x: Node, k: int, lower: bool) -> Node:
    """What lies on and below (or above) the k-th diagonal of the last two axes; zeros elsewhere."""
    if x.type.rank < 2:
        raise ShapeFault(f"needs at least two axes, this is {x.type}", (0,), code="rank")
    rows, columns = (b.apply("arange", n=n, dtype="i32") for n in x.shape[-2:])
    border = b.add(b.reshape(rows, (x.shape[-2], 1)), k)
    inside = b.less_equal(columns, border) if lower else b.less_equal(border, columns)
    return b.where(inside, x, 0)
