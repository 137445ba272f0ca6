"""Sets that are read in pieces: larger than memory, or not worth holding.

A stream is a row of *blocks*: what is read in one go, such as 256 KiB of an archive, a row group of a parquet file, one
image. A feed reads a group of blocks, mixes its rows, and cuts batches from it (see `nndsl.data.batches`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nndsl.data.batches import split_rows
from nndsl.data.columns import Array, Column, DataSet, Dense, Ragged, dtype_name
from nndsl.data.named import Named
from nndsl.diagnostics import Span

HELD = 1 << 30
"""Bytes of a set that is held in memory unless it says `stream=true`. Not the memory of the machine, so that the order
of batches is the same everywhere."""

BLOCK = 1 << 18
"""Bytes of a block where the source can choose."""


@dataclass(frozen=True)
class Outline:
    """What is known of a column before it is read. `names` tells that it will be a `Named` column."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    named: bool = False

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row in memory."""
        return int(np.prod(self.shape[1:], dtype=np.int64)) * self.dtype.itemsize

    def describe(self) -> str:
        """`u8 array of shape (8000, 28, 28)`."""
        if self.named:
            return f"{len(self)} names"
        return f"{dtype_name(self.dtype)} array of shape {self.shape}"


class Stream(ABC):
    """A set in blocks. Reading is done by one thread at a time."""

    outlines: Mapping[str, Outline]
    starts: Array  # the row at which each block begins, and behind them the number of rows

    @abstractmethod
    def read(self, blocks: Array) -> DataSet:
        """The rows of those blocks, one block behind the other. Raises NndslError where they cannot be read."""

    def only(self, names: Collection[str]) -> Stream:
        """The stream of those columns; where some of them are missing, of all, so that it can be told."""
        kept = {name: outline for name, outline in self.outlines.items() if name in names}
        return Columns(self, tuple(kept)) if len(kept) == len(names) < len(self.outlines) else self

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.starts[-1])

    @property
    def row_bytes(self) -> int:
        """Bytes of one row in memory."""
        return max(1, sum(outline.row_bytes for outline in self.outlines.values()))

    def numbers(self, blocks: Array) -> Array:
        """The row numbers of what `read` gives."""
        if len(blocks) == 0:
            return np.zeros(0, dtype=np.int64)
        return np.concatenate([np.arange(self.starts[block], self.starts[block + 1]) for block in blocks])

    def split(self, share: float, span: Span | None = None) -> tuple[Stream, Stream]:
        """What to train on, and the last `share` of the rows. Raises NndslError (NN535)."""
        first, last = split_rows(self.rows, share, span)
        assert isinstance(first, slice)
        assert isinstance(last, slice)
        return Part(self, first.start, first.stop), Part(self, last.start, last.stop)


class Part(Stream):
    """Rows `first` to `last` of another stream. A block that lies on the edge is read whole and cut."""

    def __init__(self, whole: Stream, first: int, last: int) -> None:
        self.whole, self.first, self.last = whole, first, last
        begin = int(np.searchsorted(whole.starts, first, "right")) - 1
        end = int(np.searchsorted(whole.starts, last, "left"))
        self._skipped = begin
        self.starts = np.clip(whole.starts[begin : end + 1], first, last) - first
        self.outlines = {
            name: Outline((last - first, *outline.shape[1:]), outline.dtype, outline.named)
            for name, outline in whole.outlines.items()
        }

    def read(self, blocks: Array) -> DataSet:
        found = self.whole.read(blocks + self._skipped)
        rows = self.whole.numbers(blocks + self._skipped)
        inside = (rows >= self.first) & (rows < self.last)
        return found if inside.all() else found.select(np.flatnonzero(inside))


class Columns(Stream):
    """Some of the columns of another stream."""

    def __init__(self, whole: Stream, names: Sequence[str]) -> None:
        self.whole, self.starts = whole, whole.starts
        self.outlines = {name: whole.outlines[name] for name in names}

    def read(self, blocks: Array) -> DataSet:
        found = self.whole.read(blocks)
        return DataSet({name: found[name] for name in self.outlines})

    def split(self, share: float, span: Span | None = None) -> tuple[Stream, Stream]:
        first, last = self.whole.split(share, span)
        return Columns(first, tuple(self.outlines)), Columns(last, tuple(self.outlines))


def block_starts(rows: int, row_bytes: int) -> Array:
    """Blocks of about 256 KiB; a row that is larger is a block of its own."""
    each = max(1, BLOCK // max(1, row_bytes))
    return np.append(np.arange(0, rows, each, dtype=np.int64), rows)


def held(stream: Stream) -> DataSet:
    """The whole set in memory."""
    return stream.read(np.arange(len(stream.starts) - 1))


def joined(parts: Sequence[DataSet]) -> DataSet:
    """Rows of several sets one behind the other; names must be numbered before."""
    if len(parts) == 1:
        return parts[0]
    return DataSet({name: _joined([part[name] for part in parts]) for name in parts[0]})


def _joined(columns: Sequence[Column]) -> Column:
    match columns[0]:
        case Ragged():
            texts = [column for column in columns if isinstance(column, Ragged)]
            lists = [t.words[int(t.offsets[0]) : int(t.offsets[-1])] for t in texts]
            lengths = np.concatenate([np.diff(t.offsets) for t in texts])
            first = texts[0]
            offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
            return Ragged(np.concatenate(lists), offsets, first.num_words, first.unknown, first.padding)
        case Named(names=names, rule=rule):
            codes = _joined([column.codes for column in columns if isinstance(column, Named)])
            assert not isinstance(codes, Named)
            return Named(codes, names, rule)
    return Dense(np.concatenate([column.array for column in columns if isinstance(column, Dense)]))
