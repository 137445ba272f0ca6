"""Convolution, pooling and resizing: channels go first, and stay there as long as nobody asks for the other order."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from nndsl.diagnostics import NndslError
from nndsl.ir.dims import Size
from nndsl.ir.graph import Node
from nndsl.onnx.exporting.elementwise import Convert
from nndsl.onnx.exporting.writer import Writer, channels_first
from nndsl.ops.windows import places, reach, same_padding
from nndsl.problems.onnx import CannotExport

Pads = tuple[list[Size], list[Size]]


def padding(w: Writer, x: str, pads: Pads, sizes: Sequence[Size], window: Sequence[int], strides: Sequence[int],
            dilation: Sequence[int], value: str) -> tuple[str, dict[str, Any]]:  # fmt: skip
    """The image and the attributes that pad it: ONNX takes numbers, or what Keras means by "same".

    What is neither, since data decides it or since it cuts off, is carried out before.
    """
    low, high = pads
    known = [size for size in (*low, *high) if isinstance(size, int) and size >= 0]
    if len(known) == 2 * len(low):
        return x, {"pads": known} if any(known) else {}
    same = [same_padding(*axis) for axis in zip(sizes, window, strides, dilation, strict=True)]
    if same == list(zip(low, high, strict=True)):
        return x, {"auto_pad": "SAME_UPPER"}
    none: list[Size] = [0, 0]
    return w.one("Pad", x, w.shape((*none, *low, *none, *high)), value), {}


def kernel(w: Writer, node: Node) -> str:
    """[*window, channels, filters] as [filters, channels, *window]."""
    rank = node.type.rank
    perm = (rank - 1, rank - 2, *range(rank - 2))
    if node in w.arrays:
        return w.constant(np.transpose(w.arrays[node], perm), node.name or "constant")
    return w.one("Transpose", w.value(node), perm=perm)


def convolution(w: Writer, node: Node, result: Node, bias: Node | None = None) -> None:
    """The value of `result`: the convolution `node`, with a bias on top where there is one."""
    x, weights = node.inputs
    attrs = node.attrs
    window = [size for size in weights.shape[:-2] if isinstance(size, int)]
    pads = (list(attrs["low"]), list(attrs["high"]))
    image, padded = padding(w, w.value_first(x), pads, x.shape[1:-1], window, attrs["strides"], attrs["dilation"],
                            w.scalar(0, node.dtype))  # fmt: skip
    inputs = [image, kernel(w, weights), *([w.value(bias)] if bias else [])]
    w.emit(result, "Conv", *inputs, layout="first", kernel_shape=window, strides=attrs["strides"],
           dilations=attrs["dilation"], group=attrs["groups"], **padded)  # fmt: skip


def conv(w: Writer, node: Node) -> None:
    convolution(w, node, node)


def transposed(w: Writer, node: Node) -> None:
    """A transposed convolution; `high` may leave places that no window reached, which is ONNX's output_padding.

    Where data decides the padding, or it is below 0, all places are computed, and cut or filled up then.
    """
    y, weights = node.inputs
    attrs = node.attrs
    window = [size for size in weights.shape[:-2] if isinstance(size, int)]
    low, high, more = list(attrs["low"]), list[Size](), list[Size]()
    beyond: list[Size] = []
    each = zip(y.shape[1:-1], attrs["size"], attrs["strides"], window, attrs["dilation"], low, strict=True)
    for n, size, stride, span, dilation, before in each:
        left = size + before - ((n - 1) * stride + reach(span, dilation))
        beyond.append(left)
        high.append(max(0, -left) if isinstance(left, int) else left)
        more.append(max(0, left) if isinstance(left, int) else left)
    shared = {"kernel_shape": window, "strides": attrs["strides"], "dilations": attrs["dilation"],
              "group": attrs["groups"]}  # fmt: skip
    inputs = w.value_first(y), kernel(w, weights)
    fits = all(isinstance(size, int) and size >= 0 for size in (*low, *high, *more))
    if fits and all(m < max(s, d) for m, s, d in zip(more, attrs["strides"], attrs["dilation"], strict=True)):
        w.emit(node, "ConvTranspose", *inputs, layout="first", pads=[*low, *high],
               output_padding=more if any(more) else None, **shared)  # fmt: skip
        return
    none: list[Size] = [0, 0]
    pads = w.shape((*none, *(-size for size in low), *none, *beyond))
    w.emit(node, "Pad", w.one("ConvTranspose", *inputs, **shared), pads, w.scalar(0, node.dtype), layout="first")


def pool(op: str) -> Convert:
    def convert(w: Writer, node: Node) -> None:
        (x,), attrs = node.inputs, node.attrs
        window, strides, out = attrs["window"], attrs["strides"], node.shape[1:-1]
        if 0 in window:
            w.alias(node, _adaptive(w, node, op), "first")
            return
        image = w.value_first(x)
        low = list(attrs["low"])
        plain = tuple(places(*axis) for axis in zip(x.shape[1:-1], window, strides, strict=True))
        if not any(low) and out == plain:
            high: list[Size] = [0] * len(low)
        else:
            triples = zip(out, strides, window, low, x.shape[1:-1], strict=True)
            high = [(o - 1) * s + k - before - n for o, s, k, before, n in triples]
            high = [0 if isinstance(size, int) and size < 0 else size for size in high]
        least = w.scalar(-np.inf if op == "MaxPool" else 0, node.dtype)
        divide = attrs.get("divide")
        image, padded = padding(w, image, (low, high), x.shape[1:-1], window, strides, (1,) * len(low), least)
        if "auto_pad" not in padded and "pads" not in padded and any((*low, *high)) and divide == "real":
            raise NndslError(CannotExport(node.span, "a mean over windows whose padding the data decides",
                                          "give its input known sizes, or leave out the padding"))  # fmt: skip
        more = {"count_include_pad": int(divide != "real")} if op == "AveragePool" else {}
        shared = {"kernel_shape": list(window), "strides": list(strides), **padded, **more}
        if divide == "none":
            mean = w.one(op, image, **shared)
            w.emit(node, "Mul", mean, w.scalar(prod(window), node.dtype), layout="first")
        else:
            w.emit(node, op, image, layout="first", **shared)

    return convert


def _adaptive(w: Writer, node: Node, op: str) -> str:
    """Windows that share an axis evenly: axis by axis, since greatest and mean of boxes come apart so."""
    reduce = "ReduceMax" if op == "MaxPool" else "ReduceMean"
    image = w.value_first(node.inputs[0])
    window = node.attrs["window"]
    sizes = [size for size in node.inputs[0].shape[1:-1] if isinstance(size, int)]
    counts = [size for size in node.shape[1:-1] if isinstance(size, int)]
    if any(window) or len(sizes) < len(window) or len(counts) < len(window):
        raise NndslError(CannotExport(node.span, "windows that share an axis whose size the data decides",
                                      "give the image known sizes"))  # fmt: skip
    for axis, (size, count) in enumerate(zip(sizes, counts, strict=True), start=2):
        parts = []
        for o in range(count):
            begin, end = o * size // count, -((-o - 1) * size // count)
            cut = w.one("Slice", image, w.ints(begin), w.ints(end), w.ints(axis))
            parts.append(w.one(reduce, cut, w.ints(axis), keepdims=1))
        image = w.one("Concat", *parts, name=node.name or "pooled", axis=axis)
    return image


def spread(w: Writer, node: Node) -> None:
    """Each value at all places of its window: an image made larger by whole factors."""
    (v,), attrs = node.inputs, node.attrs
    window = attrs["window"]
    larger = tuple(n * k for n, k in zip(v.shape[1:-1], window, strict=True))
    apart = tuple(window) == tuple(attrs["strides"]) and not any(attrs["low"]) and tuple(attrs["size"]) == larger
    if not apart or 0 in window or attrs["divide"] == "real":
        raise NndslError(CannotExport(node.span, "values spread over windows that overlap", "ONNX has no op for it"))
    value = w.value_first(v)
    if attrs["divide"] == "window":
        value = w.one("Div", value, w.scalar(prod(window), node.dtype))
    scales = w.constant(np.array((1, 1, *window), np.float32), "constant")
    w.emit(node, "Resize", value, "", scales, layout="first", mode="nearest", nearest_mode="floor",
           coordinate_transformation_mode="asymmetric")  # fmt: skip


def resize_axis(w: Writer, node: Node) -> None:
    """Sizes of all axes, of which one changes; the middle of each new place decides where it looks."""
    (x,), mode, first = node.inputs, node.attrs["mode"], w.is_first(node.inputs[0])
    shape = [node.shape[k] for k in channels_first(x.type.rank)] if first else list(node.shape)
    source = w.first[x] if first else w.value(x)
    w.emit(node, "Resize", source, "", "", w.shape(shape), layout="first" if first else "last",
           mode="linear" if mode == "bilinear" else "nearest", coordinate_transformation_mode="half_pixel",
           nearest_mode="round_prefer_ceil" if mode == "nearest" else None)  # fmt: skip


FAMILY: dict[str, Convert] = {
    "conv": conv,
    "conv_input_grad": transposed,
    "max_pool": pool("MaxPool"),
    "pool_sum": pool("AveragePool"),
    "pool_spread": spread,
    "resize_axis": resize_axis,
}
