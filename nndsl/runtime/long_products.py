"""A part of a product whose sum is long and whose result is small, as LLVM IR.

x[start:stop].T @ y[start:stop], for a weight of a recurrent net: the result stays in the first-level cache, and so does
a chunk of the rows of both sides while all tiles go over them. Nothing is copied: each row is read where it is, a few
times in short order. Addresses and distances are those of `products`.
"""

from __future__ import annotations

from typing import Any

from nndsl.costs import PRODUCT_CHUNK
from nndsl.runtime.flow import call, each, least, over
from nndsl.runtime.llvm import F32, F64, I64, V, intrinsic
from nndsl.runtime.packing import shared, strip_of
from nndsl.runtime.slim_products import narrow
from nndsl.runtime.target import arrayobj, types
from nndsl.runtime.tiles import TILE_ROWS, TILE_VECTORS, VECTOR_BYTES, Kind, tile


@shared
def _long(
    kind: Kind, a: V, row: V, step: V, b: V, down: V, across: V, c: V, c_row: V, rows: V, width: V, depth: V
) -> None:
    """C = A @ B where the rows of B are contiguous and at least a vector wide, with a depth of at least 1."""
    zero = depth.const(0)
    strips = over(over(width + (kind.lanes - 1), kind.lanes) + (TILE_VECTORS - 1), TILE_VECTORS)
    with each(zero, depth, PRODUCT_CHUNK) as k:
        deep = least(depth - k, PRODUCT_CHUNK)
        with each(zero, strips) as s:
            first, count, last = strip_of(kind, width, strips, s)
            strip = b + k * down + first * VECTOR_BYTES
            with each(zero, rows, TILE_ROWS) as i:
                place = c + i * c_row + first * VECTOR_BYTES
                for vectors in range(1, TILE_VECTORS + 1):
                    with a.b.if_then(count.equals(vectors).value):
                        call(tile(a.b.module, kind, vectors), a + i * row + k * step, row, step, strip, down, last,
                             place, c_row, rows - i, deep, last, k.equals(0))  # fmt: skip


@shared
def _part(
    kind: Kind, a: V, row: V, step: V, b: V, down: V, across: V, c: V, c_row: V, rows: V, width: V, depth: V
) -> None:
    """The same of any width and depth: a part behind the last row is zeros."""
    builder, zero = a.b, depth.const(0)
    given = (a, row, step, b, down, across, c, c_row, rows, width, depth)
    with builder.if_then(depth.equals(0).value):
        with each(zero, rows * width) as place:
            kind.store(V(builder, kind.element(0.0)), c + place * kind.size)
        builder.ret_void()
    with builder.if_else((width < kind.lanes).value) as (few, usual):
        with few:
            call(narrow(builder.module, kind), *given)
        with usual:
            call(_long(builder.module, kind), *given)


@intrinsic
def product_part(typing_context: Any, x: Any, y: Any, out: Any, part: Any, start: Any, stop: Any) -> Any:
    """out[part] = x[start:stop].T @ y[start:stop]."""

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        kind = Kind(F32 if out.dtype == types.float32 else F64)
        arrays = [arrayobj.make_array(t)(context, b, v) for t, v in zip((x, y, out), arguments, strict=False)]
        left, right, result = (V(b, b.ptrtoint(array.data, I64)) for array in arrays)
        rows, width = (V(b, b.extract_value(array.shape, 1)) for array in arrays[:2])
        number, first, last = (V(b, v) for v in arguments[3:])
        size = rows.const(kind.size)
        step, down = rows * kind.size, width * kind.size
        call(_part(b.module, kind), left + first * step, size, step, right + first * down, down, size,
             result + number * (rows * down), down, rows, width, last - first)  # fmt: skip
        return context.get_dummy_value()

    return types.void(x, y, out, *[types.int64] * 3), emit
