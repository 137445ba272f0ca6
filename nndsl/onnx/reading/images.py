"""Images sampled at places that data names, and windows of signals."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product as every
from typing import Any

import numpy as np

from nndsl.ir.dims import product
from nndsl.ir.graph import Node
from nndsl.ir.types import NUMPY_NAMES, Kind, TensorType
from nndsl.onnx.reading.call import Call, Convert, as_index, cut
from nndsl.onnx.reading.elementwise import plain
from nndsl.onnx.reading.file import DTYPES
from nndsl.onnx.reading.indexing import whole
from nndsl.ops import build as b


def grid_sample(c: Call) -> Node:
    """The value of an image at each place of a grid: numbers from -1 to 1 along each axis, the last axis first."""
    x, grid = c.x(), c.x(1)
    sizes = whole(c, x.shape[2:])
    batch, channels = whole(c, x.shape[:2])
    rank = len(sizes)
    mode = {"bilinear": "linear", "bicubic": "cubic"}.get(c.attr("mode", "linear"), c.attr("mode", "linear"))
    corners = bool(c.attr("align_corners", 0))
    padding = c.attr("padding_mode", "zeros")
    places = []
    for k, n in enumerate(sizes):
        g = b.reshape(cut(grid, grid.type.rank - 1, rank - 1 - k, 1), grid.shape[:-1])
        at = b.mul(b.add(g, 1), (n - 1) / 2) if corners else b.sub(b.mul(b.add(g, 1), n / 2), 0.5)
        places.append(at)
    if mode == "nearest":
        places = [b.apply("round", at) for at in places]
    if mode != "cubic" or padding == "zeros":
        places = [_inside(at, n, padding, corners) for at, n in zip(places, sizes, strict=True)]
    flat = b.transpose(b.reshape(x, (batch, channels, product(sizes))), (0, 2, 1))
    lows = [b.apply("floor", at) for at in places]
    taps = {"nearest": (0,), "linear": (0, 1), "cubic": (-1, 0, 1, 2)}[mode]
    total: Node | None = None
    for tap in every(taps, repeat=rank):
        weight: Node | None = None
        index: list[Node] = []
        for k, offset in enumerate(tap):
            index.append(b.add(lows[k], offset) if offset else lows[k])
            if mode == "nearest":
                continue
            away = b.apply("abs", b.sub(places[k], index[k]))
            one = b.sub(1, away) if mode == "linear" else _cubic(away)
            weight = one if weight is None else b.mul(weight, one)
        value = _picked(c, flat, index, sizes, padding, corners, batch)
        part = value if weight is None else b.mul(value, b.reshape(weight, (*weight.shape, 1)))
        total = part if total is None else b.add(total, part)
    assert total is not None
    order = (0, total.type.rank - 1, *range(1, total.type.rank - 1))
    return b.transpose(total, order)


def _inside(at: Node, n: int, padding: str, corners: bool) -> Node:
    """Places beside the axis brought to its border, or reflected at it."""
    if padding == "border":
        return b.maximum(b.minimum(at, n - 1), 0)
    if padding != "reflection":
        return at
    low, high = (0.0, n - 1.0) if corners else (-0.5, n - 0.5)
    length = high - low
    if length <= 0:
        return b.mul(at, 0)
    off = _mod(b.sub(at, low), 2 * length)
    folded = b.add(b.minimum(off, b.sub(2 * length, off)), low)
    return folded if corners else b.maximum(b.minimum(folded, n - 1), 0)


def _mod(x: Node, y: float) -> Node:
    return b.sub(x, b.mul(b.apply("floor", b.div(x, y)), y))


def _cubic(away: Node) -> Node:
    """Keys' weights with a = -0.75."""
    a = -0.75
    near = b.add(b.mul(b.mul(b.sub(b.mul(away, a + 2), a + 3), away), away), 1)
    far = b.sub(b.mul(b.add(b.mul(b.sub(b.mul(away, a), 5 * a), away), 8 * a), away), 4 * a)
    return b.where(b.less_equal(away, 1), near, b.where(b.less(away, 2), far, 0))


def _picked(
    c: Call, flat: Node, index: list[Node], sizes: tuple[int, ...], padding: str, corners: bool, batch: int
) -> Node:
    """Elements [batch, *places, channels]; those beside the image are 0, or found as `padding` says."""
    there: Node | None = None
    total: Node | None = None
    for at, n in zip(index, sizes, strict=True):
        if padding == "zeros":
            fits = b.apply("logical_and", b.less_equal(0, at), b.less_equal(at, n - 1))
            there = fits if there is None else b.apply("logical_and", there, fits)
        else:
            at = _inside(at, n, padding, corners)
        at = b.cast(b.maximum(b.minimum(at, n - 1), 0), "i32")
        total = at if total is None else b.add(b.mul(total, n), at)
    assert total is not None
    count = int(np.prod(sizes))
    first = np.arange(batch, dtype=np.int32).reshape(batch, *(1,) * (total.type.rank - 1)) * count
    total = b.add(total, c.node(first))
    place = b.as_type(total, TensorType("i32", total.shape, Kind("index", batch * count)))
    table = b.reshape(flat, (batch * count, flat.shape[-1]))
    found = plain(b.apply("take", table, place))
    return found if there is None else b.where(b.reshape(there, (*there.shape, 1)), found, 0)


def affine_grid(c: Call) -> Node:
    """Places of a grid under an affine map: the product of their coordinates with each matrix."""
    theta = c.x()
    sizes = [int(n) for n in c.known(1)][2:]
    axes = []
    for n in sizes:
        steps = np.arange(n, dtype=np.float64)
        corners = bool(c.attr("align_corners", 0))
        axes.append(
            steps / (n - 1) * 2 - 1 if corners and n > 1 else (2 * steps + 1) / n - 1 if not corners else steps * 0
        )
    grids = np.meshgrid(*axes, indexing="ij")
    points = np.stack([*(g.reshape(-1) for g in reversed(grids)), np.ones(int(np.prod(sizes)))], axis=-1)
    batch = theta.shape[0]
    table = b.broadcast_to(b.cast(c.node(points.astype(np.float32)), theta.dtype), (batch, *points.shape))
    found = b.matmul(table, b.swap_last(theta))
    return b.reshape(found, (batch, *sizes, len(sizes)))


def window(formula: Callable[[Any], Any]) -> Convert:
    """A window of a signal: a sum of cosines of the turn so far."""

    def convert(c: Call) -> Any:
        n = int(c.known(0).item())
        dtype = NUMPY_NAMES[DTYPES.get(c.attr("output_datatype", 1), "f32")]
        length = n if c.attr("periodic", 1) else n - 1
        return formula(2 * np.pi * np.arange(n) / length).astype(dtype)

    return convert


FAMILY: dict[str, Convert] = {
    "GridSample": grid_sample,
    "AffineGrid": affine_grid,
    "HannWindow": window(lambda t: 0.5 - 0.5 * np.cos(t)),
    "HammingWindow": window(lambda t: 25 / 46 - 21 / 46 * np.cos(t)),
    "BlackmanWindow": window(lambda t: 0.42 - 0.5 * np.cos(t) + 0.08 * np.cos(2 * t)),
}

__all__ = ["FAMILY", "as_index"]
