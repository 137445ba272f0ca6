"""The cost model: every number and judgement about what pays. Whoever decides what is fused, computed again, stored,
cut, packed or turned asks here, and nothing here knows how it is then done.

The numbers are for a core with 32 KiB of first-level and 1 to 2 MiB of second-level cache, as most have; none of them
changes a result by more than the order of its sums, and none of them asks how many workers there are, so the bits are
the same for any number. They stand in groups: sums, recomputation, kernels, sharing, products, convolutions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nndsl.ir.dims import Size

# --- sums over a batch, and in which parts they are made -----------------------------------------------------------

PARTS = 16
"""Parts of a long sum over leading axes: as many, however many threads there are, so that the sum's bits do not
depend on them. More would be more rows of sums to add up, fewer would leave workers without a part."""
ROW_TILE = 16
"""Rows that the parts of a matrix and the shares of a product are multiples of: products are computed in tiles of 4
or 8 rows, which are not cut then."""
LONG_SUM = 4 * PARTS
"""Rows from which on parts pay: with fewer, the parts' own rows are a quarter of what is read."""
LONG_PRODUCT = 2048
"""Rows from which on a product is made in parts of them: to share its result among workers means that each makes all
of one factor contiguous for a few tiles."""
PRODUCT_ELEMENTS, PRODUCT_SIDE = 16 * 1024, 8
"""Of the result of such a product: at most half of a second-level cache for those of all parts; and at least a tile of
rows, and columns that are worth more than a loop."""
PRODUCT_CHUNK = 64
"""Rows of both factors over which all tiles of a part go, so that they stay in the first-level cache."""
MOST_SHARDS = 16
SHARD_ELEMENTS = 96 * 1024
"""Of all shards of the batch in which the gradient of a kernel is summed up. To share shards among workers is better
than to share the kernel, since each then reads its part of the batch only; but they have to be stored and added up."""
MOST_FACTORS = 8
"""Factors that a product under a sum is taken apart into; a gradient has two to four."""
LARGEST_LIST = 64
"""Up to so many of the greatest are kept in order as they are found; beyond, sorting all of them costs less."""

BAG_PARTS = 2
"""Parts of a table whose named rows are summed up each by itself: the workers that share the parts read rows that they
have updated themselves. With more parts, texts would be looked through more often."""
MARKED_WORDS = 1 << 15
"""Words of a vocabulary of which it is marked at a time whether a text has them: a byte for each, in the first-level
cache."""


def is_long_sum(rows: Size) -> bool:
    """Whether a sum over so many rows is made in parts, where its rows are; of an unknown number it is."""
    return not isinstance(rows, int) or rows >= LONG_SUM


def is_long_product(rows: Size, left: Size, right: Size) -> bool:
    """Whether the gradient of a weight of `left` times `right`, a sum over so many rows, is made in parts of the rows.

    A batch by itself is not long, one for each step of a text is.
    """
    if not isinstance(left, int) or not isinstance(right, int):
        return False
    if left * right > PRODUCT_ELEMENTS or min(left, right) < PRODUCT_SIDE:
        return False
    if isinstance(rows, int):
        return rows >= LONG_PRODUCT
    return any(len(names) > 1 or times >= PARTS for names, times in rows.terms)


def part_length(first: Any, rank: int) -> Any:
    """How many steps of the first axis one part has: of a number, or as an expression of one."""
    grain = ROW_TILE if rank == 2 else 1
    return (first + (PARTS * grain - 1)) // (PARTS * grain) * grain


def kernel_shards(elements: int) -> int:
    """The shards of the batch in which the gradient of a convolution's kernel of so many elements is summed up: it
    depends on the kernel only, so that threads do not change the order."""
    shards = 1
    while shards < MOST_SHARDS and 2 * shards * elements <= SHARD_ELEMENTS:
        shards *= 2
    return shards


# --- what is computed again rather than stored ---------------------------------------------------------------------

CHEAP = frozenset(
    {
        "abs", "add", "cast", "equal", "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_not",
        "logical_or", "maximum", "minimum", "multiply", "negative", "not_equal", "stop_gradient", "subtract", "where",
    }
)  # fmt: skip
"""One instruction each, that costs nothing beside a load."""
COSTLY = frozenset({"matmul", "conv", "cos", "erf", "exp", "log", "log1p", "sigmoid", "sin", "softplus", "tanh"})
"""What a step of a scan computes that its gradient sooner loads: a product, or ten instructions and more."""
LIGHT = frozenset({"add", "cast", "divide", "multiply", "negative", "subtract", "where"})
"""What is done to one factor of a chain of products: rather at each place, in the cache, than before the chain."""
DEEPEST_AGAIN = 256
"""The depth up to which a product of a chain is computed again for the way back. To store and to load an element of it
takes as long as some fifty multiply-adds, and a table for every head is most of the memory of long sequences."""
MOST_AGAIN = 8
"""Values that are computed again for one that is dropped: more would no longer hide behind the loads."""
SPARED = 2
"""Values that keeping one of their inputs must spare, for its store to pay."""
MOST_WAITING = 8
"""Values in a chain that wait for a kernel to stand in: chains are walked again for each user, so they stay short."""


def again_pays(loads: int, readers: int) -> bool:
    """Whether to compute a value again in the kernels that read it: `loads` are the arrays that they have to read in
    its stead, and what is spared is one store, and a load in each."""
    return loads < 1 + readers


def product_again_pays(depths: Sequence[Size]) -> bool:
    """Whether to compute a table again from a product that is so deep; never from several."""
    return len(depths) == 1 and isinstance(depths[0], int) and depths[0] <= DEEPEST_AGAIN


# --- kernels -------------------------------------------------------------------------------------------------------

MOST_CUTS = 8
"""Places where a loop is cut for conditions on its index: more would make more code than they are worth."""
HALF_SECOND_LEVEL = 1024 * 1024
"""Bytes of the rows of a product that are computed before anything else is done to them: they are read again from the
second-level cache, of which the factors need the other half."""
TURNED_BYTES = 512 * 1024
"""The same where they are columns of the left side: many of them are long runs of memory."""
CONVOLUTION_BLOCK = 128 * 1024
"""The same of a convolution, whose lists, kernel and image lie there too."""
TABLE_BYTES, LEAST_OF_PLACE = 512 * 1024, 32
"""Bytes of one of the tables of a chain of products, of which two to four are in use; and the least of their rows."""
UNKNOWN_WIDTH, UNKNOWN_CHANNELS, UNKNOWN_LINE = 512, 64, 32
"""What an extent is taken to be that only the data tells."""


def block_rows(width: Size, item: int, turned: bool) -> int:
    """Rows of a product, of so many elements of `item` bytes, that are computed before the rest of the kernel goes
    over them; of the left side they are columns where it is `turned`.

    The more rows, the less a product costs; the fewer, the more of them are still in the cache. The bits are the
    same.
    """
    row_bytes = (width if isinstance(width, int) else UNKNOWN_WIDTH) * item
    if turned and 256 * row_bytes <= TURNED_BYTES:
        return TURNED_BYTES // row_bytes // 256 * 256
    return next((rows for rows in (256, 128) if rows * row_bytes <= HALF_SECOND_LEVEL), 64)


def block_lines(line: Size, channels: Size, item: int) -> int:
    """Lines of a convolution's result that are made before the rest of the kernel goes over them.

    The more places, the less the lists of a convolution cost; the fewer, the more of them are still in the cache.
    """
    wide = (channels if isinstance(channels, int) else UNKNOWN_CHANNELS) * item
    places = min(1024, max(256, CONVOLUTION_BLOCK // wide))
    return max(1, places // (line if isinstance(line, int) else UNKNOWN_LINE))


def rows_of_place(rows: Size, columns: Size, item: int) -> int:
    """Of the tables of a chain of products, so many `columns` wide, the rows that go through all of it at a time: all,
    or a part of them that divides them.

    A few tables of them should stay in the second-level cache; but the fewer rows, the more it costs to make the other
    factor contiguous for each part.
    """
    if not isinstance(rows, int) or not isinstance(columns, int):
        return rows if isinstance(rows, int) else 0
    most = max(LEAST_OF_PLACE, TABLE_BYTES // (columns * item))
    return next((n for n in range(min(rows, most), LEAST_OF_PLACE - 1, -1) if rows % n == 0), rows)


# --- what workers share --------------------------------------------------------------------------------------------

LINE = 64
"""Elements that the parts of a flat loop are multiples of, so that every element falls into the same vector whatever
the number of threads; and no cache line has two writers."""
LONG_AXIS = 16
"""Steps of an axis that are enough for all workers."""
WIDE = 128
"""Columns of a product that are worth sharing: each of two workers then has more than a tile of three vectors."""
LITTLE = 200_000
"""Multiply-adds and elements of arrays below which another thread costs more than it brings; the bits are the same."""

SHORT_LOOP, LONG_LOOP = 8, 64
"""Steps of an innermost loop, from which on vectors of it are better than all steps one after the other, and up to
which LLVM may unroll it."""


def vectors_pay(lengths: Sequence[int]) -> bool:
    """Whether innermost loops of such lengths should be kept for vectors: there is one that is long enough for them,
    and none that is better unrolled."""
    return any(SHORT_LOOP <= n <= LONG_LOOP for n in lengths) and not any(1 < n < SHORT_LOOP for n in lengths)


def shared_axis(space: Sequence[Size]) -> int:
    """Of the axes before the last, the one that workers share: the first that is long enough, or whose length only the
    data tells."""
    outer = space[:-1]
    return next((axis for axis, size in enumerate(outer) if not isinstance(size, int) or size >= LONG_AXIS), 0)


def columns_pay(width: Size) -> bool:
    """Whether workers may share the columns of a product; whether they do, is seen when its rows are known."""
    return not isinstance(width, int) or width >= WIDE


# --- products (the tile itself is as large as the registers: runtime/tiles) ----------------------------------------

STRIP_BYTES = 24 * 1024
"""Of a strip of B: most of a first-level cache; the rest is for A."""
STRIPS = 4
"""Strips that are copied together, since memory likes long runs."""
STRIP_ROWS = 16
"""Rows that are copied to one strip before the next one's turn comes: what lies between them is still at hand."""
MOST_ROWS = 256
"""Rows that go over a strip of B: the more, the less it costs to make it contiguous."""
A_BYTES = MOST_ROWS * 1024
"""Of a copy of those rows, where they lie side by side: it stays in the second-level cache."""
DIRECT_TILES, DIRECT_DEPTH = 2, 2048
"""Tiles of rows for which B is used where it is, since a copy would be read only so often; the depth of its panels."""
THIN, THIN_ROWS = 4, 64
"""Vectors of a result that are few, for so many rows and more: then A is read where it is, in long runs."""
THIN_PANEL = 32
"""Rows of such an A that go by at a time, where its columns are contiguous. Loops over them are unrolled, since the
end of so short a loop is guessed wrong; with fewer, C is read and written more often."""
THIN_DEPTH = 512
"""Of such an A's rows, how much goes by before the next rows: B's part for it stays in the second-level cache."""
SLIM, SLIM_VECTORS = 64, 4
"""Columns of a result that are few, for rows of so many vectors and more: where A lies side by side, the factors then
change places."""
ONE_ROW_VECTORS, ONE_ROW_STEPS = 8, 4
"""Of a product with one row: the vectors that are held in registers, else the rows of B that go by together."""

# --- convolutions --------------------------------------------------------------------------------------------------

MOST_PLACES = 1024
"""Rows of a gathered product at a time: what they read and write should stay in the second-level cache."""
KERNEL_STEPS = 120
"""Steps of the gradient of a kernel that are done for all rows: what they read of the image has to stay in the
first-level cache beside a strip of B."""
LINES_BYTES = 16 * 1024
"""Of the gradient of the result that go by for the whole kernel where places go line by line: as KERNEL_STEPS."""
MOST_VECTORS = 16
"""Vectors of columns that are packed at a time."""
