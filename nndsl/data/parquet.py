"""`parquet("file.parquet", x=["length", "width"], label="species")`: columns of a parquet file, by pyarrow.

Sets up to 1 GiB are held in memory. Larger ones, and those that say `stream=true`, are read a row group at a time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nndsl.data.columns import Array, Column, DataSet, Dense, Ragged
from nndsl.data.context import Call, SourceContext, reason_of
from nndsl.data.streams import HELD, Outline, Stream
from nndsl.data.wanted import Cells, Key, Wanted, assembled, complete, missing_argument, wanted_columns
from nndsl.diagnostics import NndslError, Span
from nndsl.problems.data import DataFileUnreadable, KeyMissing
from nndsl.problems.extras import ExtraMissing
from nndsl.problems.preparing import ColumnFault

_CURE = 'leave such rows out: `missing="drop"`, or give a number: `missing=0`'


def parquet(context: SourceContext, span: Span | None, /, *args: object, **named: object) -> DataSet | Stream:
    """`parquet(path, NAME=column, …, missing=none, stream=none)`: a column for every keyword, as in `csv`.

    Numbers keep their width, lists of numbers give an array (of one length) or ragged texts (whole numbers), texts give
    classes. Raises NndslError: NN500 to NN502, NN505, NN508, NN518, NN546, NN616.
    """
    call = Call("parquet", span, args, named)
    call.at_most(1, 'as in parquet("file.parquet", x=["length", "width"], label="class")')
    path = call.text(0, "path")
    stream, missing = call.choice("stream"), missing_argument(call)
    wanted = wanted_columns(call, f'as in parquet("{path}", x=["length", "width"], label="class")')
    arrow = _Arrow(span)
    table = ParquetTable(arrow, context.resolve(path, span), path, span, wanted, missing)
    if stream is not False and (stream or table.bytes > HELD) and table.is_even:
        return ParquetStream(table)
    if stream:
        call.refuse("lists of different lengths are held in memory", "leave `stream` out")
    return table.read(range(table.groups))


class _Arrow:
    """pyarrow, imported when a parquet file is read. Raises NndslError (NN616)."""

    def __init__(self, span: Span | None) -> None:
        try:
            import pyarrow
            import pyarrow.compute
            import pyarrow.parquet
        except ImportError:
            raise NndslError(ExtraMissing(span, "`parquet`", "pyarrow", "parquet")) from None
        self.arrow: Any = pyarrow
        self.file: Any = pyarrow.parquet.ParquetFile
        self.faults = (pyarrow.ArrowException, OSError, ValueError, MemoryError, NotImplementedError)


class ParquetTable:
    """The columns that are wanted of a file, readable by row groups."""

    def __init__(
        self,
        arrow: _Arrow,
        place: Path,
        path: str,
        span: Span | None,
        wanted: Mapping[str, Wanted],
        missing: object,
    ) -> None:
        self.path, self.span, self.wanted, self.missing, self._arrow = path, span, wanted, missing, arrow
        try:
            self._file = arrow.file(place)
            schema = self._file.schema_arrow
        except arrow.faults as fault:
            raise self._unreadable(fault) from None
        known = tuple(schema.names)
        self.columns: dict[Key, str] = {}
        for key in (key for one in wanted.values() for key in one.columns):
            name = known[key] if isinstance(key, int) and 0 <= key < len(known) else key
            if name not in known:
                raise NndslError(KeyMissing(span, f"`{path}`", str(key), known, "column"))
            self.columns[key] = str(name)
        self.groups: int = self._file.num_row_groups
        meta = self._file.metadata
        self.group_rows = [meta.row_group(g).num_rows for g in range(self.groups)]
        # One row group tells what the columns are like.
        self.sample = self.read(range(min(1, self.groups)))
        row = sum(_row_bytes(column) for column in self.sample.values())
        self.bytes = row * sum(self.group_rows)

    @property
    def is_even(self) -> bool:
        """Whether every row of a column has one shape, so that the set can be read in pieces."""
        texts = [one.words for one in self.wanted.values() if one.words is not None]
        ragged = any(isinstance(column, Ragged) for column in self.sample.values())
        return not ragged and all(words.length for words in texts)

    def read(self, groups: Any) -> DataSet:
        """The rows of some row groups, one behind the other."""
        names = list(dict.fromkeys(self.columns.values()))
        try:
            table = self._file.read_row_groups(list(groups), columns=names, use_threads=False)
            found = {key: self._cells(name, table.column(name)) for key, name in self.columns.items()}
        except self._arrow.faults as fault:
            raise self._unreadable(fault) from None
        return assembled(self.wanted, complete(found, self.missing), self.path, self.span)

    def _cells(self, name: str, chunked: Any) -> Cells:
        """A column as numbers, lists of numbers, or texts."""
        types, column = self._arrow.arrow.types, chunked.combine_chunks()
        if isinstance(column, self._arrow.arrow.ChunkedArray):  # one chunk more or less, by version
            column = self._arrow.arrow.concat_arrays(column.chunks) if column.num_chunks else chunked.cast(chunked.type)
        if types.is_dictionary(column.type):
            column = column.dictionary_decode()
        kind = column.type
        if column.null_count and self.missing is None:
            raise self._fault(name, f"has no value in {_rows(column.null_count)}", _CURE)
        if types.is_string(kind) or types.is_large_string(kind):
            return list(column.to_pylist())
        if types.is_decimal(kind):
            column = column.cast(self._arrow.arrow.float64())
        elif types.is_fixed_size_list(kind) or types.is_list(kind) or types.is_large_list(kind):
            return self._lists(name, column)
        elif not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)):
            raise self._fault(name, f"is of type {kind}", "give numbers, texts, or lists of numbers of one length")
        if column.null_count:
            column = column.cast(self._arrow.arrow.float64()).fill_null(math.nan)
        return Dense(column.to_numpy(zero_copy_only=False))

    def _lists(self, name: str, column: Any) -> Column:
        arrow = self._arrow.arrow
        inner = column.type.value_type
        if not (arrow.types.is_integer(inner) or arrow.types.is_floating(inner)):
            raise self._fault(name, f"is of type {column.type}", "lists of numbers are read, and no lists of lists")
        if column.null_count:
            if self.missing != "drop":
                raise self._fault(name, f"has no list in {_rows(column.null_count)}", 'leave them out: missing="drop"')
            rows = column.to_pylist()
            size = len(next((row for row in rows if row is not None), ()))
            filled = [[math.nan] * size if row is None else row for row in rows]
            column = arrow.array(filled, arrow.list_(arrow.float64()))
        lengths = arrow.compute.list_value_length(column).to_numpy(zero_copy_only=False)
        flat = column.flatten()
        if flat.null_count:
            raise self._fault(name, f"has lists that lack {flat.null_count} values", "fill them in")
        values = flat.to_numpy(zero_copy_only=False)
        if len(lengths) == 0 or (lengths == lengths[0]).all():
            return Dense(values.reshape(len(lengths), -1 if len(values) else 0))
        if values.dtype.kind not in "iu":
            raise self._fault(name, "has lists of different lengths", "make them equally long, or of whole numbers")
        return Ragged(values, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]))

    def _fault(self, name: str, reason: str, cure: str) -> NndslError:
        return NndslError(ColumnFault(self.span, self.path, name, reason, cure))

    def _unreadable(self, fault: BaseException) -> NndslError:
        return NndslError(DataFileUnreadable(self.span, self.path, reason_of(fault), "write it with pyarrow or pandas"))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _row_bytes(column: Column) -> int:
    if isinstance(column, Dense):
        return column.array.dtype.itemsize * int(np.prod(column.shape[1:], dtype=np.int64))
    return 8 * column.shape[-1]


class ParquetStream(Stream):
    """A parquet file by its row groups."""

    def __init__(self, table: ParquetTable) -> None:
        self.table = table
        counts = table.group_rows
        if table.missing == "drop":
            counts = [table.read([group]).rows for group in range(table.groups)]
        self.starts = np.cumsum([0, *counts], dtype=np.int64)
        self.outlines = {name: _outline(column, int(self.starts[-1])) for name, column in table.sample.items()}

    def read(self, blocks: Array) -> DataSet:
        return self.table.read(blocks.tolist())


def _outline(column: Column, rows: int) -> Outline:
    dtype = column.array.dtype if isinstance(column, Dense) else np.dtype(np.int64)
    return Outline((rows, *column.shape[1:]), dtype, named=not isinstance(column, Dense | Ragged))
