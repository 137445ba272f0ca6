"""`csv("file.csv", x=["length", "width"], label="species")`: columns of a CSV file, numbers, classes and texts.

Files up to 1 GiB are held in memory. Larger ones, and those that say `stream=true`, are gone over once, which finds
where their blocks begin, and then read block by block.
"""

from __future__ import annotations

import csv as csvlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from nndsl.data.columns import Array, DataSet, Dense
from nndsl.data.context import Call, SourceContext, kind_of, reason_of
from nndsl.data.streams import HELD, Outline, Stream
from nndsl.data.wanted import Cells, Key, Wanted, assembled, complete, missing_argument, wanted_columns
from nndsl.diagnostics import NndslError, Span
from nndsl.problems.data import DataFileUnreadable, KeyMissing
from nndsl.problems.tables import CellNotNumber, RowWidth

BLOCK = 20_000  # rows turned into numbers together
WITHOUT = frozenset(("", "na", "n/a", "nan", "null", "none", "?"))
"""What stands in a column of numbers where one is missing."""


def csv(context: SourceContext, span: Span | None, /, *args: object, **named: object) -> DataSet | Stream:
    """`csv(path, NAME=column, …, header=true, delimiter=",", missing=none, stream=none)`: a column for every keyword.

    A column is named by its title or by its number from 0; a list of them gives an array `(rows, columns)`, a single
    one `(rows,)`, `text(column)` texts. Whole numbers give i64, others f64, cells without any number classes. `missing`
    is "drop" (such rows are left out), "keep" (NaN, for the step `fill`), or a number. Raises NndslError: NN500 to
    NN502, NN505, NN507 to NN509, NN518.
    """
    call = Call("csv", span, args, named)
    call.at_most(1, 'as in csv("file.csv", x=["length", "width"], label="class")')
    path = call.text(0, "path")
    header, stream, missing = call.flag("header", True), call.choice("stream"), missing_argument(call)
    delimiter = named.pop("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '\r\n"':
        call.refuse(f"`delimiter` is {kind_of(delimiter)}, one character is needed", 'as in delimiter=";"')
    wanted = wanted_columns(call, f'as in csv("{path}", x=["length", "width"], label="class")')
    table = _Table(context.resolve(path, span), path, span, header, delimiter, missing)
    columns = {key: table.number_of(call, key) for one in wanted.values() for key in one.columns}
    ragged = next((name for name, one in wanted.items() if one.words is not None and not one.words.length), None)
    if ragged is not None and stream:
        call.refuse(f"texts of different lengths (`{ragged}`) are held in memory", "leave `stream` out")
    large = ragged is None and table.place.stat().st_size > HELD
    held: list[Mapping[Key, Cells]] = []
    blocks = table.scan(sorted(set(columns.values())), None if stream or (stream is None and large) else held)
    if stream or (stream is None and large):
        return CsvStream(table, wanted, columns, blocks)
    joined = {
        key: _joined([part[number] for part in held], blocks.kinds[number]) for key, number in columns.items()
    }
    return assembled(wanted, joined, path, span)


@dataclass(frozen=True)
class _Block:
    """Some records: the byte at which they begin, how many they are, and how many rows are left of them."""

    start: int
    records: int
    rows: int


@dataclass(frozen=True)
class _Blocks:
    """What going over a file finds: its blocks, and what its columns hold ("i64", "f64" or "names")."""

    blocks: tuple[_Block, ...]
    kinds: Mapping[int, str]

    def __iter__(self) -> Iterator[_Block]:
        return iter(self.blocks)


def _joined(parts: list[Cells], kind: str) -> Cells:
    if kind == "names":
        return [cell for part in parts if isinstance(part, list) for cell in part]
    arrays = [part.array for part in parts if isinstance(part, Dense)]
    # A file with titles alone gives columns without rows, which the check of the data names.
    return Dense(np.concatenate(arrays) if arrays else np.zeros(0))


class CsvStream(Stream):
    """A CSV file read block by block."""

    def __init__(
        self, table: _Table, wanted: Mapping[str, Wanted], columns: Mapping[Key, int], blocks: _Blocks
    ) -> None:
        self.table, self.wanted, self.columns, self.blocks = table, wanted, columns, blocks
        self.starts = np.cumsum([0, *(block.rows for block in blocks)], dtype=np.int64)
        self.outlines = {name: self._outline(one) for name, one in wanted.items()}

    def _outline(self, one: Wanted) -> Outline:
        rows = int(self.starts[-1])
        if one.words is not None:
            return Outline((rows, one.words.length or 1), np.dtype(np.int32), named=True)
        kinds = [self.blocks.kinds[self.columns[key]] for key in one.columns]
        dtype = np.dtype(np.float64 if "f64" in kinds else np.int64)
        return Outline((rows, len(kinds)) if one.several else (rows,), dtype, "names" in kinds)

    def read(self, blocks: Array) -> DataSet:
        parts = [self.table.read(self.blocks.blocks[block], self.blocks.kinds) for block in blocks.tolist()]
        cells = {
            key: _joined([part[number] for part in parts], self.blocks.kinds[number])
            for key, number in self.columns.items()
        }
        return assembled(self.wanted, cells, self.table.path, self.table.span)


class _Table:
    """A CSV file, read a record at a time."""

    def __init__(
        self, place: Path, path: str, span: Span | None, header: bool, delimiter: str, missing: object
    ) -> None:
        self.place, self.path, self.span, self.header, self.delimiter = place, path, span, header, delimiter
        self.missing = missing
        first = next(self._records(), None)
        if first is None:
            raise NndslError(DataFileUnreadable(span, path, "it is empty"))
        self.width = len(first[2])
        self.titles = tuple(cell.strip() for cell in first[2]) if header else ()

    def _records(self, start: int = 0) -> Iterator[tuple[int, int, list[str]]]:
        """Every record that is not blank, from a byte on: the byte behind it, its line (from `start`), its cells."""
        end = start

        def lines(file: IO[bytes]) -> Iterator[str]:
            nonlocal end
            for line in file:
                end += len(line)
                if b"\0" in line:
                    raise csvlib.Error("line contains NUL")
                yield line.decode("utf-8-sig" if end == len(line) else "utf-8")

        try:
            with self.place.open("rb") as file:
                file.seek(start)
                reader = csvlib.reader(lines(file), delimiter=self.delimiter, strict=True)
                try:
                    for cells in reader:
                        if cells:
                            yield end, reader.line_num, cells
                except csvlib.Error as error:
                    raise self._unreadable(f"line {reader.line_num}: {reason_of(error)}") from None
        except UnicodeDecodeError:
            raise self._unreadable("it is not text in UTF-8", "save it as UTF-8") from None
        except OSError as error:
            raise self._unreadable(reason_of(error)) from None

    def _rows(self, start: int = 0) -> Iterator[tuple[int, int, list[str]]]:
        """The records without the titles."""
        return itertools.islice(self._records(start), 1 if self.header and start == 0 else 0, None)

    def _unreadable(self, reason: str, cure: str | None = None) -> NndslError:
        return NndslError(DataFileUnreadable(self.span, self.path, reason, cure))

    def number_of(self, call: Call, wanted: object) -> int:
        """Which column a title or number means."""
        if isinstance(wanted, int):
            if not 0 <= wanted < self.width:
                known = tuple(str(number) for number in range(self.width))
                raise NndslError(KeyMissing(self.span, f"`{self.path}`", str(wanted), known, "column"))
            return wanted
        if not self.header:
            call.refuse(f"column {kind_of(wanted)} has no title to be found by", "with header=false give its number")
        title = str(wanted)
        if self.titles.count(title) > 1:
            call.refuse(f"`{self.path}` has the title `{title}` more than once", "give the number of the column")
        if title in self.titles:
            return self.titles.index(title)
        other = next((d for d in ";\t|" if self.width == 1 and d in self.titles[0]), None)
        if other is not None:
            call.refuse(f"`{self.path}` has no `{self.delimiter}` in its first line", f"say delimiter={other!r}")
        raise NndslError(KeyMissing(self.span, f"`{self.path}`", title, self.titles, "column"))

    def scan(self, wanted: list[int], held: list[Mapping[Key, Cells]] | None = None) -> _Blocks:
        """The blocks of the file and what those columns hold, and the columns of each block into `held`.

        Raises NndslError: NN507, NN509.
        """
        kinds: dict[int, str] = {}
        blocks: list[_Block] = []
        start, rows = 0, self._rows()
        while block := list(itertools.islice(rows, BLOCK)):
            for _, line, cells in block:
                if len(cells) != self.width:
                    raise NndslError(RowWidth(self.span, self.path, line, len(cells), self.width))
            found: dict[Key, Cells] = {}
            for column in wanted:
                values = self._cells([cells[column] for _, _, cells in block])
                kind = "names" if isinstance(values, list) else "i64" if values.array.dtype.kind == "i" else "f64"
                before = kinds.get(column, kind)
                wrong = (before == "names") != (kind == "names")
                if isinstance(values, list):
                    wrong = wrong or (self.missing is None and None in values)
                    wrong = wrong or any(_numbers([cell]) is not None for cell in {*values} if cell is not None)
                if wrong:
                    raise NndslError(self._odd(column))
                kinds[column] = "f64" if {before, kind} == {"i64", "f64"} else kind
                found[column] = values
            done = complete(found, self.missing)
            blocks.append(_Block(start, len(block), len(next(iter(done.values())))))
            if held is not None:
                held.append(done)
            start = block[-1][0]
        return _Blocks(tuple(blocks), {column: kinds.get(column, "f64") for column in wanted})

    def read(self, block: _Block, kinds: Mapping[int, str]) -> dict[int, Cells]:
        """The columns of a block."""
        rows = list(itertools.islice(self._rows(block.start), block.records))
        found: dict[Key, Cells] = {}
        for column in kinds:
            values = self._cells([cells[column] for _, _, cells in rows])
            if isinstance(values, Dense) and kinds[column] == "f64":
                values = Dense(values.array.astype(np.float64, copy=False))
            found[column] = values
        done = complete(found, self.missing)
        return {column: done[column] for column in kinds}

    def _cells(self, cells: list[str]) -> Dense | list[str | None]:
        """Cells as numbers, or where none is a number as names."""
        numbers = _numbers(cells)
        if numbers is None and self.missing is not None:
            lacking = np.array([cell.strip().lower() in WITHOUT for cell in cells])
            some = _numbers([cell for cell, lacks in zip(cells, lacking, strict=True) if not lacks])
            if some is not None and (len(some) or lacking.all()):
                numbers = np.full(len(cells), np.nan)
                numbers[~lacking] = some
        if numbers is not None:
            return Dense(numbers)
        names = [cell.strip() for cell in cells]
        return [name or None for name in names]

    def _odd(self, column: int) -> CellNotNumber:
        """The first cell that is no number, or among names the first that is empty: found in a second reading."""
        title = self.titles[column] if self.header else str(column)
        first: tuple[int, str] | None = None
        empty = 0
        any_number = False
        for _, line, cells in self._rows():
            cell = cells[column].strip() if column < len(cells) else ""
            if _numbers([cell]) is not None:
                any_number = True
            elif first is None and not (self.missing is not None and cell.lower() in WITHOUT):
                first = (line, cell)
            empty = empty or (0 if cell else line)
        if not any_number and empty:
            return CellNotNumber(self.span, self.path, title, empty, "", "class")
        line, cell = first or (0, "")
        return CellNotNumber(self.span, self.path, title, line, cell[:60])


def _numbers(cells: list[str]) -> Array | None:
    """Cells as i64, or as f64 where one is no whole number, or None where one is no number."""
    if any("_" in cell for cell in cells):  # Python reads 1_000 as a number, a table does not mean it
        return None
    try:
        return np.array([int(cell) for cell in cells], dtype=np.int64)
    except (ValueError, OverflowError):
        pass
    try:
        return np.array([float(cell) for cell in cells], dtype=np.float64)
    except ValueError:
        return None
