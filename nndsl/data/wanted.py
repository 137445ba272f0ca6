"""Which columns of a table feed which inputs, and what becomes of cells without a value: for `csv` and `parquet`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from nndsl.data.columns import Array, Column, DataSet, Dense, Ragged
from nndsl.data.context import Call, SourceContext, kind_of
from nndsl.data.named import Named, Words
from nndsl.diagnostics import NndslError, Span
from nndsl.problems.tables import TextColumn

MANY = 50  # different texts, from which on a column is no list of classes
MISSING = "missing"
"""The class of cells without a name, where such rows are kept."""

Key: TypeAlias = str | int
Cells: TypeAlias = Dense | Ragged | Named | list[str | None]
"""A column as it was read: numbers, with NaN where they are missing, or texts, with None."""


@dataclass(frozen=True)
class TextCells:
    """`text("review", size=10000)` as a value of `csv` and `parquet`: a column of texts, and how they are read."""

    column: str
    words: Words


@dataclass(frozen=True)
class Wanted:
    """What feeds an input: one column, or `several` side by side. With `words` it holds texts."""

    columns: tuple[Key, ...]
    several: bool = False
    words: Words | None = None


def text_cells(context: SourceContext, span: Span | None, /, *args: object, **named: object) -> TextCells:
    """`text(column, by="word", size=none, lower=…, length=none)`. Raises NndslError (NN505)."""
    call = Call("text", span, args, named)
    call.at_most(1, 'as in text("review", size=10000)')
    column = call.text(0, "column")
    words = words_of(call)
    if named:
        call.refuse(f"there is no argument `{next(iter(named))}`", "it takes by, size, lower and length")
    return TextCells(column, words)


def words_of(call: Call) -> Words:
    """The arguments that say how texts are read. Raises NndslError (NN505)."""
    by = call.named.pop("by", "word")
    if by not in ("word", "character"):
        call.refuse(f"`by` is {kind_of(by)}", '"word" or "character" is needed')
    lower = call.flag("lower", by == "word")
    return Words(str(by), call.number("size", 3), lower, call.number("length", 1))


def wanted_columns(call: Call, example: str) -> dict[str, Wanted]:
    """The columns that a call names, by input. Raises NndslError (NN505)."""
    if not call.named:
        call.refuse("no column is named", example)
    out: dict[str, Wanted] = {}
    for name, value in call.named.items():
        match value:
            case TextCells():
                out[name] = Wanted((value.column,), words=value.words)
                continue
            case list() | tuple():
                columns, several = tuple(value), True
            case _:
                columns, several = (value,), False
        for one in columns:
            if isinstance(one, bool) or not isinstance(one, str | int):
                call.refuse(f"`{name}` is {kind_of(one)}, a column title or number is needed")
        if not columns:
            call.refuse(f"`{name}` is an empty list of columns")
        out[name] = Wanted(columns, several)
    return out


def missing_argument(call: Call) -> object:
    """`missing`: none, "drop", "keep" or a number. Raises NndslError (NN505)."""
    value = call.named.pop("missing", None)
    if value not in (None, "drop", "keep") and (isinstance(value, bool) or not isinstance(value, int | float)):
        call.refuse(f"`missing` is {kind_of(value)}", '"drop", "keep" or a number is needed')
    return value


def complete(cells: Mapping[Key, Cells], missing: object) -> dict[Key, Cells]:
    """The columns without rows that lack a value ("drop"), or with a number, or the class `missing`, in their place."""
    if missing is None:
        return dict(cells)
    if missing == "drop":
        there = np.flatnonzero(~np.any([_lacking(column) for column in cells.values()], axis=0))
        return {key: _rows(column, there) for key, column in cells.items()}
    out: dict[Key, Cells] = {}
    for key, column in cells.items():
        if isinstance(column, list):
            out[key] = [MISSING if cell is None else cell for cell in column]
        elif missing != "keep" and isinstance(column, Dense) and column.array.dtype.kind == "f":
            number = np.asarray(missing, dtype=column.array.dtype)
            out[key] = Dense(np.where(np.isnan(column.array), number, column.array))
        else:
            out[key] = column
    return out


def _lacking(column: Cells) -> Array:
    if isinstance(column, list):
        return np.array([cell is None for cell in column], dtype=np.bool_)
    if isinstance(column, Dense) and column.array.dtype.kind == "f":
        nan = np.isnan(column.array.reshape(len(column), -1 if len(column) else 1))
        return np.asarray(nan.any(axis=1))
    return np.zeros(len(column), dtype=np.bool_)


def _rows(column: Cells, rows: Array) -> Cells:
    return [column[row] for row in rows.tolist()] if isinstance(column, list) else column.select(rows)


def assembled(wanted: Mapping[str, Wanted], cells: Mapping[Key, Cells], path: str, span: Span | None) -> DataSet:
    """Columns of the table as columns of the set. Raises NndslError (NN508) for texts beside numbers."""
    return DataSet({name: _assembled(one, cells, path, span) for name, one in wanted.items()})


def _assembled(one: Wanted, cells: Mapping[Key, Cells], path: str, span: Span | None) -> Column:
    first = cells[one.columns[0]]
    if one.words is not None:
        return one.words.column(_texts(first))
    if not one.several:
        return Named.of(_texts(first)) if isinstance(first, list) else first
    arrays = []
    for key in one.columns:
        column = cells[key]
        if isinstance(column, list):
            names = tuple(sorted({cell or "" for cell in column}))
            raise NndslError(TextColumn(span, path, str(key), names[:MANY], len(names) > MANY))
        if not isinstance(column, Dense) or column.array.ndim != 1:
            raise NndslError(TextColumn(span, path, str(key), (), True))
        arrays.append(column.array)
    return Dense(np.stack(arrays, axis=1))


def _texts(cells: Cells) -> Sequence[str]:
    if isinstance(cells, list):
        return [cell or "" for cell in cells]
    assert isinstance(cells, Dense)
    return [str(value) for value in cells.array.tolist()]
