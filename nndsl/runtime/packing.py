"""Copies of the factors of a product: what lies far apart is made contiguous, in the cache, before tiles go over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from nndsl.costs import STRIP_BYTES, STRIP_ROWS, STRIPS
from nndsl.runtime.flow import each, least, over
from nndsl.runtime.llvm import I64, V
from nndsl.runtime.tiles import TILE_ROWS, TILE_VECTORS, VECTOR_BYTES, Kind, new_function, transpose

Body = Callable[..., None]


def shared(body: Body) -> Callable[[Any, Kind], Any]:
    """Make a function of (kind, a, row, step, b, down, across, c, c_row, rows, width, depth) one of a module."""

    def find(module: Any, kind: Kind) -> Any:
        name = f"nn{body.__name__}_{kind.name}"
        if name in module.globals:
            return module.globals[name]
        function = new_function(module, name, [I64] * 11)
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        body(kind, *(V(builder, x) for x in function.args))
        builder.ret_void()
        return function

    return find


def strip_of(kind: Kind, width: V, strips: V, s: V) -> tuple[V, V, V]:
    """The strip `s` of a row: its first vector, their number, and where the last one starts, in bytes from the first.

    Strips are as even as possible: never a single vector beside others, whose place would have to move back into
    another strip.
    """
    total = over(width + (kind.lanes - 1), kind.lanes)
    first = over(total * s, strips)
    count = over(total * (s + 1), strips) - first
    last = least((count - 1) * VECTOR_BYTES, width * kind.size - (first + 1) * VECTOR_BYTES)
    return first, count, last


def pack_rows(kind: Kind, b: V, down: V, width: V, strips: V, begin: V, depth: V, memory: V) -> None:
    """STRIPS strips of B, from `begin`, where its rows are contiguous."""
    zero = depth.const(0)
    with each(zero, depth, STRIP_ROWS) as chunk, each(begin, least(begin + STRIPS, strips)) as s:
        first, count, last = strip_of(kind, width, strips, s)
        source, target, stop = b + first * VECTOR_BYTES, memory + (s - begin) * STRIP_BYTES, chunk + STRIP_ROWS
        for vectors in range(1, TILE_VECTORS + 1):
            places = [last if v and v == vectors - 1 else last.const(v * VECTOR_BYTES) for v in range(vectors)]
            with b.b.if_then(count.equals(vectors).value), each(chunk, least(stop, depth)) as k:
                for v, place in enumerate(places):
                    vector = kind.load(source + k * down + place, kind.vector)
                    kind.store(vector, target + k * (vectors * VECTOR_BYTES) + v * VECTOR_BYTES)


def columns_as_rows(kind: Kind, source: V, across: V, rows: V, target: V, row: V) -> None:
    """A vector's worth of columns, each contiguous and `across` from the next, as vectors `row` apart."""
    size, zero = kind.size, rows.const(0)
    whole = over(rows, kind.lanes) * kind.lanes
    with each(zero, whole, kind.lanes) as k:
        transpose(kind, source + k * size, across, target + k * row, row)
    with each(whole, rows) as k, each(zero, zero.const(kind.lanes)) as j:
        number = kind.load(source + j * across + k * size, kind.element)
        kind.store(number, target + k * row + j * size)


def pack_columns(kind: Kind, b: V, across: V, count: V, last: V, depth: V, strip: V) -> None:
    """One strip of B where its columns are contiguous, `across` apart."""
    with each(depth.const(0), count) as v:
        place = v * VECTOR_BYTES
        source = b + over(least(place, last), kind.size) * across
        columns_as_rows(kind, source, across, depth, strip + place, count * VECTOR_BYTES)


def pack_a(kind: Kind, a: V, step: V, tiles: V, depth: V, memory: V, apart: V) -> None:
    """Rows of A that lie side by side, as strips of TILE_ROWS, `apart` bytes each."""
    tile_bytes, zero = TILE_ROWS * kind.size, depth.const(0)
    with each(zero, depth) as k, each(zero, tiles) as t:
        numbers = kind.load(a + k * step + t * tile_bytes, kind.several(TILE_ROWS))
        kind.store(numbers, memory + t * apart + k * tile_bytes)
