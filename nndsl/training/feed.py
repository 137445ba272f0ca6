"""A checked data set cut into batches for a session."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from nndsl.data.batches import batches, split_rows
from nndsl.data.columns import DataSet
from nndsl.data.feed import to_batch
from nndsl.data.ports import Port
from nndsl.diagnostics import Span
from nndsl.training.trainable import Batch


@dataclass(frozen=True, eq=False)
class Feed:
    """Rows for a model: a data set that `check_feed` let through, and the ports it is for."""

    data: DataSet
    ports: tuple[Port, ...]

    @property
    def rows(self) -> int:
        """Number of samples."""
        return self.data.rows

    def steps(self, batch_size: int) -> int:
        """Number of batches of an epoch; the last may be smaller."""
        return math.ceil(self.rows / batch_size)

    def in_order(self, batch_size: int) -> Iterator[tuple[int, Batch]]:
        """Size and arrays of each batch, in the order of the rows."""
        for start in range(0, self.rows, batch_size):
            stop = min(start + batch_size, self.rows)
            yield stop - start, to_batch(self.data, self.ports, slice(start, stop))

    def shuffled(self, batch_size: int, seed: int, stream: int) -> Iterator[tuple[int, Batch]]:
        """As in_order, with the rows in the order that `seed` and `stream` give."""
        for rows in batches(self.rows, batch_size, seed, stream):
            yield len(rows), to_batch(self.data, self.ports, rows)

    def split(self, share: float, span: Span | None = None) -> tuple[Feed, Feed]:
        """Rows to train on and the last `share` of them to validate on. Raises NndslError (NN535)."""
        first, last = split_rows(self.rows, share, span)
        return Feed(self.data.select(first), self.ports), Feed(self.data.select(last), self.ports)
