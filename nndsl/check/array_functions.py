"""Functions of tensors that `.nn` code can call: order, sums so far, products by labels, moving and cutting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nndsl.check import composites, moving
from nndsl.check.builtin import Site, axes, build, define, flag, is_number, size, sizes, tensor, whole, wrong
from nndsl.check.values import Builtin, Value
from nndsl.ir.dims import Dim, Size
from nndsl.ir.graph import Node
from nndsl.ir.types import promote
from nndsl.ops import build as b
from nndsl.ops.einsum import BadString, parse
from nndsl.ops.op import ShapeFault
from nndsl.ops.sorting import top_places
from nndsl.ops.table import OPS
from nndsl.problems import names


def whole_list(site: Site, argument: str, value: Value) -> list[int]:
    """An argument as a whole number or a list of them."""
    items = value if isinstance(value, (list, tuple)) else [value]
    return [whole(site, argument, v) for v in items]


def _axes(site: Site, argument: str, value: Value) -> list[int] | None:
    return None if value is None else whole_list(site, argument, value)


# --- along an axis ---------------------------------------------------------------------------------------------


def _cumulated(name: str) -> Callable[..., Value]:
    def run(site: Site, x: Value, axis: Value, reverse: Value, exclusive: Value) -> Value:
        node, back, without = tensor(site, "x", x), flag(site, "reverse", reverse), flag(site, "exclusive", exclusive)
        place = None if axis is None else whole(site, "axis", axis)

        def maker() -> Node:
            x, at = (moving.flat(node), 0) if place is None else (node, composites.axis_of(node, place))
            return b.apply(name, x, axis=at, reverse=back, exclusive=without)

        return build(site, [node], maker)

    return run


def _sorted(name: str) -> Callable[..., Value]:
    def run(site: Site, x: Value, axis: Value, descending: Value) -> Value:
        node, place, down = tensor(site, "x", x), whole(site, "axis", axis), flag(site, "descending", descending)
        return build(site, [node], lambda: b.apply(name, node, axis=composites.axis_of(node, place), descending=down))

    return run


def _top_k(site: Site, x: Value, k: Value, axis: Value) -> Value:
    node, count, place = tensor(site, "x", x), whole(site, "k", k), whole(site, "axis", axis)

    def maker() -> tuple[Node, ...]:
        at, rank = composites.axis_of(node, place), node.type.rank
        moved = moving.moveaxis(node, at, rank - 1)
        if isinstance(moved.shape[-1], Dim):
            site.ctx.require(moved.shape[-1] - count, site.spans.get("k", site.span))
        places = top_places(moved, count)
        found = b.apply("take_along_axis", moved, places, axis=rank - 1)
        return moving.moveaxis(found, rank - 1, at), moving.moveaxis(places, rank - 1, at)

    return build(site, [node], maker)


def _along(site: Site, x: Value, indices: Value, axis: Value) -> Value:
    node, places, place = tensor(site, "x", x), tensor(site, "indices", indices), whole(site, "axis", axis)

    def maker() -> Node:
        at = composites.axis_of(node, place)
        if places.type.rank != node.type.rank:
            raise ShapeFault(f"needs as many axes on both sides: {node.type} and {places.type}", (0, 1), code="rank")
        # As in NumPy, axes of size 1 repeat, on either side.
        shape = b.broadcast_shapes(*(_without(n, at) for n in (node, places)))
        if shape is None:
            raise ShapeFault(f"needs equal sizes on all axes but {at}: {node.type} and {places.type}", (0, 1))
        values, wanted = (b.broadcast_to(n, (*shape[:at], n.shape[at], *shape[at + 1 :])) for n in (node, places))
        return b.apply("take_along_axis", values, wanted, axis=at)

    return build(site, [node, places], maker)


def _without(n: Node, axis: int) -> tuple[Size, ...]:
    return tuple(1 if k == axis else s for k, s in enumerate(n.shape))


# --- products --------------------------------------------------------------------------------------------------


def _einsum(site: Site, values: list[Value]) -> Value:
    if not values or not isinstance(values[0], str):
        found = values[0] if values else None
        raise wrong(site, "values", "begins with a string", found, 'as in `einsum("ij,jk->ik", x, y)`')
    spec, nodes = values[0], [tensor(site, "values", v) for v in values[1:]]
    try:
        parse(spec, [n.type.rank for n in nodes])
    except BadString as fault:
        return site.ctx.say(names.BadValue, site.span, fault.message, cure=fault.help)
    return build(site, nodes, lambda: b.apply("einsum", *nodes, spec=spec))


LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def contracted(x: Node, y: Node, of_x: Sequence[int], of_y: Sequence[int]) -> Node:
    """Axes of x summed against axes of y; the others of x, then those of y, are left. Raises ShapeFault."""
    for i, j in zip(of_x, of_y, strict=True):
        if x.shape[i] != y.shape[j]:
            cure = f"axis {i} of the first has {x.shape[i]}, axis {j} of the second {y.shape[j]}"
            raise ShapeFault(f"the inner sizes differ: {x.shape[i]} and {y.shape[j]}", (0, 1), cure, "inner")
    left = LETTERS[: x.type.rank]
    paired = dict(zip(of_y, of_x, strict=True))
    right = "".join(left[paired[k]] if k in paired else LETTERS[x.type.rank + k] for k in range(y.type.rank))
    kept = [c for k, c in enumerate(left) if k not in of_x] + [c for k, c in enumerate(right) if k not in paired]
    wide = promote(x.dtype, y.dtype)
    return b.apply("einsum", b.cast(x, wide), b.cast(y, wide), spec=f"{left},{right}->{''.join(kept)}")


def _dot(x: Node, y: Node) -> Node:
    if not x.type.rank or not y.type.rank:
        return b.mul(x, y)
    return contracted(x, y, [x.type.rank - 1], [max(0, y.type.rank - 2)])


def _vdot(x: Node, y: Node) -> Node:
    return contracted(moving.flat(x), moving.flat(y), [0], [0])


def _inner(x: Node, y: Node) -> Node:
    if not x.type.rank or not y.type.rank:
        return b.mul(x, y)
    return contracted(x, y, [x.type.rank - 1], [y.type.rank - 1])


def _outer(x: Node, y: Node) -> Node:
    return contracted(moving.flat(x), moving.flat(y), [], [])


def _product(maker: Callable[[Node, Node], Node]) -> Callable[..., Value]:
    def run(site: Site, x: Value, y: Value) -> Value:
        left = tensor(site, "x", x)
        right = tensor(site, "y", y, left)
        return build(site, [left, right], lambda: maker(left, right))

    return run


def _tensordot(site: Site, x: Value, y: Value, axes: Value) -> Value:
    left, right = tensor(site, "x", x), tensor(site, "y", y)
    if is_number(axes):
        count = whole(site, "axes", axes)
        pairs = [[k - count for k in range(count)], list(range(count))]
    elif isinstance(axes, (list, tuple)) and len(axes) == 2:
        pairs = [whole_list(site, "axes", part) for part in axes]
    else:
        raise wrong(site, "axes", "is a number, or the axes of x and those of y", axes)
    if len(pairs[0]) != len(pairs[1]):
        raise wrong(site, "axes", "has as many axes of x as of y", axes)

    def maker() -> Node:
        of_x, of_y = ([composites.axis_of(n, a) for a in p] for n, p in zip((left, right), pairs, strict=True))
        return contracted(left, right, of_x, of_y)

    return build(site, [left, right], maker)


# --- moving and cutting ------------------------------------------------------------------------------------------


def _moved(maker: Callable[..., Node], *arguments: str) -> Callable[..., Value]:
    """A function of a tensor and of axes."""

    def run(site: Site, x: Value, **given: Value) -> Value:
        node = tensor(site, "x", x)
        values = [_axes(site, name, given[name]) for name in arguments]
        return build(site, [node], lambda: maker(node, *values))

    return run


def _swap(site: Site, x: Value, axis1: Value, axis2: Value) -> Value:
    node, first, second = tensor(site, "x", x), whole(site, "axis1", axis1), whole(site, "axis2", axis2)
    return build(site, [node], lambda: moving.swapaxes(node, first, second))


def _roll(site: Site, x: Value, shift: Value, axis: Value) -> Value:
    node, shifts, places = tensor(site, "x", x), whole_list(site, "shift", shift), axes(site, axis)
    chosen = [places] if isinstance(places, int) else places

    def maker() -> Node:
        for by, at in zip(shifts, chosen or [], strict=False):
            site.ctx.require(node.shape[composites.axis_of(node, at)] - abs(by), site.span)
        return moving.roll(node, shifts, chosen)

    return build(site, [node], maker)


def _tile(site: Site, x: Value, repeats: Value) -> Value:
    node, times = tensor(site, "x", x), sizes(site, "repeats", repeats)
    return build(site, [node], lambda: moving.tile(node, times))


def _repeat(site: Site, x: Value, repeats: Value, axis: Value) -> Value:
    node, times = tensor(site, "x", x), size(site, "repeats", repeats)
    place = None if axis is None else whole(site, "axis", axis)
    return build(site, [node], lambda: moving.repeat(node, times, place))


def _unstack(site: Site, x: Value, axis: Value) -> Value:
    node, place = tensor(site, "x", x), whole(site, "axis", axis)

    def maker() -> tuple[Node, ...]:
        found = node.shape[composites.axis_of(node, place)]
        site.ctx.count(site.span, found if isinstance(found, int) else 1)
        return tuple(moving.unstack(node, place))

    return build(site, [node], maker)


def _split(site: Site, x: Value, n: Value, axis: Value) -> Value:
    node, place = tensor(site, "x", x), whole(site, "axis", axis)
    if not isinstance(n, (list, tuple)):
        parts = whole(site, "n", n)
        site.ctx.count(site.span, max(0, parts))
        return build(site, [node], lambda: tuple(composites.split(node, parts, place)))
    cuts = sizes(site, "n", n)

    def maker() -> tuple[Node, ...]:
        parts = moving.split_at(node, cuts, place)
        for part in parts:
            site.ctx.require(part.shape[composites.axis_of(node, place)] - 1, site.span)
        return tuple(parts)

    return build(site, [node], maker)


def _triangle(lower: bool) -> Callable[..., Value]:
    def run(site: Site, x: Value, k: Value) -> Value:
        node, diagonal = tensor(site, "x", x), whole(site, "k", k)
        return build(site, [node], lambda: moving.triangle(node, diagonal, lower))

    return run


def _meshgrid(site: Site, values: list[Value], indexing: Value) -> Value:
    nodes = [tensor(site, "values", v) for v in values]
    if not isinstance(indexing, str) or indexing not in ("xy", "ij"):
        raise wrong(site, "indexing", 'is "xy" or "ij"', indexing)
    return build(site, nodes, lambda: tuple(moving.meshgrid(nodes, indexing)))


# --- the table ---------------------------------------------------------------------------------------------------

CUMULATED: list[str | tuple[str, Any]] = ["x", ("axis", None), ("reverse", False), ("exclusive", False)]
FUNCTIONS: tuple[Builtin, ...] = (
    define("cumsum", CUMULATED, _cumulated("cumsum"), OPS["cumsum"].doc),
    define("cumprod", CUMULATED, _cumulated("cumprod"), OPS["cumprod"].doc),
    define("sort", ["x", ("axis", -1), ("descending", False)], _sorted("sort"), OPS["sort"].doc),
    define("argsort", ["x", ("axis", -1), ("descending", False)], _sorted("argsort"), OPS["argsort"].doc),
    define("top_k", ["x", "k", ("axis", -1)], _top_k,
           "The k greatest along an axis, the greatest first: values and indices."),
    define("take_along_axis", ["x", "indices", ("axis", -1)], _along, OPS["take_along_axis"].doc),
    define("einsum", [], _einsum, OPS["einsum"].doc, variadic="values"),
    define("dot", ["x", "y"], _product(_dot), "The last axis of x summed against the last but one of y."),
    define("vdot", ["x", "y"], _product(_vdot), "The sum of the products of all elements."),
    define("inner", ["x", "y"], _product(_inner), "The last axes of x and y summed against one another."),
    define("outer", ["x", "y"], _product(_outer), "Each element of x times each of y."),
    define("tensordot", ["x", "y", ("axes", 2)], _tensordot,
           "Axes of x summed against axes of y: the last of x against the first of y, or two lists of axes."),
    define("expand_dims", ["x", "axis"], _moved(moving.expand_dims, "axis"), "New axes of size 1."),
    define("squeeze", ["x", ("axis", None)], _moved(moving.squeeze, "axis"),
           "Without axes of size 1: those given, or all."),
    define("swapaxes", ["x", "axis1", "axis2"], _swap, "Two axes exchanged."),
    define("moveaxis", ["x", "source", "destination"], _moved(moving.moveaxis, "source", "destination"),
           "Axes brought to other places; the rest keep their order."),
    define("flip", ["x", ("axis", None)], _moved(moving.flip, "axis"),
           "The other way round along axes (all without `axis`)."),
    define("roll", ["x", "shift", ("axis", None)], _roll,
           "Each element `shift` places further along an axis; what falls off the end comes in at the beginning."),
    define("tile", ["x", "repeats"], _tile, "The whole of x several times along each axis."),
    define("repeat", ["x", "repeats", ("axis", None)], _repeat, "Each element several times, one after the other."),
    define("split", ["x", "n", ("axis", -1)], _split,
           "n equal parts along an axis, or the parts between places in a list."),
    define("unstack", ["x", ("axis", 0)], _unstack, "The parts along an axis, which goes."),
    define("tril", ["x", ("k", 0)], _triangle(True), "What lies on and below the k-th diagonal; zeros above."),
    define("triu", ["x", ("k", 0)], _triangle(False), "What lies on and above the k-th diagonal; zeros below."),
    define("meshgrid", [("indexing", "xy")], _meshgrid,
           "Coordinates of a grid, for each part an array.", variadic="values"),
)  # fmt: skip
