"""Rows of a table that a list of words names: their sum, and one row added to each of them, as LLVM IR.

Up to eight vectors of a row are held in registers while the list goes by. As in `tiles` there are no tails: the last
vector of a row may lie over the one before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from nndsl.costs import MARKED_WORDS
from nndsl.runtime.flow import Cell, each, least, over, stack
from nndsl.runtime.intrinsics import pointer
from nndsl.runtime.llvm import F32, F64, I32, I64, V, declare, intrinsic, native
from nndsl.runtime.target import arrayobj, types
from nndsl.runtime.tiles import VECTOR_BYTES, Kind, first_lanes, new_function

GROUPS = (8, 4, 2, 1)
CHUNK = 256
"""Words that are looked through before any is added: to choose among them by branches would be slow."""
SQUEEZE = 16 if VECTOR_BYTES == 64 else 0
"""Words of a vector of which one instruction keeps some, where there is one."""
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
    return V(b, b.sext(b.load(pointer(words + k * 4, I32), align=4), I64))


def _offsets(first: V, last: V, vectors: int) -> list[V]:
    """Where the vectors of a group start, in bytes from the row's start."""
    return [least(first + j * VECTOR_BYTES, last) for j in range(vectors)]


def _behind(kind: Kind, values: V, overlap: V) -> V:
    """Zeros for so many bytes of a vector, which lie over the vector before it and are added there."""
    b = values.b
    earlier = first_lanes(over(overlap, kind.size), kind.lanes)
    return V(b, b.select(earlier.value, ir.Constant(kind.vector, None), values.value))


def _of_range(words: V, count: V, begin: V, end: V, use: Callable[[V, V], None]) -> None:
    """Call `use` for the words from `begin` to `end` of each chunk: where they lie in order, and their number."""
    b, zero = words.b, count.const(0)
    chosen, found = stack(b, 4 * (CHUNK + SQUEEZE)), Cell(zero)
    with each(zero, count, CHUNK) as start:
        found.set(zero)
        stop = least(start + CHUNK, count)
        one_by_one = start
        if SQUEEZE:
            one_by_one = stop - ((stop - start) & (SQUEEZE - 1))
            with each(start, one_by_one, SQUEEZE) as k:
                found.set(found.get() + _squeezed(words + k * 4, chosen + found.get() * 4, begin, end))
        with each(one_by_one, stop) as k:
            word, number = _word(words, k), found.get()
            b.store(word.narrow(I32).value, pointer(chosen + number * 4, I32))
            found.set(number + ((word >= begin) & (word < end)).widen(I64))
        use(chosen, found.get())


def _sum(kind: Kind, vectors: int) -> Body:
    """The sum of those rows from `begin` to `end` that are named: those at even places and those at odd ones, so that
    additions do not all wait for each other, then both."""

    def body(words: V, count: V, table: V, row: V, out: V, begin: V, end: V, first: V, last: V) -> None:
        offsets = _offsets(first, last, vectors)
        zero = V(words.b, ir.Constant(kind.vector, None))
        sums = [[Cell(zero) for _ in offsets] for _ in range(2)]  # registers, once LLVM has seen them

        def add(totals: list[Cell], word: V) -> None:
            start = table + word * row
            for total, offset in zip(totals, offsets, strict=True):
                total.set(kind.add(total.get(), kind.load(start + offset, kind.vector)))

        def add_all(chosen: V, found: V) -> None:
            pairs = found - (found & 1)
            with each(found.const(0), pairs, 2) as k:
                add(sums[0], _word(chosen, k))
                add(sums[1], _word(chosen, k + 1))
            with each(pairs, found) as k:
                add(sums[0], _word(chosen, k))

        _of_range(words, count, begin, end, add_all)
        for even, odd, offset in zip(*sums, offsets, strict=True):
            kind.store(kind.add(even.get(), odd.get()), out + offset)

    return body


def _spread(kind: Kind, vectors: int) -> Body:
    """One row added to those rows from `begin` to `end` that are named.

    Where the last vector lies over the one before it, numbers there must not be added twice.
    """

    def body(words: V, count: V, value: V, table: V, row: V, begin: V, end: V, first: V, last: V) -> None:
        offsets = _offsets(first, last, vectors)
        values = [
            _behind(kind, kind.load(value + offset, kind.vector), first + j * VECTOR_BYTES - offset)
            for j, offset in enumerate(offsets)
        ]

        def add_to_all(chosen: V, found: V) -> None:
            with each(found.const(0), found) as k:
                target = table + _word(chosen, k) * row
                for offset, given in zip(offsets, values, strict=True):
                    kind.store(kind.add(kind.load(target + offset, kind.vector), given), target + offset)

        _of_range(words, count, begin, end, add_to_all)

    return body


def _squeezed(words: V, chosen: V, begin: V, end: V) -> V:
    """Of a vector of words those from `begin` to `end` are stored close together; their number."""
    b, vector = words.b, ir.VectorType(I32, SQUEEZE)
    given = b.load(pointer(words, vector), align=4)
    low, high = (_repeated(bound.narrow(I32), vector) for bound in (begin, end))
    inside = b.and_(b.icmp_signed(">=", given, low), b.icmp_signed("<", given, high))
    suffix = f"v{SQUEEZE}i32"
    kind = ir.FunctionType(ir.VoidType(), [vector, I32.as_pointer(), inside.type])
    b.call(declare(b, kind, f"llvm.masked.compressstore.{suffix}"), [given, pointer(chosen, I32), inside])
    return V(b, b.bitcast(inside, ir.IntType(SQUEEZE))).call("llvm.ctpop").widen(I64)


def _repeated(number: V, vector: Any) -> Any:
    """A vector of one number."""
    b, first = number.b, I32(0)
    one = b.insert_element(ir.Constant(vector, ir.Undefined), number.value, first)
    lanes = ir.Constant(ir.VectorType(I32, vector.count), [0] * vector.count)
    return b.shuffle_vector(one, ir.Constant(vector, ir.Undefined), lanes)


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


def _named(b: Any, words: Any, i: V) -> tuple[V, V]:
    """Where the words of a row start, and how many there are: the number stands before them."""
    row, _, _ = _row_of(b, words, i, 4)
    return row + 4, _word(row, row.const(0))


@intrinsic
def sum_rows(
    typing_context: Any, words: Any, table: Any, out: Any, i: Any, place: Any, begin: Any, end: Any
) -> Any:
    """out[place] = the sum of table[w] over the words w of words[i], begin <= w < end.

    Rows of the table have a vector or more; `out` is seen as a matrix of such rows.
    """

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        kind = Kind(F32 if out.dtype == types.float32 else F64)
        w, t, o = (arrayobj.make_array(k)(context, b, v) for k, v in zip((words, table, out), arguments, strict=False))
        row_number, target_number, low, high = (V(b, v) for v in arguments[3:])
        named, many = _named(b, w, row_number)
        start, width, row = _row_of(b, t, row_number.const(0), kind.size)
        target = V(b, b.ptrtoint(o.data, I64)) + target_number * row
        _by_groups(b, kind, "sum_rows", _sum, width, [named, many, start, row, target, low, high])
        return context.get_dummy_value()

    return types.void(words, table, out, *[types.int64] * 4), emit


@intrinsic
def spread_row(typing_context: Any, words: Any, values: Any, out: Any, i: Any, begin: Any, end: Any) -> Any:
    """out[w] += values[i] for the words w of words[i], begin <= w < end. Rows of both have a vector or more."""

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        kind = Kind(F32 if out.dtype == types.float32 else F64)
        w, x, o = (arrayobj.make_array(k)(context, b, v) for k, v in zip((words, values, out), arguments, strict=False))
        row_number, low, high = (V(b, v) for v in arguments[3:])
        named, many = _named(b, w, row_number)
        value, _, _ = _row_of(b, x, row_number, kind.size)
        start, width, row = _row_of(b, o, row_number.const(0), kind.size)
        given = [named, many, value, start, row, low, high]
        _by_groups(b, kind, "spread_row", _spread, width, given)
        return context.get_dummy_value()

    return types.void(words, values, out, *[types.int64] * 3), emit


@intrinsic
def marks(typing_context: Any) -> Any:
    """The address of `MARKED_WORDS` bytes and one more, which live until the calling kernel returns."""

    def emit(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        return stack(b, MARKED_WORDS + 1).value

    return types.int64(), emit


@native("i64", "i64", "i64")
def place_of(distance: V, span: V) -> V:
    """The mark of the word so far behind the first of a window: `span` where it is none of the window's."""
    b = distance.b
    return V(b, b.icmp_unsigned("<", distance.value, span.value)).choose(distance, span)
