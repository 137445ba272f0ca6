"""Convolutions of whole vectors of filters, along the lines of the image.

A tile of `gathered` uses a number of the image as often as it has vectors, and a core loads no faster than it
multiplies. But places that are neighbours on a line see the same pixels through windows that are moved by one: here a
number that is loaded is used for all three places (or, for the gradient of a kernel, for all three elements of the
window) that meet it along the line. Strides and dilation are 1, and windows are TAPS elements wide.

A list of the window's lines has two words for each: how far its first element lies in A from the first one of the
window, and where the row of B, or of C, for that element and the first channel lies. Strips are those of `gathered`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from nndsl.costs import LINES_BYTES
from nndsl.runtime.flow import Cell, call, each, loop, over
from nndsl.runtime.gathered import ENTRY, VECTORS, strips_of, word
from nndsl.runtime.intrinsics import pointer
from nndsl.runtime.llvm import I1, I64, V
from nndsl.runtime.packing import strip_of
from nndsl.runtime.places import Image, Line, Run, lines
from nndsl.runtime.tiles import REGISTERS, VECTOR_BYTES, Kind, new_function, spread, sums_from

TAPS = 3
PLACES = {1: 16, 2: 10} if REGISTERS == 32 else {1: 8, 2: 4}
"""Neighbours whose sums are made together, at most, by the vectors of each: so many, the rows of B for all elements
along a line and a number of A fill the registers, or as many as pay."""
LINE_VECTORS = max(PLACES)
"""Vectors of a strip of B: with more of them fewer neighbours would share what is loaded of B."""
CHANNELS = 8
"""Channels of an image are a multiple of these in the gradient of a kernel."""
RUN_BYTES = 24
"""Of the entry for a run of neighbours: where the first one's window begins in A, where its row of B lies, and where
the row behind the last one's does."""


def sums_of(vectors: int) -> tuple[int, tuple[int, ...]]:
    """Channels whose sums, for each element along a line, are held together in the gradient of a kernel, and the
    neighbours that are multiplied at once, for filters of so many vectors: as many as registers."""
    if REGISTERS == 32:
        return {1: (8, (4, 2, 1)), 2: (4, (2, 1)), 3: (2, (1,)), 4: (2, (1,))}[vectors]
    return {1: (4, (2, 1)), 2: (2, (1,))}[vectors]


def runs_at_once(length: V, vectors: V) -> V:
    """Runs of so many places that are done for the whole kernel: B of them should stay in the first-level cache."""
    return over(length.const(LINES_BYTES), length * vectors * VECTOR_BYTES) + 1


def _next(address: V, distance: V) -> V:
    """The address so far behind, in a register of its own: all of a tile's at once would be more than there are."""
    b, kind = address.b, ir.FunctionType(I64, [I64])
    return V(b, b.asm(kind, "", "=r,0", [(address + distance).value], False))


# --- forward, and back to the image ----------------------------------------------------------------------------


def convolve_line(
    kind: Kind, line: Line, width: V, window: V, depth: V, channels: V, strips: V, rows: V, across: V, a_pixel: V,
    c_pixel: V, column: V, fresh: V,
) -> None:  # fmt: skip
    """C = A @ B, or C += A @ B unless `fresh`, for neighbours that meet TAPS elements along a line.

    `width` columns, a multiple of a vector, from `column` on (in bytes), B in strips of `rows` rows. The list `window`
    has `depth` entries; an element's row of B is `across` rows behind that of the element before. Of each sum the chain
    goes over lines of the window, then channels, then the elements along the line.
    """
    b, zero = width.b, width.const(0)
    count = strips_of(kind, width, LINE_VECTORS)
    with each(zero, count) as s:
        first, vectors, _ = strip_of(kind, width, count, s)
        place, strip = column + first * VECTOR_BYTES, strips + first * rows * VECTOR_BYTES
        for known in PLACES:
            with b.if_then(vectors.equals(known).value):
                function = _convolve_line(b.module, kind, known)
                call(function, line.address, line.second + place, line.count, window, depth, channels, strip, across,
                     a_pixel, c_pixel, fresh)  # fmt: skip


def _convolve_line(module: Any, kind: Kind, vectors: int) -> Any:
    """The function for a strip of so many vectors; written once a module."""
    name = f"nn_line_{kind.name}_{vectors}"
    if name in module.globals:
        return module.globals[name]
    function = new_function(module, name, [I64] * 10 + [I1])
    b = ir.IRBuilder(function.append_basic_block("entry"))
    a, c, count, *given, a_pixel, c_pixel, fresh = (V(b, x) for x in function.args)
    zero, most = count.const(0), PLACES[vectors]
    tiles = over(count + (most - 1), most)
    with each(zero, tiles) as tile:
        first = over(count * tile, tiles)
        done = b.append_basic_block("done")
        choice = b.switch((over(count * (tile + 1), tiles) - first).value, done)
        for known in range(1, most + 1):
            block = b.append_basic_block(f"places_{known}")
            choice.add_case(I64(known), block)
            b.position_at_end(block)
            call(_neighbours(module, kind, vectors, known), a + first * a_pixel, c + first * c_pixel, *given, a_pixel,
                 c_pixel, fresh)  # fmt: skip
            b.branch(done)
        b.position_at_end(done)
    b.ret_void()
    return function


def _neighbours(module: Any, kind: Kind, vectors: int, places: int) -> Any:
    """The function for so many: a, c, window, depth, channels, strip, across, a_pixel, c_pixel, fresh."""
    name = f"nn_neighbours_{kind.name}_{vectors}_{places}"
    if name in module.globals:
        return module.globals[name]
    function = new_function(module, name, [I64] * 9 + [I1])
    b = ir.IRBuilder(function.append_basic_block("entry"))
    a, c, window, depth, channels, strip, across, a_pixel, c_pixel, fresh = (V(b, x) for x in function.args)
    zero, row_bytes = channels.const(0), vectors * VECTOR_BYTES
    targets = [[c + c_pixel * place + n * VECTOR_BYTES for n in range(vectors)] for place in range(places)]
    begun = sums_from(kind, fresh, targets, lambda target: kind.load(target, kind.vector))
    sums = [[Cell(value) for value in some] for some in begun]
    with each(zero, depth) as line:
        entry = window + line * ENTRY
        start, row = a + word(entry), strip + word(entry + 8) * vectors
        with each(zero, channels) as channel:
            right = [
                [kind.load(row + (across * tap + channel) * row_bytes + n * VECTOR_BYTES, kind.vector)
                 for n in range(vectors)]
                for tap in range(TAPS)
            ]  # fmt: skip
            address = start + channel * kind.size
            totals = [[total.get() for total in some] for some in sums]
            for pixel in range(places + TAPS - 1):
                left = spread(kind.load(address, kind.element), kind.vector)
                address = _next(address, a_pixel)
                for tap in range(TAPS):
                    if 0 <= pixel - tap < places:
                        pairs = zip(right[tap], totals[pixel - tap], strict=True)
                        totals[pixel - tap] = [kind.multiply_add(left, x, total) for x, total in pairs]
            for some, values in zip(sums, totals, strict=True):
                for total, value in zip(some, values, strict=True):
                    total.set(value)
    for places_of_row, cells in zip(targets, sums, strict=True):
        for target, cell in zip(places_of_row, cells, strict=True):
            kind.store(cell.get(), target)
    b.ret_void()
    return function


# --- the gradient of a kernel ----------------------------------------------------------------------------------


def list_runs(image: Image, met: list[Run], start: V, stop: V, into: V, base: V, row: V) -> V:
    """The runs of neighbours among the places `start:stop` of a class, whose rows of B lie from `base` on. Returns
    their number."""
    b, count = base.b, Cell(base.const(0))
    with lines(image, met, start, stop, base, row) as line:
        place = into + count.get() * RUN_BYTES
        for n, value in enumerate((line.address, line.second, line.second + line.step * line.count)):
            b.store(value.value, pointer(place + 8 * n, I64), align=8)
        count.set(count.get() + 1)
    return count.get()


def kernel_lines(
    kind: Kind, width: V, window: V, depth: V, runs: V, count: V, channels: V, a_pixel: V, b_row: V, c_row: V, column: V
) -> None:
    """C += A @ B where rows are elements of the window, TAPS along each line, and steps are places.

    `width` columns, a multiple of a vector, from `column` on (in bytes). The list `window` has `depth` entries; for the
    runs see `list_runs`. Channels are a multiple of CHANNELS. Every element of C is the same chain as in `gathered`:
    over the places in their order.
    """
    b, zero = width.b, width.const(0)
    strips = strips_of(kind, width)
    with each(zero, strips) as s:
        first, vectors, _ = strip_of(kind, width, strips, s)
        at = column + first * VECTOR_BYTES
        for known in range(1, VECTORS + 1):
            with b.if_then(vectors.equals(known).value):
                function = _kernel_lines(b.module, kind, known)
                call(function, window, depth, runs, count, channels, a_pixel, b_row, c_row, at)


def _kernel_lines(module: Any, kind: Kind, vectors: int) -> Any:
    """The function for a strip of so many vectors; written once a module."""
    name = f"nn_kernel_lines_{kind.name}_{vectors}"
    if name in module.globals:
        return module.globals[name]
    function = new_function(module, name, [I64] * 9)
    b = ir.IRBuilder(function.append_basic_block("entry"))
    window, depth, runs, count, channels, a_pixel, b_row, c_row, column = (V(b, x) for x in function.args)
    zero = count.const(0)
    some, at_once = sums_of(vectors)
    offsets = [column + n * VECTOR_BYTES for n in range(vectors)]
    with each(zero, depth) as line, each(zero, channels, some) as channel:
        far, corner = (word(window + line * ENTRY + half) for half in (0, 8))
        rows = [corner + (channels * tap + channel + n) * c_row for tap in range(TAPS) for n in range(some)]
        sums = [[Cell(kind.load(row + offset, kind.vector)) for offset in offsets] for row in rows]
        with each(zero, count) as run:
            a, right, end = (word(runs + run * RUN_BYTES + 8 * n) for n in range(3))
            place, left = Cell(right), Cell(a + far + channel * kind.size)
            for places in at_once:
                with loop(b, _up_to(place, end - b_row * places)):
                    _added(kind, sums, left.get(), a_pixel, [place.get() + b_row * n for n in range(places)], offsets)
                    place.set(place.get() + b_row * places)
                    left.set(left.get() + a_pixel * places)
        for row, cells in zip(rows, sums, strict=True):
            for offset, cell in zip(offsets, cells, strict=True):
                kind.store(cell.get(), row + offset)
    b.ret_void()
    return function


def _up_to(place: Cell, last: V) -> Callable[[], V]:
    return lambda: place.get() <= last


def _added(kind: Kind, sums: list[list[Cell]], a: V, a_pixel: V, rows: list[V], offsets: list[V]) -> None:
    """What neighbours, whose rows of B are given, add to the sums of each element along the line and each channel."""
    vectors = [[kind.load(row + offset, kind.vector) for offset in offsets] for row in rows]
    totals = [[cell.get() for cell in cells] for cells in sums]
    some = len(sums) // TAPS
    for pixel in range(len(rows) + TAPS - 1):
        for channel in range(some):
            left = spread(kind.load(a + channel * kind.size, kind.element), kind.vector)
            for tap in range(TAPS):
                if 0 <= pixel - tap < len(rows):
                    here = tap * some + channel
                    pairs = zip(vectors[pixel - tap], totals[here], strict=True)
                    totals[here] = [kind.multiply_add(left, right, total) for right, total in pairs]
        a = a + a_pixel
    for cells, values in zip(sums, totals, strict=True):
        for cell, value in zip(cells, values, strict=True):
            cell.set(value)
