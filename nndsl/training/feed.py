"""A checked data set cut into batches for a session."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace

import numpy as np

from nndsl.data.ahead import Ahead
from nndsl.data.batches import batches, groups, split_rows
from nndsl.data.columns import Array, Column, DataSet, Dense, Numbers, Rows
from nndsl.data.feed import check_values
from nndsl.data.learned import Chain, Learned, learn
from nndsl.data.named import Classes, Named
from nndsl.data.ports import Port
from nndsl.data.steps import Draw
from nndsl.data.streams import Stream, joined
from nndsl.diagnostics import NndslError, Span
from nndsl.problems.preparing import NotLearned, TooManyNames
from nndsl.training.trainable import Batch

GROUP = 64 << 20
"""Bytes of rows that are mixed with one another where a set is read in pieces."""

SizedBatches = AbstractContextManager[Iterator[tuple[int, Batch]]]


@dataclass(frozen=True, eq=False)
class Feed:
    """Rows for a model: a data set that `check_feed` let through, the ports it is for, and what is done to them.

    `chains` are the steps of each port. A feed gives batches once it is `bound` to what the training part says.
    """

    data: DataSet | Stream
    ports: tuple[Port, ...]
    chains: Mapping[str, Chain] = field(default_factory=dict)
    learned: Learned = field(default_factory=Learned)
    what: str = "the data"
    span: Span | None = None

    @property
    def rows(self) -> int:
        """Number of samples."""
        return self.data.rows

    def steps(self, batch_size: int) -> int:
        """Number of batches of an epoch; the last may be smaller."""
        return math.ceil(self.rows / batch_size)

    def split(self, share: float, span: Span | None = None) -> tuple[Feed, Feed]:
        """Rows to train on and the last `share` of them to validate on. Raises NndslError (NN535)."""
        if isinstance(self.data, Stream):
            train, validation = self.data.split(share, span)
            return replace(self, data=train), replace(self, data=validation)
        first, last = split_rows(self.rows, share, span, self.data.strata)
        return replace(self, data=self.data.select(first)), replace(self, data=self.data.select(last))

    def learn(self, before: Learned | None = None) -> Learned:
        """What these rows say, beside what is known `before`. Raises NndslError where they cannot be read."""
        return learn(lambda: self._pieces(), self.chains, before)

    def bound(self, learned: Learned) -> Feed:
        """The feed with names as numbers. Raises NndslError: NN516 a class is new, NN517 something was not learned."""
        for port in self.ports:
            needed = learned.needs(port.name, self.chains.get(port.name, ()), _is_named(self.data, port.name))
            if needed is not None:
                raise NndslError(NotLearned(self.span or port.span, port.name, needed))
            names = learned.names.get(port.name)
            if needed is None and names is not None and port.count is not None and len(names) > port.count:
                noun = "classes" if isinstance(learned.rules[port.name], Classes) else "words"
                raise NndslError(TooManyNames(self.span, port.name, noun, len(names), port.declared, port.span))
        made = replace(self, learned=learned)
        return made if isinstance(self.data, Stream) else replace(made, data=made._numbered(self.data))

    # --- batches -------------------------------------------------------------------------------------------

    def in_order(self, batch_size: int) -> SizedBatches:
        """Size and arrays of each batch, in the order of the rows, without random steps."""
        return self._running(self._in_order(batch_size, None))

    def epoch(self, batch_size: int, seed: int, stream: int, shuffle: bool = True) -> SizedBatches:
        """One pass of training: in the order that `seed` and `stream` give, unless not shuffled, and with all steps."""
        draw = (seed, stream)
        return self._running(self._shuffled(batch_size, *draw) if shuffle else self._in_order(batch_size, draw))

    def _running(self, made: Iterator[tuple[int, Batch]]) -> SizedBatches:
        """Ahead in a thread where a batch takes more than to pick rows."""
        if isinstance(self.data, Stream) or any(self.chains.values()):
            return closing(Ahead(made, lambda item: sum(array.nbytes for array in item[1].values())))
        return nullcontext(made)

    def _in_order(self, size: int, draw: tuple[int, int] | None) -> Iterator[tuple[int, Batch]]:
        if isinstance(self.data, Stream):
            each = max(size, GROUP // self.data.row_bytes)
            several = len(self.data.starts) - 1
            ends = np.searchsorted(self.data.starts, np.arange(each, self.rows + each, each), "left").clip(1, several)
            runs = [np.arange(a, b) for a, b in zip((0, *ends), ends, strict=False) if b > a]
            yield from self._cut(((blocks, None) for blocks in runs), size, draw)
            return
        for start in range(0, self.rows, size):
            stop = min(start + size, self.rows)
            yield stop - start, self._batch(self.data, slice(start, stop), np.arange(start, stop), draw)

    def _shuffled(self, size: int, seed: int, stream: int) -> Iterator[tuple[int, Batch]]:
        if isinstance(self.data, Stream):
            most = max(size, GROUP // self.data.row_bytes)
            yield from self._cut(groups(self.data.starts, most, seed, stream), size, (seed, stream))
            return
        for rows in batches(self.rows, size, seed, stream):
            yield len(rows), self._batch(self.data, rows, rows, (seed, stream))

    def _cut(
        self, read: Iterable[tuple[Array, Array | None]], size: int, draw: tuple[int, int] | None
    ) -> Iterator[tuple[int, Batch]]:
        """Batches of one size out of groups of blocks: what is left of a group begins the first batch of the next."""
        assert isinstance(self.data, Stream)
        left: list[tuple[DataSet, Array]] = []
        count = 0
        for blocks, order in read:
            numbers = self.data.numbers(blocks)
            group = self._numbered(self.data.read(blocks))
            self._check(group, numbers)
            order = np.arange(len(numbers)) if order is None else order
            start = 0
            if left:
                start = min(size - count, len(order))
                left.append((group.select(order[:start]), numbers[order[:start]]))
                count += start
                if count == size:
                    yield size, self._joined(left, draw)
                    left, count = [], 0
            whole = start + (len(order) - start) // size * size
            for at in range(start, whole, size):
                rows = order[at : at + size]
                yield size, self._batch(group, rows, numbers[rows], draw)
            if whole < len(order):
                rest = order[whole:]
                left.append((group.select(rest), numbers[rest]))
                count += len(rest)
        if left:
            yield count, self._joined(left, draw)

    def _joined(self, parts: list[tuple[DataSet, Array]], draw: tuple[int, int] | None) -> Batch:
        whole = joined([part for part, _ in parts])
        return self._batch(whole, slice(None), np.concatenate([numbers for _, numbers in parts]), draw)

    def _batch(self, data: DataSet, rows: Rows, numbers: Array, draw: tuple[int, int] | None) -> Batch:
        """Those rows for a kernel: C-contiguous arrays of the declared dtypes, behind the steps."""
        out: dict[str, Array] = {}
        for port in self.ports:
            column, chain = data[port.name], self.chains.get(port.name, ())
            if not chain:
                out[port.name] = column.take(rows, port.numpy_dtype)
                continue
            values = column.take(rows, port.numpy_dtype)
            drawn = None if draw is None else Draw(*draw, numbers)
            for place, step in enumerate(chain):
                values = step.apply(values, drawn, place, self.learned.of(port.name))
            out[port.name] = np.ascontiguousarray(values, dtype=port.numpy_dtype)
        return out

    # --- names and checks ------------------------------------------------------------------------------------

    def _pieces(self) -> Iterator[DataSet]:
        if not isinstance(self.data, Stream):
            yield self.data
            return
        each = max(1, GROUP // self.data.row_bytes)
        several = len(self.data.starts) - 1
        start = 0
        while start < several:
            stop = int(np.searchsorted(self.data.starts, self.data.starts[start] + each, "right"))
            blocks = np.arange(start, min(max(stop, start + 1), several))
            piece = self.data.read(blocks)
            self._check(piece, self.data.numbers(blocks))
            yield piece
            start = int(blocks[-1]) + 1

    def _numbered(self, data: DataSet) -> DataSet:
        """Names as the numbers that were learned."""
        ports = {port.name: port for port in self.ports}
        return DataSet({name: self._number(ports.get(name), name, column) for name, column in data.items()})

    def _number(self, port: Port | None, name: str, column: Column) -> Numbers:
        if not isinstance(column, Named):
            return column
        try:
            found = column.numbered(self.learned.names[name], name)
        except NndslError as error:
            raise NndslError([problem if problem.span else replace(problem, span=self.span)
                              for problem in error.problems]) from None  # fmt: skip
        if port is not None and port.kind == "onehot" and isinstance(found, Dense):
            return Dense(np.eye(len(self.learned.names[name]), dtype=np.uint8)[found.array])
        return found

    def _check(self, piece: DataSet, numbers: Array) -> None:
        """The values of a piece. Raises NndslError with the rows of the whole set."""
        check_values(self.ports, piece, self.what, numbers, self.chains)


def _is_named(data: DataSet | Stream, name: str) -> bool:
    if isinstance(data, Stream):
        return data.outlines[name].named
    return isinstance(data[name], Named)
