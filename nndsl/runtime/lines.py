"""Convolutions of one vector of filters, along the lines of the image.

With so few filters a tile of `gathered` uses a number of the image once only, and a core loads no faster than it
multiplies. But places that are neighbours on a line see the same pixels through windows that are moved by one: here a
number that is loaded is used for all three places (or, for the gradient of a kernel, for all three elements of the
window) that meet it along the line. Strides and dilation are 1, and windows are TAPS elements wide.

A list of the window's lines has two words for each: how far its first element lies in A from the first one of the
window, and where the row of B, or of C, for that element and the first channel lies. Strips are those of `gathered`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from nndsl.costs import LINES_BYTES
from nndsl.runtime.flow import Cell, call, each, least, loop, over
from nndsl.runtime.gathered import ENTRY, VECTORS, strips_of, word
from nndsl.runtime.intrinsics import pointer
from nndsl.runtime.llvm import I64, V
from nndsl.runtime.packing import strip_of
from nndsl.runtime.places import Image, Run, lines
from nndsl.runtime.tiles import REGISTERS, VECTOR_BYTES, Kind, new_function, spread

TAPS = 3
PLACES = 16 if REGISTERS == 32 else 8
"""Neighbours whose sums are made together, at most: so many, a row of B for each element along a line and a number of A
fill the registers, or as many as pay."""
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
    return over(LINES_BYTES + length * 0, length * vectors * VECTOR_BYTES) + 1


def _next(address: V, distance: V) -> V:
    """The address so far behind, in a register of its own: all of a tile's at once would be more than there are."""
    b, kind = address.b, ir.FunctionType(I64, [I64])
    return V(b, b.asm(kind, "", "=r,0", [(address + distance).value], False))


# --- forward, and back to the image ----------------------------------------------------------------------------


def convolve_line(module: Any, kind: Kind) -> Any:
    """The function that makes the sums of neighbours which meet TAPS elements along a line; written once a module.

    Parameters: a, c, count, window, depth, channels, strip, across, a_pixel, c_pixel. The list `window` has `depth`
    entries; an element's row of B lies `across` behind that of the element before. Of each sum the chain goes over
    lines of the window, then channels, then the elements along the line.
    """
    name = f"nn_line_{kind.name}"
    if name in module.globals:
        return module.globals[name]
    function = new_function(module, name, [I64] * 10)
    b = ir.IRBuilder(function.append_basic_block("entry"))
    a, c, count, window, depth, channels, strip, across, a_pixel, c_pixel = (V(b, x) for x in function.args)
    places = over(count + (PLACES - 1), PLACES)
    places = over(count + (places - 1), places)  # the last tile may lie over the one before: that gives the same sums
    with each(count.const(0), count, places) as start:
        at = least(start, count - places)
        given = (a + at * a_pixel, c + at * c_pixel, window, depth, channels, strip, across, a_pixel, c_pixel)
        done = b.append_basic_block("done")
        choice = b.switch(places.value, done)
        for known in range(1, PLACES + 1):
            block = b.append_basic_block(f"places_{known}")
            choice.add_case(I64(known), block)
            b.position_at_end(block)
            call(_neighbours(module, kind, known), *given)
            b.branch(done)
        b.position_at_end(done)
    b.ret_void()
    return function


def _neighbours(module: Any, kind: Kind, places: int) -> Any:
    """The function for so many neighbours: a, c, window, depth, channels, strip, across, a_pixel, c_pixel."""
    name = f"nn_neighbours_{kind.name}_{places}"
    if name in module.globals:
        return module.globals[name]
    function = new_function(module, name, [I64] * 9)
    b = ir.IRBuilder(function.append_basic_block("entry"))
    a, c, window, depth, channels, strip, across, a_pixel, c_pixel = (V(b, x) for x in function.args)
    zero, none = channels.const(0), V(b, ir.Constant(kind.vector, None))
    sums = [Cell(none) for _ in range(places)]
    with each(zero, depth) as line:
        start, row = a + word(window + line * ENTRY), strip + word(window + line * ENTRY + 8)
        with each(zero, channels) as channel:
            right = [kind.load(row + across * tap + channel * VECTOR_BYTES, kind.vector) for tap in range(TAPS)]
            address = start + channel * kind.size
            totals = [total.get() for total in sums]
            for pixel in range(places + TAPS - 1):
                left = spread(kind.load(address, kind.element), kind.vector)
                address = _next(address, a_pixel)
                for tap in range(TAPS):
                    if 0 <= pixel - tap < places:
                        totals[pixel - tap] = kind.multiply_add(left, right[tap], totals[pixel - tap])
            for total, value in zip(sums, totals, strict=True):
                total.set(value)
    for place, total in enumerate(sums):
        kind.store(total.get(), c + c_pixel * place)
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

                def there_are(places: int = places, place: Cell = place, end: V = end) -> V:
                    return place.get() + b_row * places <= end

                with loop(b, there_are):
                    _added(kind, sums, left.get(), a_pixel, [place.get() + b_row * n for n in range(places)], offsets)
                    place.set(place.get() + b_row * places)
                    left.set(left.get() + a_pixel * places)
        for row, cells in zip(rows, sums, strict=True):
            for offset, cell in zip(offsets, cells, strict=True):
                kind.store(cell.get(), row + offset)
    b.ret_void()
    return function


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
