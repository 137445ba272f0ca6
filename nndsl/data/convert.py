"""Whatever a caller holds, as a column: NumPy arrays as they are, lists and foreign arrays through NumPy."""

from __future__ import annotations

import numpy as np

from nndsl.data.columns import Column, Dense, Ragged
from nndsl.data.ports import Port
from nndsl.diagnostics import Problem
from nndsl.problems.arrays import NotAnArray


def as_column(port: Port, given: object, what: str) -> Column | Problem:
    """`given` as a column, without a copy where it is an array already; or the Problem (NN537)."""
    if isinstance(given, Dense | Ragged):
        return given
    if type(given) is np.ndarray:
        return Dense(given)

    def refused(reason: str, cure: str | None = None) -> Problem:
        found = f"a {type(given).__name__}"
        return NotAnArray(port.span, port.name, what, found, port.declared, reason, cure)

    if isinstance(given, np.ma.MaskedArray) and bool(np.any(given.mask)):
        return refused("it masks some of its values", f"fill them: {port.letter}.filled(0)")
    if isinstance(given, str | bytes | dict | set | frozenset):
        return refused(f"it is a {type(given).__name__}")
    try:
        array = np.asarray(given)
    except Exception as error:  # any foreign `__array__` may raise anything
        if isinstance(given, list | tuple):
            cure = f"texts of different lengths are nndsl.Ragged.from_lists({port.letter})"
            return refused("its rows have different lengths, or hold more than numbers", cure)
        return refused(str(error).split("\n")[0] or type(error).__name__, "make it a NumPy array first")
    if array.ndim == 0 and array.dtype == object:
        sparse = hasattr(given, "toarray")
        cure = f"give {port.letter}.toarray()" if sparse else "give a NumPy array or a list of numbers"
        return refused(f"NumPy sees one object in it, a {type(given).__name__}", cure)
    return Dense(array)
