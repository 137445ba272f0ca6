"""Convolution and pooling. ONNX has the channels first; they go last, and back behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product as every
from math import prod
from typing import Any

import numpy as np

from nndsl.ir.dims import Size
from nndsl.ir.graph import Node
from nndsl.onnx.reading.call import Call, Convert, Value, cut, padded
from nndsl.onnx.reading.indexing import whole
from nndsl.ops import build as b
from nndsl.ops.windows import reach


def to_channels_last(x: Node) -> Node:
    rank = x.type.rank
    return b.transpose(x, (0, *range(2, rank), 1))


def to_channels_first(x: Node) -> Node:
    rank = x.type.rank
    return b.transpose(x, (0, rank - 1, *range(1, rank - 1)))


@dataclass(frozen=True)
class Windows:
    """How windows go over the axes of an image; `high` has what rounding up adds, too."""

    window: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    given_high: tuple[int, ...]
    out: tuple[int, ...]


def windows_of(c: Call, sizes: Sequence[int], window: Sequence[int]) -> Windows:
    """From the attributes that convolution and pooling share."""
    n = len(window)
    strides = tuple(c.attr("strides") or (1,) * n)
    dilation = tuple(c.attr("dilations") or (1,) * n)
    pads = list(c.attr("pads") or (0,) * 2 * n)
    low, high = pads[:n], pads[n:]
    auto = c.attr("auto_pad", "NOTSET")
    spans = [reach(w, d) for w, d in zip(window, dilation, strict=True)]
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        for k in range(n):
            total = max(0, (-(-sizes[k] // strides[k]) - 1) * strides[k] + spans[k] - sizes[k])
            low[k] = total // 2 if auto == "SAME_UPPER" else total - total // 2
            high[k] = total - low[k]
    elif auto == "VALID":
        low, high = [0] * n, [0] * n
    given, out = list(high), []
    for k in range(n):
        room = sizes[k] + low[k] + high[k] - spans[k]
        count = room // strides[k] + 1
        if c.attr("ceil_mode", 0):
            count = -(-room // strides[k]) + 1
            if (count - 1) * strides[k] >= sizes[k] + low[k]:  # it would begin in the padding behind
                count -= 1
            high[k] = max(high[k], (count - 1) * strides[k] + spans[k] - sizes[k] - low[k])
        if count < 1:
            raise c.refused(f"a window of {spans[k]} does not fit into an axis of {sizes[k]}")
        out.append(count)
    return Windows(tuple(window), strides, dilation, tuple(low), tuple(high), tuple(given), tuple(out))


def conv(c: Call) -> Node:
    x, kernel = c.x(), c.x(1)
    w = windows_of(c, whole(c, x.shape[2:]), whole(c, kernel.shape[2:]))
    turned = b.transpose(kernel, (*range(2, kernel.type.rank), 1, 0))
    found = b.apply("conv", to_channels_last(x), turned, strides=w.strides, dilation=w.dilation, low=w.low, high=w.high,
                    groups=c.attr("group", 1))  # fmt: skip
    return to_channels_first(b.add(found, c.x(2)) if c.has(2) else found)


def conv_transpose(c: Call) -> Node:
    """Given `output_shape`, what is too much is cut off on both sides."""
    y, kernel = c.x(), c.x(1)
    window, n = whole(c, kernel.shape[2:]), kernel.type.rank - 2
    sizes = whole(c, y.shape[2:])
    strides = tuple(c.attr("strides") or (1,) * n)
    dilation = tuple(c.attr("dilations") or (1,) * n)
    more = list(c.attr("output_padding") or (0,) * n)
    pads = list(c.attr("pads") or (0,) * 2 * n)
    low, high = pads[:n], pads[n:]
    natural = [(s - 1) * d + reach(w, e) for s, d, w, e in zip(sizes, strides, window, dilation, strict=True)]
    auto, asked = c.attr("auto_pad", "NOTSET"), c.attr("output_shape")
    wanted = list(asked)[-n:] if asked else [s * d for s, d in zip(sizes, strides, strict=True)]
    if asked or auto in ("SAME_UPPER", "SAME_LOWER"):
        for k in range(n):
            total = natural[k] + more[k] - wanted[k]
            less = max(0, total)
            low[k] = less // 2 if auto != "SAME_LOWER" else less - less // 2
            high[k] = less - low[k]
            more[k] += max(0, -total)
    elif auto == "VALID":
        low, high = [0] * n, [0] * n
    size = tuple(natural[k] + more[k] - low[k] - high[k] for k in range(n))
    back = tuple(natural[k] - size[k] - low[k] for k in range(n))
    turned = b.transpose(kernel, (*range(2, kernel.type.rank), 1, 0))
    found = b.apply("conv_input_grad", to_channels_last(y), turned, strides=strides, dilation=dilation, low=tuple(low),
                    high=back, groups=c.attr("group", 1), size=size)  # fmt: skip
    return to_channels_first(b.add(found, c.x(2)) if c.has(2) else found)


# --- pooling ---------------------------------------------------------------------------------------------


def taps(x: Node, w: Windows, value: float) -> list[Node]:
    """For each element of the window, what it meets at all places: [batch, channels, *out]."""
    rank = x.type.rank
    sizes = [int(str(size)) for size in x.shape[2:]]
    each = zip(w.high, w.out, w.strides, w.window, w.dilation, sizes, w.low, strict=True)
    high = [max(h, (o - 1) * s + reach(k, d) - n - low) for h, o, s, k, d, n, low in each]
    wide = padded(x, (0, 0, *w.low), (0, 0, *high), value)
    found = []
    for tap in every(*map(range, w.window)):
        part = wide
        for k in range(rank - 2):
            part = cut(part, k + 2, tap[k] * w.dilation[k], w.out[k], w.strides[k])
        found.append(part)
    return found


def max_pool(c: Call) -> tuple[Value, ...]:
    x = c.x()
    sizes = whole(c, x.shape[2:])
    w = windows_of(c, sizes, c.attr("kernel_shape"))
    least = -np.inf if x.dtype in ("f32", "f64") else np.iinfo(np.int32).min
    if c.wants(1):
        return _with_places(c, x, w, sizes, least)
    if set(w.dilation) == {1} and x.dtype in ("f32", "f64") and len(sizes) <= 3:
        found = b.apply("max_pool", to_channels_last(x), window=w.window, strides=w.strides, low=w.low, out=w.out)
        return (to_channels_first(found),)
    best, *others = taps(x, w, least)
    for part in others:
        best = b.maximum(best, part)
    return (best,)


def _with_places(c: Call, x: Node, w: Windows, sizes: tuple[int, ...], least: float) -> tuple[Value, ...]:
    """The greatest, and where it stands in x: first greatest, counted over the whole array."""
    channels = whole(c, x.shape[:2])
    numbers = np.arange(prod(sizes)).reshape(sizes)
    if c.attr("storage_order", 0):
        numbers = np.arange(prod(sizes)).reshape(sizes[::-1]).T
    plane = np.arange(prod(channels)).reshape(*channels, *(1,) * len(sizes)) * prod(sizes)
    places = c.node((plane + numbers).astype(np.int64))
    best, place = None, None
    for part, where in zip(taps(x, w, least), taps(places, w, 0), strict=True):
        if best is None or place is None:
            best, place = part, where
            continue
        better = b.less(best, part)
        best, place = b.where(better, part, best), b.where(better, where, place)
    assert best is not None
    assert place is not None
    return best, place


def counted(w: Windows, sizes: Sequence[int], with_padding: bool) -> Any:
    """How many elements each window has, of those that count: [*out]."""
    total: Any = np.ones((), np.float32)
    for k, n in enumerate(sizes):
        at = np.arange(w.out[k])[:, None] * w.strides[k] + np.arange(w.window[k]) * w.dilation[k] - w.low[k]
        begin, end = (-w.low[k], n + w.given_high[k]) if with_padding else (0, n)
        total = np.multiply.outer(total, ((at >= begin) & (at < end)).sum(1).astype(np.float32))
    return total


def summed(x: Node, w: Windows) -> Node:
    """The sum of each window."""
    if set(w.dilation) == {1} and len(w.window) <= 3:
        found = b.apply("pool_sum", to_channels_last(x), window=w.window, strides=w.strides, low=w.low, out=w.out,
                        divide="none")  # fmt: skip
        return to_channels_first(found)
    total, *others = taps(x, w, 0.0)
    for part in others:
        total = b.add(total, part)
    return total


def average_pool(c: Call) -> Node:
    x = c.x()
    sizes = whole(c, x.shape[2:])
    w = windows_of(c, sizes, c.attr("kernel_shape"))
    counts = counted(w, sizes, bool(c.attr("count_include_pad", 0)))
    if np.all(counts == counts.flat[0]):
        return b.div(summed(x, w), float(counts.flat[0]))
    return b.div(summed(x, w), b.cast(c.node(counts), x.dtype))


def powered(x: Node, p: int) -> Node:
    size = b.apply("abs", x)
    return size if p == 1 else b.mul(x, x) if p == 2 else b.power(size, float(p))


def rooted(x: Node, p: int) -> Node:
    return x if p == 1 else b.apply("sqrt", x) if p == 2 else b.power(x, 1.0 / p)


def lp_pool(c: Call) -> Node:
    x, p = c.x(), c.attr("p", 2)
    w = windows_of(c, whole(c, x.shape[2:]), c.attr("kernel_shape"))
    return rooted(summed(powered(x, p), w), p)


def global_pool(kind: str) -> Convert:
    def convert(c: Call) -> Node:
        x = c.x()
        axes = range(2, x.type.rank)
        match kind:
            case "max":
                return b.reduce("max", x, axes, keepdims=True)
            case "mean":
                return b.mean(x, axes, keepdims=True)
        p = c.attr("p", 2)
        return rooted(b.sum_(powered(x, p), axes, keepdims=True), p)

    return convert


def max_unpool(c: Call) -> Node:
    """Values back at the places that MaxPool said."""
    from nndsl.onnx.reading.call import as_index

    x, places = c.x(), c.x(1)
    sizes, n = whole(c, x.shape), x.type.rank - 2
    strides = c.attr("strides") or [1] * n
    pads = c.attr("pads") or [0] * 2 * n
    natural = [(sizes[k + 2] - 1) * strides[k] - pads[k] - pads[k + n] + c.attr("kernel_shape")[k] for k in range(n)]
    whole_shape = (*sizes[:2], *natural)
    out: tuple[Size, ...] = tuple(c.sizes(2)) if c.has(2) else whole_shape
    if c.has(2):  # places are counted in the array without the padding that is asked for
        plane = prod(natural)
        if prod(whole(c, out)[2:]) != plane:
            natural_out = whole(c, out)
            p = np.arange(prod(whole_shape))
            at = np.unravel_index(p, whole_shape)
            moved = np.ravel_multi_index(at, natural_out).astype(np.int32)
            index = as_index(b.reshape(b.apply("take", c.node(moved), as_index(places, len(moved))), (prod(sizes),)),
                             prod(natural_out))  # fmt: skip
            return b.reshape(b.apply("scatter_add", index, b.reshape(x, (prod(sizes),)), n=prod(natural_out)), out)
    total = prod(whole(c, out))
    index = as_index(b.reshape(places, (prod(sizes),)), total)
    return b.reshape(b.apply("scatter_add", index, b.reshape(x, (prod(sizes),)), n=total), out)


def col2im(c: Call) -> Node:
    """Columns of windows added up at their places in the image."""
    x = c.x()
    image, window = ([int(n) for n in c.known(k)] for k in (1, 2))
    n = len(image)
    strides, dilation = (tuple(c.attr(name) or (1,) * n) for name in ("strides", "dilations"))
    pads = list(c.attr("pads") or (0,) * 2 * n)
    spans = [reach(w, d) for w, d in zip(window, dilation, strict=True)]
    out = [(image[k] + pads[k] + pads[k + n] - spans[k]) // strides[k] + 1 for k in range(n)]
    batch, channels = whole(c, x.shape)[0], whole(c, x.shape)[1] // prod(window)
    parts = b.reshape(x, (batch, channels, prod(window), *out))
    total: Node | None = None
    for number, tap in enumerate(every(*map(range, window))):
        part = b.reshape(cut(parts, 2, number, 1), (batch, channels, *out))
        low = [tap[k] * dilation[k] for k in range(n)]
        size = [(out[k] - 1) * strides[k] + 1 for k in range(n)]
        high = [image[k] + pads[k] + pads[k + n] - low[k] - size[k] for k in range(n)]
        wide = b.apply("pad", part, low=(0, 0, *low), high=(0, 0, *high), interior=(0, 0, *(s - 1 for s in strides)),
                       value=0.0)  # fmt: skip
        total = wide if total is None else b.add(total, wide)
    assert total is not None
    for k in range(n):
        total = cut(total, k + 2, pads[k], image[k])
    return total


FAMILY: dict[str, Convert] = {
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "LpPool": lp_pool,
    "GlobalAveragePool": global_pool("mean"),
    "GlobalMaxPool": global_pool("max"),
    "GlobalLpPool": global_pool("lp"),
    "MaxUnpool": max_unpool,
    "Col2Im": col2im,
}
