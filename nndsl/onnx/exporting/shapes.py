"""Reductions, matrix products, and ops that move elements without changing them."""

from __future__ import annotations

import numpy as np

from nndsl.diagnostics import NndslError
from nndsl.ir.dims import Size
from nndsl.ir.graph import Node
from nndsl.ir.types import promote
from nndsl.onnx.exporting.elementwise import Convert
from nndsl.onnx.exporting.writer import ELEMENTS, Writer, channels_first, symbolic
from nndsl.problems.onnx import CannotExport

WHOLE = np.iinfo(np.int64).max
"""An end that stands for the end of any axis."""
BEFORE_ALL = -WHOLE


def reduction(op: str) -> Convert:
    """A reduction over axes. Those of an image with channels first are found there."""

    def convert(w: Writer, node: Node) -> None:
        (x,), axes = node.inputs, node.attrs["axes"]
        name, axes = _input(w, x, axes)
        dtype = "i32" if x.dtype == "bool" else x.dtype
        w.emit(node, op, w.cast(name, x.dtype, dtype), w.ints(*axes), keepdims=0)

    return convert


def _input(w: Writer, x: Node, axes: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """The value and its axes: as it is there, if what is left has the same order either way."""
    rank = x.type.rank
    if w.is_first(x):
        left = [k for k in channels_first(rank) if k not in axes]
        if left == sorted(left):
            return w.first[x], tuple(sorted(channels_first(rank).index(k) for k in axes))
    return w.value(x), tuple(axes)


def extreme_place(op: str) -> Convert:
    def convert(w: Writer, node: Node) -> None:
        (axis,) = node.attrs["axes"]
        name, axes = _input(w, node.inputs[0], (axis,))
        w.emit(node, "Cast", w.one(op, name, axis=axes[0], keepdims=0), to=ELEMENTS[node.dtype])

    return convert


def matmul(w: Writer, node: Node) -> None:
    sides = []
    for x, turned in zip(node.inputs, (node.attrs.get("ta"), node.attrs.get("tb")), strict=True):
        rank = x.type.rank
        perm = (*range(rank - 2), rank - 1, rank - 2)
        if turned and x in w.arrays:
            sides.append(w.constant(np.transpose(w.arrays[x], perm), x.name or "constant"))
        else:
            sides.append(w.one("Transpose", w.value(x), perm=perm) if turned else w.value(x))
    w.emit(node, "MatMul", *sides)


def einsum(w: Writer, node: Node) -> None:
    dtype = promote(*(x.dtype for x in node.inputs))
    names = [w.cast(w.value(x), x.dtype, dtype) for x in node.inputs]
    w.emit(node, "Einsum", *names, equation=node.attrs["spec"])


def softmax(op: str) -> Convert:
    def convert(w: Writer, node: Node) -> None:
        (x,), axis = node.inputs, node.attrs["axis"]
        if w.is_first(x):
            w.emit(node, op, w.first[x], layout="first", axis=channels_first(x.type.rank).index(axis))
        else:
            w.emit(node, op, w.value(x), axis=axis)

    return convert


# --- elements on the move --------------------------------------------------------------------------------


def reshape(w: Writer, node: Node) -> None:
    (x,) = node.inputs
    if x.shape == node.shape:
        w.alias(node, w.value(x))
    else:
        w.reshaped(w.value(x), node.shape, x.shape, node)


def transpose(w: Writer, node: Node) -> None:
    w.emit(node, "Transpose", w.value(node.inputs[0]), perm=node.attrs["axes"])


def broadcast_to(w: Writer, node: Node) -> None:
    w.emit(node, "Expand", w.value(node.inputs[0]), w.shape(node.shape))


def slice_(w: Writer, node: Node) -> None:
    """Only the axes that are cut."""
    (x,) = node.inputs
    starts: list[Size] = []
    ends: list[Size] = []
    axes: list[int] = []
    steps: list[int] = []
    for axis, (start, size, step) in enumerate(zip(*(node.attrs[k] for k in ("start", "size", "step")), strict=True)):
        if step == 1 and size == x.shape[axis]:
            continue
        end = start + size if step == 1 else start + (size - 1) * step + (1 if step > 0 else -1)
        if step < 0 and end == -1:
            end = BEFORE_ALL
        starts.append(start)
        ends.append(WHOLE if step > 0 and end == x.shape[axis] else end)
        axes.append(axis)
        steps.append(step)
    if not axes:
        w.alias(node, w.value(x))
        return
    first = w.is_first(x)
    if first:
        axes = [channels_first(x.type.rank).index(axis) for axis in axes]
    source, layout = (w.first[x], "first") if first else (w.value(x), "last")
    w.emit(node, "Slice", source, w.shape(starts), w.shape(ends), w.ints(*axes), w.ints(*steps), layout=layout)


def pad(w: Writer, node: Node) -> None:
    (x,) = node.inputs
    if any(node.attrs["interior"]):
        raise NndslError(CannotExport(node.span, "constants between the elements of an axis", "ONNX has no op for it"))
    low, high, first = list(node.attrs["low"]), list(node.attrs["high"]), w.is_first(x)
    if first:
        order = channels_first(x.type.rank)
        low, high = [low[k] for k in order], [high[k] for k in order]
    value = w.scalar(node.attrs["value"], x.dtype)
    w.emit(node, "Pad", w.first[x] if first else w.value(x), w.shape((*low, *high)), value,
           layout="first" if first else "last")  # fmt: skip


def concat(w: Writer, node: Node) -> None:
    axis, rank = node.attrs["axis"], node.type.rank
    first = rank > 2 and all(x in w.first or x in w.arrays for x in node.inputs)
    first = first and any(w.is_first(x) for x in node.inputs)
    names = [w.value_first(x) if first else w.value(x) for x in node.inputs]
    layout = "first" if first else "last"
    w.emit(node, "Concat", *names, layout=layout, axis=channels_first(rank).index(axis) if first else axis)


FAMILY: dict[str, Convert] = {
    "sum": reduction("ReduceSum"),
    "prod": reduction("ReduceProd"),
    "max": reduction("ReduceMax"),
    "min": reduction("ReduceMin"),
    "argmax": extreme_place("ArgMax"),
    "argmin": extreme_place("ArgMin"),
    "matmul": matmul,
    "einsum": einsum,
    "softmax": softmax("Softmax"),
    "log_softmax": softmax("LogSoftmax"),
    "reshape": reshape,
    "transpose": transpose,
    "broadcast_to": broadcast_to,
    "slice": slice_,
    "pad": pad,
    "concat": concat,
}

__all__ = ["FAMILY", "symbolic"]
