"""Functions of windows and edges: pooling, resizing, padding. Channels are last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nndsl.check import composites
from nndsl.check.builtin import Site, Wrong, build, define, flag, number, size, tensor, whole, wrong
from nndsl.check.moving import box
from nndsl.check.values import Builtin, Value
from nndsl.ir.dims import Size, exact_quotient
from nndsl.ir.graph import Node
from nndsl.ops import build as b
from nndsl.ops.op import ShapeFault
from nndsl.ops.pooling import MOST_AXES, pooled
from nndsl.ops.resizing import MODES
from nndsl.ops.windows import pads_of, places
from nndsl.problems import shapes

# --- arguments -----------------------------------------------------------------------------------------------


def image(site: Site, x: Value) -> Node:
    """[batch, …, channels] with one to three axes between them, as floats."""
    node = composites.as_float(tensor(site, "x", x))
    if not 3 <= node.type.rank <= MOST_AXES + 2:
        site.ctx.say(
            shapes.WrongRank,
            site.spans.get("x", site.span),
            f"`{site.name}` takes [batch, …, channels] with one to three axes between them",
            note=f"this is {node.type}",
            cure="an axis for channels is added with `x[..., none]`",
        )
        raise Wrong
    return node


def whole_each(site: Site, argument: str, value: Value, axes: int, least: int) -> list[int]:
    """A whole number, or one for each axis."""
    given = list(value) if isinstance(value, list | tuple) else [value] * axes
    if len(given) != axes or any(isinstance(v, bool) or not isinstance(v, int) or v < least for v in given):
        several = f", or {axes} in a list" if axes > 1 else ""
        raise wrong(site, argument, f"is a whole number of at least {least}{several}", value)
    return [v for v in given if isinstance(v, int)]


def pairs(site: Site, argument: str, value: Value, axes: int) -> list[tuple[int, int]]:
    """What goes on both sides of each axis: a number for all, a number for each, or (before, after) for each."""
    given: list[Value] = list(value) if isinstance(value, list | tuple) else [value] * axes
    if axes == 1 and len(given) == 2 and not any(isinstance(v, list | tuple) for v in given):
        given = [given]
    out: list[tuple[int, int]] = []
    for item in given:
        pair = list(item) if isinstance(item, list | tuple) else [item, item]
        numbers = [v for v in pair if isinstance(v, int) and not isinstance(v, bool) and v >= 0]
        if len(pair) == 2 and len(numbers) == 2:
            out.append((numbers[0], numbers[1]))
    if len(out) != axes or len(given) != axes:
        forms = "or (before, after)" if axes == 1 else f"or a list of {axes} numbers or pairs"
        raise wrong(site, argument, f"is a whole number {forms}", value)
    return out


# --- pooling -------------------------------------------------------------------------------------------------


def _windows(
    site: Site, node: Node, pool_size: Value, strides: Value, padding: Value
) -> tuple[list[int], list[int], tuple[Size, ...], tuple[Size, ...]]:
    """Windows, strides, padding in front, and how many windows there are, for each axis."""
    axes = node.type.rank - 2
    window = whole_each(site, "pool_size", pool_size, axes, 1)
    steps = window if strides is None else whole_each(site, "strides", strides, axes, 1)
    sizes = node.shape[1:-1]
    if isinstance(padding, str):
        if padding not in ("valid", "same"):
            raise wrong(site, "padding", 'is "valid", "same", or what is added on each side', padding)
        low, high = pads_of(padding, sizes, window, steps, [1] * axes)
    else:
        around = pairs(site, "padding", padding, axes)
        if any(max(pair) >= k for pair, k in zip(around, window, strict=True)):
            raise wrong(site, "padding", "is smaller than the window", padding)
        low, high = pads_of(around, sizes, window, steps, [1] * axes)
    each = zip(sizes, window, steps, low, high, strict=True)
    out = tuple(places(n, k, s, 1, before, behind) for n, k, s, before, behind in each)
    if padding != "same":
        for count in out:
            site.ctx.require(count - 1, site.span)
    return window, steps, low, out


def _max_pool(site: Site, x: Value, pool_size: Value, strides: Value, padding: Value) -> Value:
    node = image(site, x)
    return build(site, [node], lambda: pooled("max_pool", node, *_windows(site, node, pool_size, strides, padding)))


def _average_pool(
    site: Site, x: Value, pool_size: Value, strides: Value, padding: Value, count_padding: Value
) -> Value:
    node, divide = image(site, x), "window" if flag(site, "count_padding", count_padding) else "real"
    return build(
        site,
        [node],
        lambda: pooled("pool_sum", node, *_windows(site, node, pool_size, strides, padding), divide=divide),
    )


def _sizes_each(site: Site, argument: str, value: Value, node: Node) -> tuple[Size, ...]:
    """A size for each axis between batch and channels; `none` keeps that of x."""
    axes = node.type.rank - 2
    given = list(value) if isinstance(value, list | tuple) else [value] * axes
    if len(given) != axes:
        raise wrong(site, argument, f"has a size for each of the {axes} axes", value)
    return tuple(
        kept if v is None else size(site, argument, v) for v, kept in zip(given, node.shape[1:-1], strict=True)
    )


def _adaptive(op: str) -> Callable[..., Value]:
    def run(site: Site, x: Value, output_size: Value) -> Value:
        node = image(site, x)
        out = _sizes_each(site, "output_size", output_size, node)
        ones, zeros = [1] * len(out), [0] * len(out)
        more = {"divide": "real"} if op == "pool_sum" else {}
        return build(site, [node], lambda: pooled(op, node, zeros, ones, zeros, out, **more))

    return run


# --- resizing ------------------------------------------------------------------------------------------------


def _resize(site: Site, x: Value, wanted: Value, interpolation: Value) -> Value:
    node = image(site, x)
    if interpolation not in MODES:
        raise wrong(site, "interpolation", "is " + " or ".join(f'"{mode}"' for mode in MODES), interpolation)
    new = _sizes_each(site, "size", wanted, node)
    return build(site, [node], lambda: resized(node, new, str(interpolation)))


def resized(x: Node, new: Sequence[Size], mode: str) -> Node:
    """Axes brought to other sizes. To whole multiples, the nearest element is spread over windows of its own."""
    factors = [exact_quotient(m, n) for n, m in zip(x.shape[1:-1], new, strict=True)]
    if mode == "nearest" and all(isinstance(f, int) for f in factors):
        window = tuple(f for f in factors if isinstance(f, int))
        return b.apply("pool_spread", x, window=window, strides=window, low=(0,) * len(window), size=tuple(new),
                       divide="none")  # fmt: skip
    for axis, wanted in enumerate(new, 1):
        if x.shape[axis] != wanted:
            x = b.apply("resize_axis", x, axis=axis, size=wanted, mode=mode)
    return x


# --- padding -------------------------------------------------------------------------------------------------

EDGES = ("constant", "edge", "reflect", "symmetric", "wrap")


def _pad(site: Site, x: Value, widths: Value, value: Value, mode: Value) -> Value:
    node, fill = tensor(site, "x", x), number(site, "value", value)
    if mode not in EDGES:
        raise wrong(site, "mode", "is one of " + ", ".join(f'"{m}"' for m in EDGES), mode)
    if not isinstance(widths, (list, tuple)) or not all(isinstance(w, (list, tuple)) for w in widths):
        raise wrong(site, "widths", "is a list of pairs", widths)
    around = [[whole(site, "widths", v) for v in w] for w in widths if isinstance(w, (list, tuple))]
    if mode == "constant":
        return build(site, [node], lambda: composites.pad(node, around, fill))
    if mode != "edge" and len(around) == node.type.rank:
        for n, pair in zip(node.shape, around, strict=True):
            site.ctx.require(n - _needed(pair, str(mode)), site.span)
    return build(site, [node], lambda: padded(node, around, str(mode)))


def _needed(pair: Sequence[int], mode: str) -> int:
    """How many elements an axis must have for what is put around it."""
    return max(pair, default=0) + (1 if mode == "reflect" else 0)


def padded(x: Node, widths: Sequence[Sequence[int]], mode: str) -> Node:
    """Surrounded by elements of its own, as NumPy has it. Raises ShapeFault where there are too few."""
    if len(widths) != x.type.rank or any(len(w) != 2 or min(w) < 0 for w in widths):
        raise ShapeFault(f"needs a pair (before, after) for each of the {x.type.rank} axes", (0,))
    for axis, pair in enumerate(widths):
        n, (before, after) = x.shape[axis], pair
        if mode != "edge" and isinstance(n, int) and n < _needed(pair, mode):
            raise ShapeFault(f"axis {axis} has {n} elements, too few to put {max(pair)} around it", (0,),
                             'put less around it, or use mode="edge"')  # fmt: skip
        parts = [_edge(x, axis, before, mode, front=True), x, _edge(x, axis, after, mode, front=False)]
        x = composites.concat([p for p in parts if p is not None], axis)
    return x


def _edge(x: Node, axis: int, width: int, mode: str, front: bool) -> Node | None:
    """What comes before or behind an axis."""
    n: Size = x.shape[axis]
    match mode:
        case _ if width == 0:
            return None
        case "edge":
            shape = tuple(width if k == axis else s for k, s in enumerate(x.shape))
            return b.broadcast_to(box(x, axis, 0 if front else n - 1, 1), shape)
        case "wrap":
            return box(x, axis, n - width if front else 0, width)
    apart = 1 if mode == "reflect" else 0
    return box(x, axis, width - 1 + apart if front else n - 1 - apart, width, -1)


def _pairs(site: Site, widths: Value, axes: Value) -> Value:
    return [list(pair) for pair in pairs(site, "widths", widths, whole(site, "axes", axes))]


# --- the table -----------------------------------------------------------------------------------------------

POOLING: list[str | tuple[str, Value]] = ["x", "pool_size", ("strides", None), ("padding", "valid")]
FUNCTIONS: tuple[Builtin, ...] = (
    define("max_pool", POOLING, _max_pool,
           "The greatest of each window of [batch, …, channels]; without `strides`, windows lie side by side. "
           '`padding` is "valid", "same", or what is added on each side.'),
    define("average_pool", [*POOLING, ("count_padding", False)], _average_pool,
           "The mean of each window of [batch, …, channels]: of what lies inside; with `count_padding`, padding "
           "counts as zeros."),
    define("adaptive_max_pool", ["x", "output_size"], _adaptive("max_pool"),
           "The greatest of windows that divide [batch, …, channels] into so many places."),
    define("adaptive_average_pool", ["x", "output_size"], _adaptive("pool_sum"),
           "The means of windows that divide [batch, …, channels] into so many places."),
    define("resize", ["x", "size", ("interpolation", "bilinear")],
           lambda site, x, size, interpolation: _resize(site, x, size, interpolation),
           'The axes between batch and channels brought to other sizes, "nearest" or "bilinear".'),
    define("pad", ["x", "widths", ("value", 0.0), ("mode", "constant")], _pad,
           'Surrounded by a constant, or by elements of its own: mode "edge", "reflect", "symmetric", "wrap". '
           "`widths` has a pair for each axis."),
    define("pairs", ["widths", "axes"], _pairs, "A number, a number for each axis, or a pair for each: as pairs."),
)  # fmt: skip
