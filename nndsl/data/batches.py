"""Which rows go where: the part kept for validation, and the order of batches.

Random orders come from the raw bits of Philox, a counter generator whose stream NumPy promises not to change. So a
seed gives the same order on every machine and with every version.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nndsl.data.columns import Array
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


def split_rows(n: int, fraction: float, span: Span | None = None) -> tuple[slice, slice]:
    """The rows to train on and the rows to validate on: the last `fraction` of them, as Keras' validation_split.

    Raises NndslError (NN535) where either part would be empty; `span` is the setting in the `.nn` file.
    """
    if not 0.0 < fraction < 1.0:
        raise NndslError(EmptySplit(span, fraction, n))
    middle = math.floor(n * (1.0 - fraction))
    if middle in (0, n):
        raise NndslError(EmptySplit(span, fraction, n))
    return slice(0, middle), slice(middle, n)
