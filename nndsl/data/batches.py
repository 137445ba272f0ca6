"""Which rows go where: the part kept for validation, and the order of batches.

Random orders come from the raw bits of Philox, a counter generator whose stream NumPy promises not to change. So a
seed gives the same order on every machine and with every version.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nndsl.data.columns import Array, Rows
from nndsl.diagnostics import NndslError, Span
from nndsl.problems.binding import EmptySplit

_WORD = (1 << 64) - 1


def shuffled(n: int, seed: int, stream: int = 0) -> Array:
    """The numbers 0..n-1 in the order that `seed` and `stream` give, as i64."""
    key = (seed & _WORD) | ((stream & _WORD) << 64)
    # A random number whose low bits are the row: no two are equal, so every way of sorting gives one order.
    low = np.uint64((1 << n.bit_length()) - 1)
    keys = (np.random.Philox(key=key).random_raw(n) & ~low) | np.arange(n, dtype=np.uint64)
    keys.sort()
    return (keys & low).astype(np.int64)


def batches(
    n: int, batch_size: int, seed: int = 0, epoch: int = 0, shuffle: bool = True
) -> Iterator[Array]:
    """Row numbers of each batch of one epoch over `n` rows; the last batch may be smaller.

    Every row comes once. The order depends on `n`, `seed` and `epoch` alone.
    """
    order = shuffled(n, seed, epoch) if shuffle else np.arange(n, dtype=np.int64)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]


def groups(starts: Array, most: int, seed: int, epoch: int) -> Iterator[tuple[Array, Array]]:
    """A pass over rows that are read in blocks: the blocks of each group, and the order of its rows.

    `starts` are the rows at which blocks begin, with the number of rows at the end. Blocks come in a random order, and
    are put together into groups of about `most` rows; the rows of a group are mixed. Every row comes once. Where all
    rows are one group, or each is a block of its own, any order of all rows is as likely as any other.
    """
    order = shuffled(len(starts) - 1, seed, epoch)
    lengths = np.diff(starts)[order]
    number = (np.cumsum(lengths) - lengths) // max(1, most)  # the group that a block begins in
    for group, blocks in enumerate(np.split(order, np.flatnonzero(np.diff(number)) + 1)):
        rows = int((starts[blocks + 1] - starts[blocks]).sum())
        yield blocks, shuffled(rows, seed, epoch ^ ((group + 1) << 32))


def split_rows(
    n: int, fraction: float, span: Span | None = None, strata: Array | None = None
) -> tuple[Rows, Rows]:
    """The rows to train on and the rows to validate on: the last `fraction` of them, as Keras' validation_split.

    With `strata`, a number for each row, the last `fraction` of those with the same number. Raises NndslError (NN535)
    where either part would be empty; `span` is the setting in the `.nn` file.
    """
    if not 0.0 < fraction < 1.0:
        raise NndslError(EmptySplit(span, fraction, n))
    if strata is not None:
        last = np.zeros(n, dtype=np.bool_)
        for stratum in np.unique(strata):
            rows = np.flatnonzero(strata == stratum)
            last[rows[math.floor(len(rows) * (1.0 - fraction)) :]] = True
        if last.all() or not last.any():
            raise NndslError(EmptySplit(span, fraction, n))
        return np.flatnonzero(~last), np.flatnonzero(last)
    middle = math.floor(n * (1.0 - fraction))
    if middle in (0, n):
        raise NndslError(EmptySplit(span, fraction, n))
    return slice(0, middle), slice(middle, n)
