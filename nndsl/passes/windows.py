"""Where values lie that are only parts of another one, or the same in another order: nothing has to be copied to read a
matrix whose rows are contiguous, whatever their distance, and none to write one.

slice(transpose(reshape(y, [b, t, 3, h, d]), [2, 0, 3, 1, 4]))     =>     y, by [0, t * 3 * h * d, d, 3 * h * d, 1]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from nndsl.ir.dims import Size, exact_quotient, product
from nndsl.ir.each import Window
from nndsl.ir.graph import Node
from nndsl.ir.types import Shape

Strides = tuple[Size, ...]


@dataclass(frozen=True)
class Strided:
    """A value as elements of an array: `start + index * strides`."""

    home: Node
    start: Size
    strides: Strides


def contiguous(shape: Shape) -> Strides:
    """The strides of an array by itself."""
    return tuple(product(shape[axis + 1 :]) for axis in range(len(shape)))


def reshaped(shape: Shape, strides: Strides, new: Shape) -> Strides | None:
    """The strides of the same elements under another shape; None where there are none."""
    old = [(n, s) for n, s in zip(shape, strides, strict=True) if n != 1]
    out: list[Size] = [0] * len(new)
    axes = [axis for axis, n in enumerate(new) if n != 1]
    while old or axes:
        if not old or not axes:
            return None
        taken, made = [old.pop(0)], [axes.pop(0)]
        have, want = taken[0][0], new[made[0]]
        while have != want:
            if old and exact_quotient(want, have) is not None:
                taken.append(old.pop(0))
                have = have * taken[-1][0]
            elif axes and exact_quotient(have, want) is not None:
                made.append(axes.pop(0))
                want = want * new[made[-1]]
            else:
                return None
        for (_, outer), (n, inner) in pairwise(taken):
            if outer != inner * n:
                return None
        step = taken[-1][1]
        for axis in reversed(made):
            out[axis] = step
            step = step * new[axis]
    return tuple(out)


def source(node: Node, stop: Callable[[Node], bool]) -> Strided:
    """Where a value lies in what it is a part of; `stop` says what is an array by itself in any case."""
    chain = [node]
    while not stop(chain[-1]) and chain[-1].op in ("reshape", "transpose", "slice", "broadcast_to"):
        chain.append(chain[-1].inputs[0])
    while True:
        home = chain.pop()
        start: Size = 0
        strides: Strides | None = contiguous(home.shape)
        for n in reversed(chain):
            assert strides is not None
            start, strides = _read(n, start, strides)
            if strides is None:
                break
        if strides is not None:
            return Strided(home, start, strides)


def _read(node: Node, start: Size, strides: Strides) -> tuple[Size, Strides | None]:
    (x,) = node.inputs
    match node.op:
        case "reshape":
            return start, reshaped(x.shape, strides, node.shape)
        case "transpose":
            return start, tuple(strides[axis] for axis in node.attrs["axes"])
        case "slice":
            for first, stride in zip(node.attrs["start"], strides, strict=True):
                start = start + first * stride
            return start, tuple(stride * step for stride, step in zip(strides, node.attrs["step"], strict=True))
    lead = len(node.shape) - len(x.shape)
    repeated = (0 if n == 1 else s for n, s in zip(x.shape, strides, strict=True))
    return start, (*[0] * lead, *repeated)


def parts(whole: Node, wanted: Mapping[Node, object], alone: Callable[[Node], bool]) -> dict[Node, Strided] | None:
    """The places of what an array is put together from, where that is all `wanted`, and nobody else needs what stands
    between them and the whole (`alone`)."""
    out: dict[Node, Strided] = {}

    def visit(node: Node, start: Size, strides: Strides) -> bool:
        if node in wanted:
            fresh = node not in out
            out[node] = Strided(whole, start, strides)
            return fresh
        if node is not whole and not alone(node):
            return False
        match node.op:
            case "reshape":
                under = reshaped(node.shape, strides, node.inputs[0].shape)
                return under is not None and visit(node.inputs[0], start, under)
            case "transpose":
                axes = node.attrs["axes"]
                return visit(node.inputs[0], start, tuple(strides[axes.index(i)] for i in range(len(axes))))
        joined = pieces(node)
        if joined is None:
            return False
        axis, found = joined
        for piece in found:
            if not visit(piece, start, strides):
                return False
            start = start + piece.shape[axis] * strides[axis]
        return True

    return out if visit(whole, 0, contiguous(whole.shape)) else None


def pieces(node: Node) -> tuple[int, list[Node]] | None:
    """The axis and the parts of what is joined from several: a concat, or a sum of pads that cover it."""
    if node.op == "concat":
        return node.attrs["axis"], list(node.inputs)
    leaves, rest = list[Node](), [node]
    while rest:
        n = rest.pop()
        if n.op == "add" and all(i.shape == node.shape for i in n.inputs):
            rest += n.inputs
        elif n.op == "pad" and n.attrs["value"] == 0 and not any(n.attrs["interior"]):
            leaves.append(n)
        else:
            return None
    axes = {axis for n in leaves for axis, size in enumerate(n.inputs[0].shape) if size != node.shape[axis]}
    if len(axes) != 1:
        return None
    (axis,) = axes
    at = {n.attrs["low"][axis]: n.inputs[0] for n in leaves}
    out: list[Node] = []
    place: Size = 0
    while place in at and len(out) < len(leaves):
        out.append(at[place])
        place = place + at[place].shape[axis]
    return (axis, out) if place == node.shape[axis] and len(out) == len(leaves) else None


def window(found: Strided, shape: Shape, lead: int) -> Window | None:
    """The matrix under `lead` outer axes; None where its rows are not contiguous. Numbers that stand in one row or one
    column must be contiguous too."""
    outer, inner, strides = found.strides[:lead], shape[lead:], found.strides[lead:]
    if not inner:
        return Window(found.start, outer, 1)
    if len(inner) == 1:
        return Window(found.start, outer, 1) if strides[0] == 1 or inner[0] == 1 else None
    rows, columns = inner
    if columns == 1:
        return Window(found.start, outer, 1) if strides[0] == 1 or rows == 1 else None
    if strides[1] != 1:
        return None
    pitch = columns if rows == 1 else strides[0]
    return None if pitch == 0 else Window(found.start, outer, pitch)
