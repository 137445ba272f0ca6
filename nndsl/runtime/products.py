"""Matrix products, as LLVM IR.

A product computes the rows `start:stop` of its result, or some columns of them, in tiles (see `tiles`). The depth is
cut into panels; the strip of B under the vectors of a tile is made contiguous on the stack, where it stays in the
first-level cache while all rows go over it. The bits of an element depend on its row of A and its column of B only,
not on the rows and columns computed with it.

Addresses and distances are in bytes: A(i, k) lies at a + i * row + k * step, B(k, j) at b + k * down + j * across,
C(i, j) at c + i * c_row + j * size.

It is IR and not a kernel for numba because every program has products, and numba would take a second for them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from llvmlite import ir

from nndsl.costs import (
    A_BYTES,
    DIRECT_DEPTH,
    DIRECT_TILES,
    MOST_ROWS,
    ONE_ROW_STEPS,
    ONE_ROW_VECTORS,
    SLIM,
    SLIM_VECTORS,
    STRIP_BYTES,
    STRIPS,
    THIN,
    THIN_PANEL,
    THIN_ROWS,
)
from nndsl.runtime.flow import LINE_BYTES, call, each, least, over, stack
from nndsl.runtime.llvm import F32, F64, I64, V, intrinsic
from nndsl.runtime.packing import (
    pack_a,
    pack_columns,
    pack_rows,
    shared,
    strip_of,
)
from nndsl.runtime.shared import shared_function
from nndsl.runtime.slim_products import narrow, slim
from nndsl.runtime.target import arrayobj, types
from nndsl.runtime.thin_products import thin_by_columns, thin_by_rows
from nndsl.runtime.tiles import (
    TILE_ROWS,
    TILE_VECTORS,
    VECTOR_BYTES,
    Kind,
    shuffle,
    spread,
    tile,
)

# --- the functions ---------------------------------------------------------------------------------------------


@shared
def _block(
    kind: Kind, a: V, row: V, step: V, b: V, down: V, across: V, c: V, c_row: V, rows: V, width: V, depth: V
) -> None:
    """Up to MOST_ROWS rows of at least a vector."""
    builder, size, zero = a.b, kind.size, depth.const(0)
    strips = over(over(width + (kind.lanes - 1), kind.lanes) + (TILE_VECTORS - 1), TILE_VECTORS)
    by_rows, side_by_side, several = across.equals(size), step.differs(size), strips > 1
    direct = by_rows & (strips.equals(1) | (rows <= DIRECT_TILES * TILE_ROWS))
    most = direct.choose(zero.const(DIRECT_DEPTH), STRIP_BYTES // (TILE_VECTORS * VECTOR_BYTES))
    most = side_by_side.choose(least(most, A_BYTES // (MOST_ROWS * size)), most)
    # A number of A is used once a strip: for a single strip, to copy it first would only add work.
    packed = (side_by_side & several).choose(over(rows, TILE_ROWS), 0)
    b_memory, a_memory = stack(builder, STRIP_BYTES * STRIPS), stack(builder, A_BYTES + MOST_ROWS * LINE_BYTES)
    with each(zero, depth, most) as k:
        deep = least(most, depth - k)
        # Not a power of two apart, or all strips would compete for the same places of the cache.
        apart = deep * (TILE_ROWS * size) + LINE_BYTES
        a_here, b_here = a + k * step, b + k * down
        pack_a(kind, a_here, step, packed, deep, a_memory, apart)
        with each(zero, strips) as s:
            first, count, last = strip_of(kind, width, strips, s)
            in_group = s - over(s, STRIPS) * STRIPS
            strip = b_memory + in_group * STRIP_BYTES
            with builder.if_then((direct ^ 1).value), builder.if_else(by_rows.value) as (rows_first, columns_first):
                with rows_first, builder.if_then(in_group.equals(0).value):
                    pack_rows(kind, b_here, down, width, strips, s, deep, b_memory)
                with columns_first:
                    pack_columns(kind, b_here + first * kind.lanes * across, across, count, last, deep, strip)
            strip = direct.choose(b_here + first * VECTOR_BYTES, strip)
            b_row = direct.choose(down, count * VECTOR_BYTES)
            b_last = direct.choose(last, (count - 1) * VECTOR_BYTES)
            with each(zero, rows, TILE_ROWS) as i:
                copied = i < packed * TILE_ROWS
                left = copied.choose(a_memory + over(i, TILE_ROWS) * apart, a_here + i * row)
                left_row = copied.choose(zero.const(size), row)
                left_step = copied.choose(zero.const(size * TILE_ROWS), step)
                place = c + i * c_row + first * VECTOR_BYTES
                for vectors in range(1, TILE_VECTORS + 1):
                    with builder.if_then(count.equals(vectors).value):
                        call(tile(builder.module, kind, vectors), left, left_row, left_step, strip, b_row, b_last,
                              place, c_row, rows - i, deep, last, k.equals(0))  # fmt: skip


@shared
def _wide(
    kind: Kind, a: V, row: V, step: V, b: V, down: V, across: V, c: V, c_row: V, rows: V, width: V, depth: V
) -> None:
    """Any product, in tiles."""
    builder, size = a.b, a.const(kind.size)
    thin = across.equals(size) & (width >= kind.lanes) & (width <= THIN * kind.lanes) & (rows >= THIN_ROWS)
    by_columns = row.equals(size) & step.differs(size)
    for way, fits in (
        (thin_by_columns, thin & by_columns & (depth >= THIN_PANEL)),
        (thin_by_rows, thin & step.equals(size)),
    ):
        with builder.if_then(fits.value):
            call(way(builder.module, kind), a, row, step, b, down, across, c, c_row, rows, width, depth)
            builder.ret_void()
    turned = by_columns & (width <= SLIM) & (rows >= SLIM_VECTORS * kind.lanes)
    with builder.if_then(turned.value):
        call(slim(builder.module, kind), a, row, step, b, down, across, c, c_row, rows, width, depth)
        builder.ret_void()
    with builder.if_else((width < kind.lanes).value) as (few, usual):
        with few:
            call(narrow(builder.module, kind), a, row, step, b, down, across, c, c_row, rows, width, depth)
        with usual, each(rows.const(0), rows, MOST_ROWS) as i:
            call(_block(builder.module, kind), a + i * row, row, step, b, down, across, c + i * c_row, c_row,
                  least(rows - i, MOST_ROWS), width, depth)  # fmt: skip


@shared
def _one_row(
    kind: Kind, a: V, row: V, step: V, b: V, down: V, across: V, c: V, c_row: V, rows: V, width: V, depth: V
) -> None:
    """A single row of C, at least a vector wide, where B's rows are contiguous: B is read once, in order.

    Where C fits into registers it stays there. Otherwise ONE_ROW_STEPS rows of B go by at a time, so that C, which
    lies in the cache, is read and written as many times less; what is left of a vector at the end is done one by one.
    """
    builder, zero, size = a.b, depth.const(0), kind.size
    vectors = over(width + (kind.lanes - 1), kind.lanes)
    with builder.if_else((vectors <= ONE_ROW_VECTORS).value) as (few, many):
        with few:
            for count in range(1, ONE_ROW_VECTORS + 1):
                with builder.if_then(vectors.equals(count).value):
                    last = (width - kind.lanes) * size
                    call(tile(builder.module, kind, count, 1), a, row, step, b, down, last, c, c_row, rows, depth,
                          last, V(builder, ir.IntType(1)(1)))  # fmt: skip
        with many:
            whole = over(width, kind.lanes)
            with each(zero, width) as j:
                kind.store(V(builder, kind.element(0.0)), c + j * size)
            with each(zero, depth, ONE_ROW_STEPS) as k:
                steps = least(depth - k, ONE_ROW_STEPS)
                for count in range(1, ONE_ROW_STEPS + 1):
                    with builder.if_then(steps.equals(count).value):
                        place, line = a + k * step, b + k * down
                        _rows_added(kind, place, step, line, down, c, zero, whole, kind.vector, count)
                        _rows_added(kind, place, step, line, down, c, whole * kind.lanes, width, kind.element, count)


def _rows_added(kind: Kind, a: V, step: V, b: V, down: V, c: V, start: V, stop: V, element: Any, count: int) -> None:
    """C += a few numbers of A times as many rows of B, in their order: vectors or elements `start:stop`."""
    wide = element == kind.vector
    numbers = [kind.load(a + step * i, kind.element) for i in range(count)]
    factors = [spread(x, kind.vector) if wide else x for x in numbers]
    with each(start, stop) as j:
        place = j * (VECTOR_BYTES if wide else kind.size)
        total = kind.load(c + place, element)
        for i, factor in enumerate(factors):
            total = kind.multiply_add(factor, kind.load(b + down * i + place, element), total)
        kind.store(total, c + place)


@shared
def _vector(
    kind: Kind, a: V, row: V, step: V, b: V, down: V, across: V, c: V, c_row: V, rows: V, width: V, depth: V
) -> None:
    """C = A @ b for a vector b, where the rows of A are contiguous: sums of every LANES-th product, then their sum."""
    builder, zero = a.b, depth.const(0)
    parts = [V(builder, builder.alloca(kind.vector)) for _ in range(4)]
    total = V(builder, builder.alloca(kind.element))
    stride = kind.lanes * len(parts)
    whole = over(depth, stride) * stride
    with each(zero, rows) as i:
        line = a + i * row
        for part in parts:
            builder.store(ir.Constant(kind.vector, None), part.value)
        with each(zero, whole, stride) as k:
            for n, part in enumerate(parts):
                place = k * kind.size + n * VECTOR_BYTES
                x, y = kind.load(line + place, kind.vector), kind.load(b + place, kind.vector)
                builder.store(kind.multiply_add(x, y, V(builder, builder.load(part.value))).value, part.value)
        sums = [V(builder, builder.load(part.value)) for part in parts]
        together = kind.add(kind.add(sums[0], sums[1]), kind.add(sums[2], sums[3]))
        lanes = kind.lanes
        while lanes > 1:
            lanes //= 2
            low, high = (shuffle(together, together, list(range(at, at + lanes))) for at in (0, lanes))
            together = kind.add(low, high)
        builder.store(builder.extract_element(together.value, ir.Constant(ir.IntType(32), 0)), total.value)
        with each(whole, depth) as k:
            x, y = (kind.load(at + k * kind.size, kind.element) for at in (line, b))
            builder.store(kind.multiply_add(x, y, V(builder, builder.load(total.value))).value, total.value)
        kind.store(V(builder, builder.load(total.value)), c + i * c_row)


@shared
def _multiply(
    kind: Kind, a: V, row: V, step: V, b: V, down: V, across: V, c: V, c_row: V, rows: V, width: V, depth: V
) -> None:
    """C = A @ B: zeros where there is nothing to add up."""
    builder, zero = a.b, depth.const(0)
    with builder.if_else(depth.equals(0).value) as (nothing, something):
        with nothing, each(zero, rows) as i, each(zero, width) as j:
            kind.store(V(builder, kind.element(0.0)), c + i * c_row + j * kind.size)
        with something:
            call(_summed(builder.module, kind), a, row, step, b, down, across, c, c_row, rows, width, depth)


@shared
def _summed(
    kind: Kind, a: V, row: V, step: V, b: V, down: V, across: V, c: V, c_row: V, rows: V, width: V, depth: V
) -> None:
    """C = A @ B, with a depth of at least 1."""
    builder, one, size = a.b, a.const(1), a.const(kind.size)
    wide = _wide(builder.module, kind)
    with builder.if_else((width.equals(1) & c_row.equals(kind.size)).value) as (single, usual):
        with single, builder.if_else(step.equals(kind.size).value) as (rows_first, columns_first):
            with rows_first:
                call(_vector(builder.module, kind), a, row, step, b, size, size, c, size, rows, one, depth)
            with columns_first:
                # The transposed product: its one row has vectors where this one has single numbers.
                call(wide, b, size, size, a, step, row, c, size, one, rows, depth)
        with usual:
            alone = rows.equals(1) & across.equals(kind.size) & (width >= kind.lanes)
            with builder.if_else(alone.value) as (one_row, several):
                with one_row:
                    call(_one_row(builder.module, kind), a, row, step, b, down, across, c, c_row, rows, width, depth)
                with several:
                    call(wide, a, row, step, b, down, across, c, c_row, rows, width, depth)


def _name(kind: Kind) -> str:
    return f"nn_multiply_{kind.name}"


def _adding(kind: Kind) -> Callable[[Any], None]:
    return lambda module: _multiply(module, kind)


SHARED = {_name(kind): _adding(kind) for kind in (Kind(F32), Kind(F64))}
"""What kernels call of this file (see `shared`)."""


# --- for kernels -----------------------------------------------------------------------------------------------


def _product(form: str, numbers: int = 2, within: bool = False) -> Callable[..., Any]:
    """`product(x, y, out, start, stop)`: the rows `start:stop` of the product of 2-D arrays of one float type.

    With 4 `numbers` there are `left` and `right`: those columns of the rows; with 5 also `place`, the row of `out` that
    the first of them goes to. `within` others they are matrices with more beside each row: then the numbers after
    `stop` are the width of the result, the depth, and `place`.
    """

    def emit(out: Any, x: Any, y: Any, context: Any, b: Any, arguments: Any) -> None:
        kind = Kind(F32 if out.dtype == types.float32 else F64)
        arrays = [arrayobj.make_array(t)(context, b, v) for t, v in zip((x, y, out), arguments, strict=False)]
        a, right, c = (V(b, b.ptrtoint(array.data, I64)) for array in arrays)
        (height, depth), (down, across) = (
            [V(b, b.extract_value(array.shape, axis)) for axis in (0, 1)] for array in arrays[:2]
        )
        first, last, *some = (V(b, v) for v in arguments[3:])
        size = c.const(kind.size)
        row, step = depth * kind.size, size
        if form[0] == "t":
            row, step, depth = size, row, height
        width, b_down, b_across = across, across * kind.size, size
        if form[1] == "t":
            width, b_down, b_across = down, size, b_down
        c_row = width * kind.size
        if within:
            width, depth = some[:2]
            c_row = V(b, b.extract_value(arrays[2].shape, 1)) * kind.size
        elif some:
            left, end = some[:2]
            right, c, width = right + left * b_across, c + left * kind.size, end - left
        place = some[2] if len(some) > 2 else first
        multiply = shared_function(context, b, _name(kind), 11)
        call(multiply, a + first * row, row, step, right, b_down, b_across, c + place * c_row, c_row,
              last - first, width, depth)  # fmt: skip

    def definition(typing_context: Any, x: Any, y: Any, out: Any, *given: Any) -> Any:
        def build(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
            emit(out, x, y, context, b, arguments)
            return context.get_dummy_value()

        return types.void(x, y, out, *[types.int64] * numbers), build

    between = ("width", "depth") if within else ("left", "right")
    names = ("typing_context", "x", "y", "out", "start", "stop", *between, "place")[: 4 + numbers]
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    definition.__signature__ = inspect.Signature([  # type: ignore[attr-defined]
        inspect.Parameter(name, positional) for name in names
    ])
    name = "_within" if within else {2: "", 4: "_columns", 5: "_passing"}[numbers]
    definition.__name__ = definition.__qualname__ = f"product_{form}{name}"
    return intrinsic(definition)


product_nn, product_tn, product_nt, product_tt = (_product(form) for form in ("nn", "tn", "nt", "tt"))
"""x @ y, x.T @ y, x @ y.T and x.T @ y.T."""
product_nn_columns, product_tn_columns, product_nt_columns, product_tt_columns = (
    _product(form, 4) for form in ("nn", "tn", "nt", "tt")
)
"""Some columns of the rows `start:stop` of each."""
product_nn_passing, product_tn_passing, product_nt_passing, product_tt_passing = (
    _product(form, 5) for form in ("nn", "tn", "nt", "tt")
)
"""The same, written to rows of `out` from another place on."""
product_nn_within, product_tn_within, product_nt_within, product_tt_within = (
    _product(form, 5, within=True) for form in ("nn", "tn", "nt", "tt")
)
"""Products of matrices that lie inside of larger ones."""
