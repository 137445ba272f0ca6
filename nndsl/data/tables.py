"""`csv("file.csv", x=["length", "width"], label="species")`: number columns of a CSV file."""

from __future__ import annotations

import csv as csvlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nndsl.data.columns import Array, DataSet, Dense
from nndsl.data.context import Call, SourceContext, kind_of, reason_of
from nndsl.diagnostics import NndslError, Span
from nndsl.problems.data import DataFileUnreadable, KeyMissing
from nndsl.problems.tables import CellNotNumber, RowWidth, TextColumn

BLOCK = 20_000  # rows turned into numbers together
MANY = 50  # different texts, from which on a column is no list of classes


def csv(context: SourceContext, span: Span | None, /, *args: object, **named: object) -> DataSet:
    """`csv(path, NAME=column, …, header=true, delimiter=",")`: a column NAME for every keyword.

    A column is named by its title or by its number from 0; a list of them gives an array `(rows, columns)`, a single
    one `(rows,)`. Whole numbers give i64, others f64. Raises NndslError: NN500 to NN502, NN505, NN507 to NN509.
    """
    call = Call("csv", span, args, named)
    call.at_most(1, 'as in csv("file.csv", x=["length", "width"], label="class")')
    path = call.text(0, "path")
    header = call.flag("header", True)
    delimiter = named.pop("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '\r\n"':
        call.refuse(f"`delimiter` is {kind_of(delimiter)}, one character is needed", 'as in delimiter=";"')
    if not named:
        call.refuse("no column is named", f'as in csv("{path}", x=["length", "width"], label="class")')
    for name, wanted in named.items():
        for one in wanted if isinstance(wanted, list | tuple) else [wanted]:
            if isinstance(one, bool) or not isinstance(one, str | int):
                call.refuse(f"`{name}` is {kind_of(one)}, a column title or number is needed")
        if isinstance(wanted, list | tuple) and not wanted:
            call.refuse(f"`{name}` is an empty list of columns")
    table = _Table(context.resolve(path, span), path, span, header, delimiter)
    titles: dict[object, int] = {}
    for wanted in named.values():
        for one in wanted if isinstance(wanted, list | tuple) else [wanted]:
            titles[one] = table.number_of(call, one)
    columns = table.read(sorted(set(titles.values())))
    out = {}
    for name, wanted in named.items():
        if isinstance(wanted, list | tuple):
            out[name] = Dense(np.stack([columns[titles[one]] for one in wanted], axis=1))
        else:
            out[name] = Dense(columns[titles[wanted]])
    return DataSet(out)


class _Table:
    """A CSV file, read a line at a time."""

    def __init__(self, place: Path, path: str, span: Span | None, header: bool, delimiter: str) -> None:
        self.place, self.path, self.span, self.header, self.delimiter = place, path, span, header, delimiter
        first = next(self._lines(), None)
        if first is None:
            raise NndslError(DataFileUnreadable(span, path, "it is empty"))
        self.width = len(first[1])
        self.titles = tuple(cell.strip() for cell in first[1]) if header else ()

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Line number and cells of every line that is not blank."""
        try:
            with self.place.open(encoding="utf-8-sig", newline="") as file:
                reader = csvlib.reader(file, delimiter=self.delimiter, strict=True)
                for cells in reader:
                    if cells:
                        yield reader.line_num, cells
        except UnicodeDecodeError:
            raise self._unreadable("it is not text in UTF-8", "save it as UTF-8") from None
        except csvlib.Error as error:
            raise self._unreadable(f"line {reader.line_num}: {reason_of(error)}") from None
        except OSError as error:
            raise self._unreadable(reason_of(error)) from None

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

    def read(self, wanted: list[int]) -> dict[int, Array]:
        """Those columns as numbers."""
        blocks: dict[int, list[Array]] = {column: [] for column in wanted}
        rows = itertools.islice(self._lines(), 1 if self.header else 0, None)
        while block := list(itertools.islice(rows, BLOCK)):
            for line, cells in block:
                if len(cells) != self.width:
                    raise NndslError(RowWidth(self.span, self.path, line, len(cells), self.width))
            for column in wanted:
                cells = [row[column] for _, row in block]
                numbers = _numbers(cells)
                if numbers is None:
                    raise NndslError(self._not_numbers(column))
                blocks[column].append(numbers)
        # A file with titles alone gives columns without rows, which the check of the data names.
        return {column: np.concatenate(parts) if parts else np.zeros(0) for column, parts in blocks.items()}

    def _not_numbers(self, column: int) -> CellNotNumber | TextColumn:
        """The first cell that is no number, or the fact that none is: found in a second reading."""
        title = self.titles[column] if self.header else str(column)
        first: tuple[int, str] | None = None
        texts: dict[str, None] = {}
        any_number = False
        for line, cells in itertools.islice(self._lines(), 1 if self.header else 0, None):
            cell = cells[column].strip() if column < len(cells) else ""
            if _numbers([cell]) is not None:
                any_number = True
            else:
                first = first or (line, cell)
                if cell and len(texts) <= MANY:
                    texts.setdefault(cell)
        line, cell = first or (0, "")
        if any_number or not texts:
            return CellNotNumber(self.span, self.path, title, line, cell[:60])
        values = tuple(sorted(texts))
        return TextColumn(self.span, self.path, title, values[:MANY], len(values) > MANY)


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
