"""Resize: each axis is multiplied with a matrix of weights, which is computed now."""

from __future__ import annotations

from typing import Any

import numpy as np

from nndsl.ir.dims import product
from nndsl.ir.graph import Node
from nndsl.onnx.reading.call import Call, Convert, to_last
from nndsl.onnx.reading.indexing import whole
from nndsl.onnx.reading.shapes import picked
from nndsl.ops import build as b


def places(mode: str, n: int, m: int, scale: float, roi: tuple[float, float]) -> Any:
    """Where each new element lies among the old ones."""
    i = np.arange(m, dtype=np.float64)
    match mode:
        case "half_pixel":
            return (i + 0.5) / scale - 0.5
        case "pytorch_half_pixel":
            return (i + 0.5) / scale - 0.5 if m > 1 else np.zeros(m)
        case "align_corners":
            length = scale * n
            return i * (n - 1) / (length - 1) if length != 1 else np.zeros(m)
        case "asymmetric":
            return i / scale
        case "tf_half_pixel_for_nn":
            return (i + 0.5) / scale
        case "half_pixel_symmetric":
            # Where n * scale is no whole number, the middle of the axis stays in the middle.
            adjust = m / (n * scale)
            return n / 2 * (1 - adjust) + (i + 0.5) / scale - 0.5
        case "tf_crop_and_resize":
            start, end = roi
            if m == 1:
                return np.full(1, 0.5 * (start + end) * (n - 1))
            return start * (n - 1) + i * (end - start) * (n - 1) / (m - 1)
    raise ValueError(mode)


def nearest(mode: str, x: Any) -> Any:
    match mode:
        case "round_prefer_floor":
            return np.ceil(x - 0.5)
        case "round_prefer_ceil":
            return np.floor(x + 0.5)
        case "floor":
            return np.floor(x)
    return np.ceil(x)


def linear_weight(x: Any) -> Any:
    return np.maximum(0, 1 - np.abs(x))


def cubic_weight(x: Any, a: float) -> Any:
    """Keys, "Cubic convolution interpolation" (1981)."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def weights(at: Any, n: int, mode: str, scale: float, antialias: bool, a: float, exclude: bool) -> Any:
    """A row for each new element, a column for each old one; beside the axis its ends are repeated."""
    shrink = min(1.0, scale) if antialias else 1.0
    support = int(np.ceil((1 if mode == "linear" else 2) / shrink)) + 1
    out = np.zeros((len(at), n))
    for row, x in enumerate(at):
        around = np.arange(int(np.floor(x)) - support, int(np.floor(x)) + support + 1)
        away = (around - x) * shrink
        each = linear_weight(away) if mode == "linear" else cubic_weight(away, a)
        if exclude:
            each = np.where((around >= 0) & (around < n), each, 0)
        each = each / each.sum()
        np.add.at(out[row], np.clip(around, 0, n - 1), each)
    return out


def resize(c: Call) -> Node:
    x = c.x()
    rank = x.type.rank
    old = c.version < 11
    axes = [c.of_rank(k, rank) for k in c.attr("axes") or range(rank)]
    scales = [1.0] * rank
    sizes = list(x.shape)
    position = 1 if old else 2
    if not old and c.has(3) and c.known(3).size:
        scales, sizes = _asked(c, x, axes, [int(n) for n in c.known(3)])
    else:
        given = c.known(position) if c.has(position) else np.array(c.attr("scales"), np.float32)
        for axis, scale in zip(axes, given.reshape(-1), strict=True):
            n = x.shape[axis]
            scales[axis] = float(scale)
            sizes[axis] = n if scale == 1 else int(np.floor(whole(c, (n,))[0] * float(scale)))
    roi = [(0.0, 1.0)] * rank
    transform = c.attr("coordinate_transformation_mode", "asymmetric" if old else "half_pixel")
    if transform == "tf_crop_and_resize":
        flat = c.known(1).reshape(-1)
        for k, axis in enumerate(axes):
            roi[axis] = float(flat[k]), float(flat[k + len(axes)])
    mode = c.attr("mode", "nearest")
    mode = "linear" if mode == "bilinear" else mode
    inside: Node | None = None
    for axis in range(rank):
        n, m = x.shape[axis], sizes[axis]
        if n == m and scales[axis] == 1 and roi[axis] == (0.0, 1.0):
            continue
        (n,), (m,) = whole(c, (n,)), whole(c, (m,))
        at = places(transform, n, m, scales[axis], roi[axis])
        if transform == "tf_crop_and_resize":
            there = ((at >= 0) & (at <= n - 1)).reshape(tuple(m if k == axis else 1 for k in range(rank)))
            node = c.node(there)
            inside = node if inside is None else b.apply("logical_and", *_alike(inside, node))
        if mode == "nearest":
            chosen = nearest(c.attr("nearest_mode", "floor" if old else "round_prefer_floor"), at)
            x = picked(c, x, np.clip(chosen, 0, n - 1).astype(np.int64), axis)
        else:
            table = weights(at, n, mode, scales[axis], bool(c.attr("antialias", 0)), c.attr("cubic_coeff_a", -0.75),
                            bool(c.attr("exclude_outside", 0)))  # fmt: skip
            x = mixed(c, x, axis, table)
    if inside is not None:
        x = b.where(inside, x, c.attr("extrapolation_value", 0.0))
    return x


def _alike(a: Node, other: Node) -> list[Node]:
    from nndsl.onnx.reading.call import common

    return common(a, other)


def mixed(c: Call, x: Node, axis: int, table: Any) -> Node:
    """An axis multiplied with a matrix [new, old]."""
    turned, back = to_last(x, axis)
    rows = product(turned.shape[:-1])
    found = b.matmul(b.reshape(turned, (rows, turned.shape[-1])), b.cast(c.node(table.T.astype(np.float32)), x.dtype))
    return b.transpose(b.reshape(found, (*turned.shape[:-1], table.shape[0])), back)


def _asked(c: Call, x: Node, axes: list[int], wanted: list[int]) -> tuple[list[float], list[Any]]:
    """Scales and sizes from the sizes that are asked for, with the proportions kept where that is said."""
    scales, sizes = [1.0] * x.type.rank, list(x.shape)
    known = {axis: n for axis in axes if isinstance(n := x.shape[axis], int)}
    policy = c.attr("keep_aspect_ratio_policy", "stretch")
    ratios = [w / known[axis] for axis, w in zip(axes, wanted, strict=True) if axis in known]
    for axis, w in zip(axes, wanted, strict=True):
        if axis not in known:
            continue
        if policy == "stretch":
            scales[axis], sizes[axis] = w / known[axis], w
        else:
            scale = min(ratios) if policy == "not_larger" else max(ratios)
            scales[axis], sizes[axis] = scale, int(np.floor(scale * known[axis] + 0.5))
    return scales, sizes


FAMILY: dict[str, Convert] = {"Resize": resize, "Upsample": resize}
