"""Data sets: named columns of one length, kept in the dtype they came in and converted a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nndsl.diagnostics import NndslError
from nndsl.problems.arrays import RowsDisagree
from nndsl.problems.data import RaggedFault

if TYPE_CHECKING:
    from nndsl.data.named import Named

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Rows: TypeAlias = Array | slice  # an array of row numbers, or rows that lie together


def dtype_name(dtype: np.dtype[Any]) -> str:
    """`u8`, `f64`, `bool`, `text`, `object`: the short names that messages use."""
    match dtype.kind:
        case "f" | "i" | "u" | "c":
            return f"{dtype.kind}{dtype.itemsize * 8}"
        case "U" | "S":
            return "text"
        case "b":
            return "bool"
        case "O":
            return "object"
    return str(dtype)


@dataclass(frozen=True, eq=False)
class Dense:
    """A rectangular array whose first axis is the rows. It is kept, not copied."""

    array: Array

    def __len__(self) -> int:
        return len(self.array)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the whole column."""
        shape: tuple[int, ...] = self.array.shape
        return shape

    def take(self, rows: Rows, dtype: np.dtype[Any] | None = None) -> Array:
        """Those rows, C-contiguous, in `dtype` (default: as stored). A slice that needs no conversion is a view."""
        return np.ascontiguousarray(_rows_of(self.array, rows), dtype=dtype)

    def select(self, rows: Rows) -> Dense:
        """The column that has only those rows; a slice shares the memory of this one."""
        return Dense(_rows_of(self.array, rows))

    def describe(self) -> str:
        """`u8 array of shape (8000, 28, 28)`."""
        return f"{dtype_name(self.array.dtype)} array of shape {self.array.shape}"


@dataclass(frozen=True, eq=False)
class Ragged:
    """Texts of different lengths laid flat: text i is `words[offsets[i]:offsets[i+1]]`, word numbers.

    A batch is padded at the end with `padding` to the longest of its texts, at least 1 wide. Words from `num_words`
    on become `unknown`. Raises NndslError (NN510) where the two arrays do not fit together.
    """

    words: Array
    offsets: Array
    num_words: int | None = None
    unknown: int = 2
    padding: int = 0

    def __post_init__(self) -> None:
        words, offsets = np.asarray(self.words), np.asarray(self.offsets)
        # An empty Python list has no integer dtype of its own.
        words = words.astype(np.int64) if words.size == 0 and words.dtype.kind == "f" else words
        if words.dtype.kind == "u" and words.dtype.itemsize == 8:
            words = _to_int64(words)
        reason = _misfit(words, offsets, self.num_words, self.unknown, self.padding)
        if reason is not None:
            raise NndslError(RaggedFault(None, reason))
        if not np.can_cast(np.min_scalar_type(max(self.unknown, self.padding)), words.dtype):
            words = words.astype(np.int64)
        object.__setattr__(self, "words", words)
        object.__setattr__(self, "offsets", offsets.astype(np.int64, copy=False))

    @staticmethod
    def from_lists(texts: Iterable[Iterable[int]], num_words: int | None = None) -> Ragged:
        """Texts given as lists of word numbers, as `keras.datasets.imdb.load_data` returns them."""
        rows = [np.asarray(text if isinstance(text, np.ndarray) else list(text)) for text in texts]
        for i, row in enumerate(rows):
            if row.ndim != 1 or (row.size and row.dtype.kind not in "iu"):
                raise NndslError(RaggedFault(None, f"text {i} is no list of whole numbers"))
        offsets = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
        filled = [row for row in rows if row.size]
        words = np.concatenate(filled) if filled else np.zeros(0, dtype=np.int64)
        return Ragged(words, offsets, num_words)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of texts, and the length of the longest (at least 1)."""
        return (len(self), max(1, int(np.diff(self.offsets).max(initial=0))))

    def cut(self, words: Array) -> Array:
        """Words from `num_words` on replaced by `unknown`, in a new array."""
        words = words.copy()
        if self.num_words is not None:
            words[words >= self.num_words] = self.unknown
        return words

    def take(self, rows: Rows, dtype: np.dtype[Any] | None = None) -> Array:
        """Those texts as `(len(rows), longest of them)`, padded at the end; dtype i64 unless told."""
        numbers = np.arange(len(self))[rows] if isinstance(rows, slice) else np.asarray(rows)
        starts, lengths = self.offsets[numbers], self.offsets[numbers + 1] - self.offsets[numbers]
        out = np.full((len(numbers), max(1, int(lengths.max(initial=0)))), self.padding, dtype=dtype or np.int64)
        out[np.arange(out.shape[1]) < lengths[:, None]] = self.cut(self.words[_flat(starts, lengths)])
        return out

    def select(self, rows: Rows) -> Ragged:
        """The column that has only those texts; a slice of step 1 shares the words of this one."""
        if isinstance(rows, slice):
            first, last, step = rows.indices(len(self))
            if step == 1:
                offsets = self.offsets[first : max(first, last) + 1]
                return Ragged(self.words, offsets, self.num_words, self.unknown, self.padding)
            rows = np.arange(first, last, step)
        starts, lengths = self.offsets[rows], self.offsets[rows + 1] - self.offsets[rows]
        offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
        words = self.words[_flat(starts, lengths)]
        return Ragged(words, offsets, self.num_words, self.unknown, self.padding)

    def shifted(self, by: int, start: int | None) -> Ragged:
        """Every word raised by `by`, every text begun with `start`, as Keras' `load_data` does with its archives."""
        first, last = int(self.offsets[0]), int(self.offsets[-1])
        words, offsets = self.words[first:last].astype(np.int64) + by, self.offsets - first
        if start is not None:
            words = np.insert(words, offsets[:-1], start)
            offsets = offsets + np.arange(len(offsets))
        return Ragged(words, offsets, self.num_words, self.unknown, self.padding)

    def describe(self) -> str:
        """`25000 ragged texts of up to 2494 words (i64)`."""
        longest = int(np.diff(self.offsets).max(initial=0))
        return f"{len(self)} ragged texts of up to {longest} words ({dtype_name(self.words.dtype)})"


Numbers: TypeAlias = Dense | Ragged
Column: TypeAlias = "Dense | Ragged | Named"


@dataclass(frozen=True, eq=False)
class DataSet(Mapping[str, Column]):
    """Columns by name, all with as many rows. Raises NndslError (NN525) where they differ.

    `strata` numbers the classes of rows that lie together by class, so that a share of them can be fair.
    """

    columns: Mapping[str, Column]
    strata: Array | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))
        rows = tuple((name, len(column)) for name, column in self.columns.items())
        if len({count for _, count in rows}) > 1:
            raise NndslError(RowsDisagree(None, "the data", rows))

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        """Number of columns; the rows are `rows`."""
        return len(self.columns)

    @property
    def rows(self) -> int:
        """Number of rows of every column."""
        return next((len(column) for column in self.columns.values()), 0)

    def select(self, rows: Rows) -> DataSet:
        """The data set that has only those rows."""
        return DataSet({name: column.select(rows) for name, column in self.columns.items()})

    def describe(self) -> str:
        """A line a column."""
        return "\n".join(f"{name}: {column.describe()}" for name, column in self.columns.items())


def _rows_of(array: Array, rows: Rows) -> Array:
    # `take` is the faster of the two, and copies the whole of an array whose rows overlap (the windows of a series).
    if isinstance(rows, slice) or not array.flags.c_contiguous:
        return array[rows]
    return np.take(array, rows, axis=0)


def _flat(starts: Array, lengths: Array) -> Array:
    """Where in `words` the given texts lie, one after the other."""
    ends = np.cumsum(lengths)
    shift = np.repeat(starts - (ends - lengths), lengths)
    return shift + np.arange(len(shift))


def _to_int64(words: Array) -> Array:
    # u64 mixes with no signed dtype; word numbers beyond i64 are refused below as negative.
    return words.astype(np.int64)


def _misfit(words: Array, offsets: Array, num_words: int | None, unknown: int, padding: int) -> str | None:
    """Why words and offsets are no ragged texts, or None."""
    for name, array in (("words", words), ("offsets", offsets)):
        if array.ndim != 1:
            return f"the {name} have {array.ndim} dimensions instead of 1"
        if array.dtype.kind not in "iu":
            return f"the {name} are {dtype_name(array.dtype)} instead of whole numbers"
    if len(offsets) == 0:
        return "there are no offsets"
    if bool((offsets[1:] < offsets[:-1]).any()):
        row = int(np.argmax(offsets[1:] < offsets[:-1]))
        return f"offsets fall from {offsets[row]} to {offsets[row + 1]} after text {row}"
    if int(offsets[0]) < 0 or int(offsets[-1]) > len(words):
        return f"offsets run from {offsets[0]} to {offsets[-1]}, and there are {len(words)} words"
    if words.size and int(words.min()) < 0:
        return f"word number {words.min()} is negative"
    if num_words is not None and num_words < 1:
        return f"num_words is {num_words}, at least 1 is needed"
    if min(unknown, padding) < 0:
        return "the numbers for unknown words and for padding must not be negative"
    return None
