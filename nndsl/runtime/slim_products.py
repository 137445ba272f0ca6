"""Products whose result is narrow, as LLVM IR; addresses and distances are those of `products`.

Where the columns of A are contiguous (a weight's gradient: the batch lies along the sum), vectors of A are loaded and
numbers of B spread, not the other way round: A is read once, in long runs, and there are full tiles of registers
although C has few columns. What comes out are the columns of C as rows, which change places at the end.
"""

from __future__ import annotations

from llvmlite import ir

from nndsl.costs import SLIM, STRIP_BYTES, STRIPS
from nndsl.runtime.flow import call, each, least, over, stack
from nndsl.runtime.llvm import V
from nndsl.runtime.packing import pack_rows, shared, strip_of
from nndsl.runtime.tiles import (
    NARROW,
    TILE_ROWS,
    TILE_VECTORS,
    VECTOR_BYTES,
    Kind,
    first_lanes,
    tile,
    transposed,
)

GROUP_BYTES = STRIPS * TILE_VECTORS * VECTOR_BYTES
"""Of a row of the strips that are computed together."""


@shared
def narrow(
    kind: Kind, a: V, row: V, step: V, b: V, down: V, across: V, c: V, c_row: V, rows: V, width: V, depth: V
) -> None:
    """A C narrower than a vector: B is filled up with zeros."""
    zero = depth.const(0)
    most = zero.const(STRIP_BYTES // VECTOR_BYTES)
    strip = stack(a.b, STRIP_BYTES)
    with each(zero, depth, most) as k:
        deep = least(most, depth - k)
        with each(zero, deep) as line:
            source, target = b + (k + line) * down, strip + line * VECTOR_BYTES
            kind.store(V(a.b, ir.Constant(kind.vector, None)), target)
            with each(zero, width) as j:
                kind.store(kind.load(source + j * across, kind.element), target + j * kind.size)
        with each(zero, rows, TILE_ROWS) as i:
            call(tile(a.b.module, kind, NARROW), a + i * row + k * step, row, step, strip, zero.const(VECTOR_BYTES),
                  zero, c + i * c_row, c_row, rows - i, deep, width, k.equals(0))  # fmt: skip


@shared
def slim(
    kind: Kind, a: V, row: V, step: V, b: V, down: V, across: V, c: V, c_row: V, rows: V, width: V, depth: V
) -> None:
    """Up to SLIM columns and at least a vector of rows, where `row` is the size of an element."""
    builder, zero = a.b, depth.const(0)
    most = zero.const(STRIP_BYTES // (TILE_VECTORS * VECTOR_BYTES))
    strips = over(over(rows + (kind.lanes - 1), kind.lanes) + (TILE_VECTORS - 1), TILE_VECTORS)
    memory, turned = stack(builder, STRIP_BYTES * STRIPS), stack(builder, SLIM * GROUP_BYTES)
    line = zero.const(GROUP_BYTES)
    with each(zero, strips, STRIPS) as group:
        first, _, _ = strip_of(kind, rows, strips, group)
        origin, stop = first * VECTOR_BYTES, least(group + STRIPS, strips)
        with each(zero, depth, most) as k:
            deep = least(most, depth - k)
            pack_rows(kind, a + k * step, step, rows, strips, group, deep, memory)
            with each(group, stop) as s:
                begin, count, last = strip_of(kind, rows, strips, s)
                strip, place = memory + (s - group) * STRIP_BYTES, turned + (begin * VECTOR_BYTES - origin)
                with each(zero, width, TILE_ROWS) as j:
                    for vectors in range(1, TILE_VECTORS + 1):
                        with builder.if_then(count.equals(vectors).value):
                            call(tile(builder.module, kind, vectors), b + j * across + k * down, across, down, strip,
                                 count * VECTOR_BYTES, (count - 1) * VECTOR_BYTES, place + j * line, line, width - j,
                                 deep, last, k.equals(0))  # fmt: skip
        begin, _, last = strip_of(kind, rows, strips, stop - 1)
        # The last vector of a group ends where its rows end, and may lie over the one before it.
        end = over(begin * VECTOR_BYTES + last - origin, kind.size)
        with each(zero, end + kind.lanes, kind.lanes) as i:
            at = least(i, end)
            _turn(kind, turned + at * kind.size, line, c + (over(origin, kind.size) + at) * c_row, c_row, width)


def _turn(kind: Kind, source: V, line: V, target: V, c_row: V, width: V) -> None:
    """A vector of each of `width` lines as that many rows of C."""
    builder, zero = source.b, width.const(0)
    with builder.if_else((width < kind.lanes).value) as (few, usual):
        with few:
            mask = first_lanes(width, kind.lanes)
            for i, numbers in enumerate(transposed(kind, source, line)):
                kind.store_some(numbers, target + c_row * i, mask)
        with usual, each(zero, width, kind.lanes) as j:
            at = least(j, width - kind.lanes)
            for i, numbers in enumerate(transposed(kind, source + at * line, line)):
                kind.store(numbers, target + at * kind.size + c_row * i)
