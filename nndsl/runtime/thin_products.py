"""Products whose result is a few vectors wide, as LLVM IR; addresses and distances are those of `products`.

Such a product has little to do for each number of A, so what counts is how A is read: in long runs, once, and without
a copy. All columns of C are computed together. Where A's rows are contiguous, a few of them go by side by side.
Where its columns are (a weight's gradient: the batch lies along the sum), THIN_PANEL of its rows go by at a time, and
all of C with each panel: C is small enough for the second-level cache. Either way the addresses of A within the
innermost loop are constant distances apart, which takes half the instructions of a general tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from nndsl.costs import THIN, THIN_DEPTH, THIN_PANEL
from nndsl.runtime.flow import call, each, least, over
from nndsl.runtime.llvm import I1, I64, V
from nndsl.runtime.packing import shared
from nndsl.runtime.tiles import (
    REGISTERS,
    TILE_ROWS,
    TILE_VECTORS,
    VECTOR_BYTES,
    Kind,
    new_function,
    prefetch,
    spread,
    sums_from,
    tile,
)

STEPS = 4
"""Numbers of each row of A that are used in one round."""


def _height(vectors: int) -> int:
    """Rows of C whose sums are held in registers."""
    if REGISTERS == 32:
        return 6 if vectors > TILE_VECTORS else TILE_ROWS
    return {1: 8, 2: 5, 3: 4, 4: 3}[vectors]


def _offsets(vectors: int, last: V) -> list[V | int]:
    return [last if j and j == vectors - 1 else j * VECTOR_BYTES for j in range(vectors)]


def _panel(module: Any, kind: Kind, vectors: int) -> Any:
    """C (+)= A @ B for whole tiles of rows and exactly THIN_PANEL steps of the sum, where A's columns are contiguous.

    Parameters: a, step, b, down, last, c, c_row, tiles, fresh.
    """
    name = f"nn_panel_{kind.name}_{vectors}"
    if name in module.globals:
        return module.globals[name]
    function = new_function(module, name, [I64] * 8 + [I1])
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    a, step, b, down, last, c, c_row, tiles, fresh = (V(builder, x) for x in function.args)
    height, offsets = _height(vectors), _offsets(vectors, last)
    with each(tiles.const(0), tiles) as t:
        corner = c + t * height * c_row
        places = [[corner + c_row * i + o for o in offsets] for i in range(height)]
        sums = sums_from(kind, fresh, places, lambda place: kind.load(place, kind.vector))
        column, line = a + t * (height * kind.size), b
        for place in (place for line in places for place in line):
            prefetch(place + c_row * height)
        for _ in range(THIN_PANEL):
            right = [kind.load(line + o, kind.vector) for o in offsets]
            for i in range(height):
                x = spread(kind.load(column + i * kind.size, kind.element), kind.vector)
                sums[i] = [kind.multiply_add(x, y, total) for y, total in zip(right, sums[i], strict=True)]
            column, line = column + step, line + down
        for targets, values in zip(places, sums, strict=True):
            for target, value in zip(targets, values, strict=True):
                kind.store(value, target)
    builder.ret_void()
    return function


def _along(module: Any, kind: Kind, vectors: int) -> Any:
    """C (+)= A @ B for whole tiles of rows, where A's rows are contiguous.

    Parameters: a, row, b, down, last, c, c_row, tiles, depth, fresh.
    """
    name = f"nn_along_{kind.name}_{vectors}"
    if name in module.globals:
        return module.globals[name]
    function = new_function(module, name, [I64] * 9 + [I1])
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    a, row, b, down, last, c, c_row, tiles, depth, fresh = (V(builder, x) for x in function.args)
    height, offsets = _height(vectors), _offsets(vectors, last)
    rounds = over(depth, STEPS)

    def steps(lines: list[V], right_line: V, sums: list[list[V]], count: int) -> tuple[list[V], V, list[list[V]]]:
        for k in range(count):
            right = [kind.load(right_line + o, kind.vector) for o in offsets]
            for i, line in enumerate(lines):
                x = spread(kind.load(line + k * kind.size, kind.element), kind.vector)
                sums[i] = [kind.multiply_add(x, y, total) for y, total in zip(right, sums[i], strict=True)]
            right_line = right_line + down
        return [line + count * kind.size for line in lines], right_line, sums

    def repeated(
        times: V, count: int, lines: list[V], right: V, sums: list[list[V]]
    ) -> tuple[list[V], V, list[list[V]]]:
        """`steps` in a loop, with all that changes in registers."""
        before, body, done = builder.block, builder.append_basic_block("steps"), builder.append_basic_block("done")
        flat = [*lines, right, *(s for line in sums for s in line)]
        builder.cbranch((times > 0).value, body, done)
        builder.position_at_end(body)
        left = builder.phi(I64)
        left.add_incoming(times.value, before)
        phis = [builder.phi(x.type) for x in flat]
        for phi, first in zip(phis, flat, strict=True):
            phi.add_incoming(first.value, before)
        here = [V(builder, phi) for phi in phis]
        totals = [here[height + 1 + i * vectors : height + 1 + (i + 1) * vectors] for i in range(height)]
        new_lines, new_right, new_sums = steps(here[:height], here[height], totals, count)
        following = [*new_lines, new_right, *(s for line in new_sums for s in line)]
        rest = V(builder, left) - 1
        for phi, after in zip(phis, following, strict=True):
            phi.add_incoming(after.value, body)
        left.add_incoming(rest.value, body)
        builder.cbranch((rest > 0).value, body, done)
        builder.position_at_end(done)
        out = []
        for first, after in zip(flat, following, strict=True):
            phi = builder.phi(first.type)
            phi.add_incoming(first.value, before)
            phi.add_incoming(after.value, body)
            out.append(V(builder, phi))
        totals = [out[height + 1 + i * vectors : height + 1 + (i + 1) * vectors] for i in range(height)]
        return out[:height], out[height], totals

    with each(tiles.const(0), tiles) as t:
        corner, top = c + t * height * c_row, a + t * height * row
        places = [[corner + c_row * i + o for o in offsets] for i in range(height)]
        sums = sums_from(kind, fresh, places, lambda place: kind.load(place, kind.vector))
        lines, right, sums = repeated(rounds, STEPS, [top + row * i for i in range(height)], b, sums)
        _, _, sums = repeated(depth - rounds * STEPS, 1, lines, right, sums)
        for targets, values in zip(places, sums, strict=True):
            for target, value in zip(targets, values, strict=True):
                kind.store(value, target)
    builder.ret_void()
    return function


@dataclass(frozen=True)
class _Part:
    """All of C's rows and columns with some steps of the sum."""

    kind: Kind
    vectors: int
    a: V
    row: V
    step: V
    b: V
    down: V
    last: V
    c: V
    c_row: V
    rows: V
    depth: V
    fresh: V

    @property
    def tiles(self) -> V:
        """How many whole tiles there are."""
        return over(self.rows, _height(self.vectors))

    def by_columns(self) -> None:
        """Whole tiles of a whole panel."""
        call(_panel(self.a.b.module, self.kind, self.vectors), self.a, self.step, self.b, self.down, self.last, self.c,
             self.c_row, self.tiles, self.fresh)  # fmt: skip

    def by_rows(self) -> None:
        """Whole tiles."""
        call(_along(self.a.b.module, self.kind, self.vectors), self.a, self.row, self.b, self.down, self.last, self.c,
             self.c_row, self.tiles, self.depth, self.fresh)  # fmt: skip

    def rest(self, start: V) -> None:
        """The rows from `start` on, by general tiles."""
        height = _height(self.vectors)
        function = tile(self.a.b.module, self.kind, self.vectors, height)
        with each(start, self.rows, height) as i:
            call(function, self.a + i * self.row, self.row, self.step, self.b, self.down, self.last,
                 self.c + i * self.c_row, self.c_row, self.rows - i, self.depth, self.last, self.fresh)  # fmt: skip


@contextmanager
def _parts(
    kind: Kind, vectors: int, deep: int, a: V, row: V, step: V, b: V, down: V, c: V, c_row: V, rows: V, width: V,
    depth: V,
) -> Iterator[_Part]:  # fmt: skip
    """Part after part of the sum, `deep` steps each, where C has so many vectors."""
    with a.b.if_then(over(width + (kind.lanes - 1), kind.lanes).equals(vectors).value):
        last = (width - kind.lanes) * kind.size
        with each(depth.const(0), depth, deep) as k:
            yield _Part(kind, vectors, a + k * step, row, step, b + k * down, down, last, c, c_row, rows,
                        least(depth - k, deep), k.equals(0))  # fmt: skip


@shared
def thin_by_columns(
    kind: Kind, a: V, row: V, step: V, b: V, down: V, across: V, c: V, c_row: V, rows: V, width: V, depth: V
) -> None:
    """At least a vector and at most THIN wide, where A's columns and B's rows are contiguous."""
    for vectors in range(1, THIN + 1):
        with _parts(kind, vectors, THIN_PANEL, a, row, step, b, down, c, c_row, rows, width, depth) as part:
            is_whole = part.depth.equals(THIN_PANEL)
            with a.b.if_then(is_whole.value):
                part.by_columns()
            part.rest(is_whole.choose(part.tiles * _height(vectors), 0))


@shared
def thin_by_rows(
    kind: Kind, a: V, row: V, step: V, b: V, down: V, across: V, c: V, c_row: V, rows: V, width: V, depth: V
) -> None:
    """At least a vector and at most THIN wide, where A's rows and B's rows are contiguous."""
    for vectors in range(1, THIN + 1):
        with _parts(kind, vectors, THIN_DEPTH, a, row, step, b, down, c, c_row, rows, width, depth) as part:
            part.by_rows()
            part.rest(part.tiles * _height(vectors))
