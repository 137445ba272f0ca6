"""`text("reviews", words="text", label="label", size=10000)`: texts in files, one folder a class, or line by line."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nndsl.data.columns import Column, DataSet, Dense
from nndsl.data.context import Call, SourceContext, kind_of, reason_of
from nndsl.data.folders import Files, files_of
from nndsl.data.named import PADDING, Named, Words
from nndsl.data.wanted import words_of
from nndsl.diagnostics import NndslError, Span
from nndsl.problems.data import DataFileUnreadable, KeyMissing

ENDINGS = (".txt",)
COLUMNS = ("text", "label")


def text(context: SourceContext, span: Span | None, /, *args: object, **named: object) -> DataSet:
    """`text(path, NAME="text", NAME="label", by="word", size=none, lower=…, length=none)`.

    A folder: each file is a text, each folder below a class. A file: each line is a text, or with `length` the whole
    of it is one, cut into rows of `length` words. What the words are is learned from the training part: the `size - 2`
    most frequent ones, behind padding (0) and unknown (1). Raises NndslError: NN500 to NN502, NN505, NN513, NN518.
    """
    call = Call("text", span, args, named)
    call.at_most(1, 'as in text("reviews", words="text", label="label", size=10000)')
    path = call.text(0, "path")
    words = words_of(call)
    place = context.resolve(path, span, folder=True)
    files = files_of(place, path, ENDINGS, "text", span) if place.is_dir() else None
    offered = COLUMNS if files is not None and files.labels is not None else COLUMNS[:1]
    wanted = dict(named) or {column: column for column in offered}
    for column in wanted.values():
        if not isinstance(column, str):
            call.refuse(f"{kind_of(column)} is no column", 'the columns are "text" and "label"')
        if column not in offered:
            raise NndslError(KeyMissing(span, f"`{path}`", column, offered, "column"))
    columns: dict[str, Column] = {}
    for name, column in wanted.items():
        if column == "label":
            assert files is not None
            assert files.labels is not None
            columns[name] = Named(Dense(files.labels), files.classes)
        else:
            columns[name] = _texts(place, path, files, words, span)
    return DataSet(columns, None if files is None else files.labels)


def _texts(place: Path, path: str, files: Files | None, words: Words, span: Span | None) -> Named:
    if files is not None:
        return words.column(_read(files.folder / name, f"{path}/{name}", span) for name in files.files)
    whole = _read(place, path, span)
    if words.length is None:
        return words.column(line for line in whole.splitlines() if line.strip())
    return _rows(words, words.split(whole), words.length, path, span)


def _rows(words: Words, found: list[str], length: int, path: str, span: Span | None) -> Named:
    """One long text in rows; what is left at its end is no row."""
    places = {PADDING: 0}
    codes = np.fromiter((places.setdefault(word, len(places)) for word in found), dtype=np.int32, count=len(found))
    rows = len(codes) // length
    if rows == 0:
        reason = f"it has {len(codes)} {words.by}s, and a row takes {length}"
        raise NndslError(DataFileUnreadable(span, path, reason, "give a longer text, or a smaller `length`"))
    return Named(Dense(codes[: rows * length].reshape(rows, length)), tuple(places), words)


def _read(place: Path, path: str, span: Span | None) -> str:
    try:
        return place.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise NndslError(DataFileUnreadable(span, path, "it is not text in UTF-8", "save it as UTF-8")) from None
    except OSError as fault:
        raise NndslError(DataFileUnreadable(span, path, reason_of(fault))) from None
