"""Looking at values: does every one of them suit the declaration? In chunks, so that large sets are never copied.

A check takes a chunk and returns a mask of what is wrong, or None where all is well: the common case costs a
minimum and a maximum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from nndsl.data.columns import Array, Dense, Numbers, dtype_name
from nndsl.data.ports import Port
from nndsl.diagnostics import Problem
from nndsl.problems.values import (
    IndexOutOfRange,
    InexactValues,
    NotBinary,
    NotFinite,
    NotOneHot,
    NotProbability,
    WrongDtype,
)

CHUNK = 1 << 18  # elements looked at together: a few MiB with the masks
NUMERIC = "biuf"
PROBABILITY_SLACK = 1e-6  # what a softmax in f32 may overshoot

Check: TypeAlias = Callable[[Array], Array | None]


@dataclass(frozen=True)
class Bad:
    """The first value that a check refused, its row, and how many there are."""

    value: Any
    row: int
    count: int


def value_problem(port: Port, column: Numbers, what: str, missing: bool = False) -> Problem | None:
    """What is wrong with the values of a column of the right shape, or None. NN527 to NN533, the first that holds.

    With `missing`, NaN stands for a value that a step will fill in.
    """
    found = column.describe()
    dtype = column.array.dtype if isinstance(column, Dense) else column.words.dtype
    if dtype.kind not in NUMERIC:
        return WrongDtype(port.span, port.name, what, found, port.declared, _dtype_cure(dtype, port))
    place = (port.span, port.name, what, found, port.declared)
    if dtype.kind == "f" and (bad := _first(column, _infinite if missing else _not_finite)):
        return NotFinite(*place, _shown(bad.value), bad.row, bad.count)
    if (exact := _exactness(dtype, port.numpy_dtype)) and (bad := _first(column, exact)):
        cure = _exact_cure(dtype, port, bad.value)
        return InexactValues(*place, _shown(bad.value), bad.row, bad.count, port.dtype, cure)
    match port.kind:
        case "index" if bad := _first(column, _out_of(0, None if port.count is None else port.count - 1)):
            low, high = _extent(column)
            ragged = not isinstance(column, Dense)
            return IndexOutOfRange(*place, port.count, low, high, bad.row, int(bad.value), ragged)
        case "index" if not isinstance(column, Dense) and port.count is not None and column.padding >= port.count:
            return IndexOutOfRange(*place, port.count, *_extent(column), 0, column.padding, True)
        case "binary" if bad := _first(column, _not_binary):
            return NotBinary(*place, _shown(bad.value), bad.row, bad.count)
        case "prob" if bad := _first(column, _out_of(-PROBABILITY_SLACK, 1 + PROBABILITY_SLACK)):
            return NotProbability(*place, _shown(bad.value), bad.row, bad.count)
        case "onehot":
            if not isinstance(column, Dense):
                return NotOneHot(*place, 0, len(column), "a text")
            column = Dense(np.atleast_2d(column.array))  # a single vector is a row of its own
            if bad := _first(column, _not_onehot):
                return NotOneHot(*place, bad.row, bad.count, _shown_row(column, bad.row))
    return None


def _chunks(column: Numbers) -> Iterator[tuple[int, Array]]:
    """Pieces of a column with the row (of a ragged one: the word) at which each starts."""
    if isinstance(column, Dense):
        array = np.atleast_1d(column.array)
        rows = max(1, CHUNK // max(1, array.size // max(1, len(array))))
        for start in range(0, len(array), rows):
            yield start, array[start : start + rows]
    else:
        last = int(column.offsets[-1])
        for start in range(int(column.offsets[0]), last, CHUNK):
            yield start, column.cut(column.words[start : min(start + CHUNK, last)])


def _first(column: Numbers, check: Check) -> Bad | None:
    """The first value that `check` refuses, and the number of all."""
    first: tuple[Any, int] | None = None
    count = 0
    for start, chunk in _chunks(column):
        wrong = check(chunk)
        if wrong is None:
            continue
        count += int(np.count_nonzero(wrong))
        if first is None:
            place = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
            at = start + int(place[0])
            row = at if isinstance(column, Dense) else int(np.searchsorted(column.offsets, at, "right")) - 1
            first = (chunk[place], row)
    return None if first is None else Bad(*first, count)


def _extent(column: Numbers) -> tuple[int, int]:
    """The smallest and the largest value."""
    ends = [(chunk.min(), chunk.max()) for _, chunk in _chunks(column)]
    return int(min(low for low, _ in ends)), int(max(high for _, high in ends))


# --- checks ----------------------------------------------------------------------------------------------


def _not_finite(chunk: Array) -> Array | None:
    good = np.isfinite(chunk)
    return None if good.all() else ~good


def _infinite(chunk: Array) -> Array | None:
    wrong = np.isinf(chunk)
    return wrong if wrong.any() else None


def _out_of(low: float, high: float | None) -> Check:
    def check(chunk: Array) -> Array | None:
        if chunk.size == 0 or (chunk.min() >= low and (high is None or chunk.max() <= high)):
            return None
        return (chunk < low) if high is None else (chunk < low) | (chunk > high)

    return check


def _not_binary(chunk: Array) -> Array | None:
    good = (chunk == 0) | (chunk == 1)
    return None if good.all() else ~good


def _not_onehot(chunk: Array) -> Array | None:
    """One element a row: the sizes before the last are rows too."""
    ones = np.count_nonzero(chunk == 1, axis=-1)
    zeros = np.count_nonzero(chunk == 0, axis=-1)
    good = (ones == 1) & (zeros == chunk.shape[-1] - 1)
    return None if good.all() else ~good


def _exactness(given: np.dtype[Any], wanted: np.dtype[Any]) -> Check | None:
    """The check that values of dtype `given` survive in `wanted`; None where they always do."""
    if wanted.kind == "b":
        return None if given.kind == "b" else _not_binary
    if given.kind == "f" and wanted.kind == "f":
        # Rounding is fine, becoming infinite is not.
        largest = float(np.finfo(wanted).max)
        return _out_of(-largest, largest) if given.itemsize > wanted.itemsize else None
    if np.can_cast(given, wanted, "safe") and not (given.kind in "iu" and wanted.kind == "f" and given.itemsize > 4):
        return None
    if wanted.kind == "f":
        return _unheld(np.finfo(wanted).nmant + 1)
    limits = np.iinfo(wanted)
    if given.kind == "f":
        return _not_whole(int(limits.min), int(limits.max))
    return _out_of(int(limits.min), int(limits.max))


def _unheld(bits: int) -> Check:
    """Integers that a float of so many bits rounds."""
    limit = 1 << bits

    def check(chunk: Array) -> Array | None:
        if chunk.size == 0 or (int(chunk.min()) >= -limit and int(chunk.max()) <= limit):
            return None
        # A float holds an integer exactly when its odd part fits into the bits. The view makes -2**63 right as well.
        size = chunk.astype(np.uint64) if chunk.dtype.kind == "u" else np.abs(chunk.astype(np.int64)).view(np.uint64)
        size = np.maximum(size, 1)
        odd = size // (size & (~size + np.uint64(1)))
        wrong = odd >= limit
        return wrong if wrong.any() else None

    return check


def _not_whole(low: int, high: int) -> Check:
    def check(chunk: Array) -> Array | None:
        # high + 1 is a power of two and so exact in every float; high may not be. f16 ends before it: infinite there.
        with np.errstate(over="ignore"):
            end, begin = chunk.dtype.type(high + 1), chunk.dtype.type(low)
        good = (np.floor(chunk) == chunk) & (chunk >= begin) & (chunk < end)
        return None if good.all() else ~good

    return check


# --- words -----------------------------------------------------------------------------------------------


def _shown(value: Any) -> str:
    return str(value.item() if isinstance(value, np.generic) else value)


def _shown_row(column: Dense, row: int) -> str:
    return np.array2string(column.array[row], threshold=8, edgeitems=3, separator=", ").replace("\n", "")


def _dtype_cure(dtype: np.dtype[Any], port: Port) -> str | None:
    letter = port.letter
    match dtype.kind:
        case "U" | "S":
            return f"number the texts: np.unique({letter}, return_inverse=True)[1]"
        case "O":
            return (
                f"make it one dtype, as with {letter}.astype(float); "
                f"lists of different lengths are nndsl.Ragged.from_lists({letter})"
            )
        case "c":
            return f"give {letter}.real and {letter}.imag as arrays of their own"
        case "M" | "m":
            return f"give numbers, as with {letter}.astype('int64')"
    return None


def _exact_cure(dtype: np.dtype[Any], port: Port, value: Any) -> str | None:
    match port.dtype:
        case "bool":
            return f"`bool` takes 0 and 1; declare `f32[…]` or compare: {port.letter} > 0"
        case "i32" | "i64" if dtype.kind == "f" and value != np.floor(value):
            declare = "" if port.kind == "index" else "declare `f32[…]`, or "
            return f"{declare}round the values: {port.letter}.round()"
        case "i32":
            return "declare `i64[…]`"
        case "f32":
            return "declare `f64[…]`, or scale the values"
        case "f64" if dtype_name(dtype) in ("i64", "u64"):
            return "declare `i64[…]`"
    return None
