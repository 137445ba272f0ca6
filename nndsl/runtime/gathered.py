"""Products whose left side is gathered: what convolutions are made of, as LLVM IR.

C(i, j) += sum over k of A(i, k) * B(k, j), where the number A(i, k) lies at the address rows[i] + steps[k]. For a
convolution the rows are the places of the result, each with the corner of its window in the image, and the steps are
the elements of the window and its channels; for the gradient of a kernel the two change sides. So no matrix of
windows is ever made (compare Dukhan, "The Indirect Convolution Algorithm", 2019), and strides, dilation and borders
are only other lists.

A list has two words for each entry. Of a row they are addresses: where its numbers of A lie, and its row of C. Of a
step they are the distance in A, and the number of its row of B in bytes of a vector. B lies in strips of one to
VECTORS vectors of columns, each strip's rows one after the other (`pack_rows`, `pack_columns`).

With `lanes`, A's numbers are vectors too: C(i, j) += sum over k of A(i, k, j) * B(k, j), as channels that are
convolved each by itself have it.

Every element is one chain of multiply-adds in the order of the steps, in every tile, so its bits do not depend on
the rows that are computed with it.
"""

from __future__ import annotations

from typing import Any, Literal

from llvmlite import ir

from nndsl.runtime import packing
from nndsl.runtime.flow import Cell, each, least, over
from nndsl.runtime.llvm import I1, I64, V
from nndsl.runtime.tiles import (
    NARROW,
    REGISTERS,
    VECTOR_BYTES,
    Kind,
    first_lanes,
    joined,
    new_function,
    spread,
    sums_from,
)

ENTRY = 16
"""Bytes of an entry of a list."""
VECTORS = 4 if REGISTERS == 32 else 2
ROWS = {1: 8, 2: 8, 3: 8, 4: 6} if REGISTERS == 32 else {1: 8, 2: 6}
"""Rows of a tile by the vectors in each: so many sums, a row of B and a number of A fill the registers."""
Runs = Literal["rows", "steps"] | None
RUN = {"rows": 16 if REGISTERS == 32 else 8, "steps": 4}
"""With one vector of columns a number of A is used once only, and to find it costs as much as to use it. Where numbers
of A lie side by side, as those of a pixel's channels do, one address serves this many rows, or steps."""


def word(address: V) -> V:
    """The int64 at an address."""
    return V(address.b, address.b.load(address.b.inttoptr(address.value, I64.as_pointer()), align=8))


def put(list_: V, count: Cell, first: V, second: V) -> None:
    """Append an entry to a list."""
    b, place = first.b, list_ + count.get() * ENTRY
    b.store(first.value, b.inttoptr(place.value, I64.as_pointer()), align=8)
    b.store(second.value, b.inttoptr((place + 8).value, I64.as_pointer()), align=8)
    count.set(count.get() + 1)


# --- strips ----------------------------------------------------------------------------------------------------


def strips_of(kind: Kind, width: V, most: V | int = VECTORS) -> V:
    """How many strips a row of `width` elements has, of at most so many vectors."""
    return over(over(width + (kind.lanes - 1), kind.lanes) + most - 1, most)


def strip(kind: Kind, width: V, strips: V, s: V) -> tuple[V, V, V]:
    """As in `products`; of a row narrower than a vector the place of the last one is the width."""
    first, count, last = packing.strip_of(kind, width, strips, s)
    return first, count, (width < kind.lanes).choose(width, last)


def pack_rows(kind: Kind, b: V, down: V, width: V, depth: V, memory: V, most: V | int = VECTORS) -> None:
    """B into strips, where the numbers of its rows are neighbours; the rows lie `down` apart."""
    zero = depth.const(0)
    strips = strips_of(kind, width, most)
    with each(zero, strips) as s:
        first, count, last = strip(kind, width, strips, s)
        source, target, row = b + first * VECTOR_BYTES, memory + first * depth * VECTOR_BYTES, count * VECTOR_BYTES
        with b.b.if_else((width < kind.lanes).value) as (narrow, usual):
            with narrow, each(zero, depth) as k:
                kind.store(V(b.b, ir.Constant(kind.vector, None)), target + k * VECTOR_BYTES)
                with each(zero, width) as j:
                    number = kind.load(source + k * down + j * kind.size, kind.element)
                    kind.store(number, target + k * VECTOR_BYTES + j * kind.size)
            with usual:
                for vectors in range(1, VECTORS + 1):
                    with b.b.if_then(count.equals(vectors).value), each(zero, depth) as k:
                        for v in range(vectors):
                            place = last if v and v == vectors - 1 else v * VECTOR_BYTES
                            vector = kind.load(source + k * down + place, kind.vector)
                            kind.store(vector, target + k * row + v * VECTOR_BYTES)


def pack_columns(
    kind: Kind, b: V, across: V, width: V, start: V, rows: V, depth: V, memory: V, most: V | int = VECTORS
) -> None:
    """Rows `start:start + rows` of B into its strips of `depth` rows, where the numbers of columns are neighbours;
    the columns lie `across` apart."""  # fmt: skip
    zero, size = depth.const(0), kind.size
    strips = strips_of(kind, width, most)
    with each(zero, strips) as s:
        first, count, last = strip(kind, width, strips, s)
        row = count * VECTOR_BYTES
        target = memory + first * depth * VECTOR_BYTES + start * row
        with b.b.if_else((width < kind.lanes).value) as (narrow, usual):
            with narrow, each(zero, rows) as k:
                kind.store(V(b.b, ir.Constant(kind.vector, None)), target + k * row)
                with each(zero, width) as j:
                    kind.store(kind.load(b + j * across + k * size, kind.element), target + k * row + j * size)
            with usual, each(zero, count) as v:
                place = first * VECTOR_BYTES + least(v * VECTOR_BYTES, last)
                source = b + over(place, size) * across
                packing.columns_as_rows(kind, source, across, rows, target + v * VECTOR_BYTES, row)


# --- tiles -----------------------------------------------------------------------------------------------------


def multiply(kind: Kind, lanes: bool, rows: V, count: V, steps: V, depth: V, packed: V, packed_depth: V, width: V,
             a_place: V, c_place: V, fresh: V, runs: Runs = None, in_runs: V | None = None,
             most: V | int = VECTORS) -> None:  # fmt: skip
    """C = A @ B, or C += A @ B unless `fresh`, for all rows and all strips of B.

    `a_place` and `c_place` are added to the addresses of the rows. B has `packed_depth` rows, of which the steps may
    name some. Where `in_runs`, the numbers of A of each RUN[runs] rows or steps lie side by side.
    """
    b, zero = rows.b, rows.const(0)
    strips = strips_of(kind, width, most)
    narrow = width < kind.lanes
    with each(zero, strips) as s:
        first, vectors, last = strip(kind, width, strips, s)
        place = first * VECTOR_BYTES
        a, c = (a_place + place if lanes else a_place), c_place + place
        at = packed + first * packed_depth * VECTOR_BYTES
        form = narrow.choose(zero, vectors)
        given = [v.value for v in (rows, count, steps, depth, at, a, c, last, fresh)]
        if in_runs is not None:
            run = form.equals(1) & in_runs
            with b.if_then(run.value):
                b.call(tiles(b.module, kind, 1, lanes, runs), given)
            form = run.choose(form.const(VECTORS + 1), form)
        for known in (NARROW, *range(1, VECTORS + 1)):
            with b.if_then(form.equals(known).value):
                b.call(tiles(b.module, kind, known, lanes), given)


def tiles(module: Any, kind: Kind, vectors: int, lanes: bool, runs: Runs = None) -> Any:
    """The function that computes one strip of C for all rows, a tile at a time; written once a module.

    Parameters: rows, count, steps, depth, strip, a_place, c_place, last, fresh. With NARROW as `vectors` there is one
    vector, of which the first `last` elements of C (and of A, with `lanes`) are read and written.
    """
    name = f"nn_gathered_{kind.name}_{vectors or 'narrow'}{'_lanes' if lanes else ''}{f'_{runs}' if runs else ''}"
    if name in module.globals:
        return module.globals[name]
    function = new_function(module, name, [I64] * 8 + [I1])
    narrow, vectors = vectors == NARROW, max(1, vectors)
    b = ir.IRBuilder(function.append_basic_block("entry"))
    rows, count, steps, depth, strip, a_place, c_place, last, fresh = (V(b, x) for x in function.args)
    mask = last
    if narrow:
        mask = first_lanes(last, kind.lanes)
    offsets = [last if j and j == vectors - 1 else last.const(j * VECTOR_BYTES) for j in range(vectors)]

    def load(address: V) -> V:
        return kind.load_some(address, mask) if narrow else kind.load(address, kind.vector)

    height, at_once = (RUN["rows"], 1) if runs == "rows" else (ROWS[vectors], RUN["steps"] if runs else 1)
    with each(rows.const(0), count, height) as i:
        entries = [rows + least(i + n, count - 1) * ENTRY for n in range(height)]
        a_rows = [word(entry) + a_place for entry in entries]
        places = [[word(entry + 8) + c_place + o for o in offsets] for entry in entries]
        sums = sums_from(kind, fresh, places, load)
        entry, body, done = b.block, b.append_basic_block("k"), b.append_basic_block("done")
        b.cbranch((depth > 0).value, body, done)
        b.position_at_end(body)
        step = joined(b, (steps, entry))
        phis = [[joined(b, (value, entry)) for value in line] for line in sums]
        end, far, row = steps + depth * ENTRY, word(step), strip + word(step + 8) * vectors
        b_rows = [
            [kind.load(row + (k * vectors + j) * VECTOR_BYTES, kind.vector) for j in range(vectors)]
            for k in range(at_once)
        ]
        side_by_side = [a_rows[0] + far + n * kind.size for n in range(height)]
        places_of_a = side_by_side if runs == "rows" else [a_row + far for a_row in a_rows]
        results = list(phis)
        for n, place in enumerate(places_of_a):
            for k, b_row in enumerate(b_rows):
                if lanes:
                    left = [load(place + o) for o in offsets]
                else:
                    left = [spread(kind.load(place + k * kind.size, kind.element), kind.vector)] * vectors
                results[n] = [kind.multiply_add(x, y, t) for x, y, t in zip(left, b_row, results[n], strict=True)]
        for before, after in zip(phis, results, strict=True):
            for phi, result in zip(before, after, strict=True):
                phi.value.add_incoming(result.value, body)
        following = step + at_once * ENTRY
        step.value.add_incoming(following.value, body)
        b.cbranch((following < end).value, body, done)
        b.position_at_end(done)
        pairs = [zip(before, after, strict=True) for before, after in zip(sums, results, strict=True)]
        found = [[joined(b, (x, entry), (y, body)) for x, y in line] for line in pairs]
        for line, values in zip(places, found, strict=True):
            for place, value in zip(line, values, strict=True):
                if narrow:
                    kind.store_some(value, place, mask)
                else:
                    kind.store(value, place)
    b.ret_void()
    return function
