"""Rows of a table that a list of words names: their sum, and one row added to each of them, as LLVM IR.

Up to eight vectors of a row are held in registers while the list goes by. As in `tiles` there are no tails: the last
vector of a row may lie over the one before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from nndsl.runtime.flow import Cell, each, least, over, stack
from nndsl.runtime.llvm import F32, F64, I32, I64, V, intrinsic
from nndsl.runtime.target import arrayobj, types
from nndsl.runtime.tiles import VECTOR_BYTES, Kind, first_lanes, new_function

GROUPS = (8, 4, 2, 1)
CHUNK = 256
"""Words that are looked through before any is added: to choose among them by branches would be slow."""
Body = Callable[..., None]


def _function(module: Any, name: str, count: int, body: Body) -> Any:
    """A function of `count` integers, one of a module."""
    if name in module.globals:
        return module.globals[name]
    function = new_function(module, name, [I64] * count)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    body(*(V(builder, x) for x in function.args))
    builder.ret_void()
    return function


def _word(words: V, k: V) -> V:
    b = words.b
    return V(b, b.sext(b.load(b.inttoptr((words + k * 4).value, I32.as_pointer()), align=4), I64))


def _offsets(first: V, last: V, vectors: int) -> list[V]:
    """Where the vectors of a group start, in bytes from the row's start."""
    return [least(first + j * VECTOR_BYTES, last) for j in range(vectors)]


def _behind(kind: Kind, values: V, overlap: V) -> V:
    """Zeros for so many bytes of a vector, which lie over the vector before it and are added there."""
    b = values.b
    earlier = first_lanes(over(overlap, kind.size), kind.lanes)
    return V(b, b.select(earlier.value, ir.Constant(kind.vector, None), values.value))


def _sum(kind: Kind, vectors: int) -> Body:
    """The sum of the rows named, -1 naming none."""

    def body(words: V, count: V, table: V, row: V, out: V, first: V, last: V) -> None:
        b = words.b
        offsets = _offsets(first, last, vectors)
        sums = [Cell(V(b, ir.Constant(kind.vector, None))) for _ in offsets]  # registers, once LLVM has seen them
        with each(count.const(0), count) as k:
            word = _word(words, k)
            with b.if_then((word >= 0).value):
                for total, offset in zip(sums, offsets, strict=True):
                    total.set(kind.add(total.get(), kind.load(table + word * row + offset, kind.vector)))
        for total, offset in zip(sums, offsets, strict=True):
            kind.store(total.get(), out + offset)

    return body


def _spread(kind: Kind, vectors: int) -> Body:
    """One row added to those rows from `begin` to `end` that are named.

    Where the last vector lies over the one before it, numbers there must not be added twice.
    """

    def body(words: V, count: V, value: V, table: V, row: V, begin: V, end: V, first: V, last: V) -> None:
        b, zero = words.b, count.const(0)
        offsets = _offsets(first, last, vectors)
        values = [
            _behind(kind, kind.load(value + offset, kind.vector), first + j * VECTOR_BYTES - offset)
            for j, offset in enumerate(offsets)
        ]
        chosen, found = stack(b, 8 * CHUNK), Cell(zero)
        with each(zero, count, CHUNK) as start:
            found.set(zero)
            with each(start, least(start + CHUNK, count)) as k:
                word, number = _word(words, k), found.get()
                b.store(word.value, b.inttoptr((chosen + number * 8).value, I64.as_pointer()))
                inside = (word >= begin) & (word < end)
                found.set(number + inside.widen(I64))
            with each(zero, found.get()) as k:
                word = V(b, b.load(b.inttoptr((chosen + k * 8).value, I64.as_pointer())))
                target = table + word * row
                for offset, given in zip(offsets, values, strict=True):
                    kind.store(kind.add(kind.load(target + offset, kind.vector), given), target + offset)

    return body


def _by_groups(b: Any, kind: Kind, name: str, body: Callable[[Kind, int], Body], width: V, given: list[V]) -> None:
    """Call a body for all vectors of a row, in groups that are as large as possible."""
    total = over(width + (kind.lanes - 1), kind.lanes)
    last = (width - kind.lanes) * kind.size
    done = width.const(0)
    for vectors in GROUPS:
        function = _function(b.module, f"nn_{name}_{kind.name}_{vectors}", len(given) + 2, body(kind, vectors))
        groups = over(total - done, vectors)
        with each(width.const(0), groups) as g:
            first = (done + g * vectors) * VECTOR_BYTES
            b.call(function, [v.value for v in (*given, first, last)])
        done = done + groups * vectors


def _row_of(b: Any, array: Any, i: V, size: int) -> tuple[V, V, V]:
    """The address of a row, its length, and the bytes from one row to the next."""
    width = V(b, b.extract_value(array.shape, 1))
    row = width * size
    return V(b, b.ptrtoint(array.data, I64)) + i * row, width, row


@intrinsic
def sum_rows(typing_context: Any, words: Any, table: Any, out: Any, i: Any, count: Any) -> Any:
    """out[i] = the sum of table[w] over the first `count` words w of words[i] but -1. Rows have a vector or more."""

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        kind = Kind(F32 if out.dtype == types.float32 else F64)
        w, t, o = (arrayobj.make_array(k)(context, b, v) for k, v in zip((words, table, out), arguments, strict=False))
        row_number, many = (V(b, v) for v in arguments[3:])
        named, _, _ = _row_of(b, w, row_number, 4)
        start, width, row = _row_of(b, t, row_number.const(0), kind.size)
        target, _, _ = _row_of(b, o, row_number, kind.size)
        _by_groups(b, kind, "sum_rows", _sum, width, [named, many, start, row, target])
        return context.get_dummy_value()

    return types.void(words, table, out, types.int64, types.int64), emit


@intrinsic
def spread_row(typing_context: Any, words: Any, values: Any, out: Any, i: Any, count: Any, begin: Any, end: Any) -> Any:
    """out[w] += values[i] for the first `count` words w of words[i], begin <= w < end. Rows have a vector or more."""

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        kind = Kind(F32 if out.dtype == types.float32 else F64)
        w, x, o = (arrayobj.make_array(k)(context, b, v) for k, v in zip((words, values, out), arguments, strict=False))
        row_number, many, low, high = (V(b, v) for v in arguments[3:])
        named, _, _ = _row_of(b, w, row_number, 4)
        value, _, _ = _row_of(b, x, row_number, kind.size)
        start, width, row = _row_of(b, o, row_number.const(0), kind.size)
        _by_groups(b, kind, "spread_row", _spread, width, [named, many, value, start, row, low, high])
        return context.get_dummy_value()

    return types.void(words, values, out, *[types.int64] * 4), emit
