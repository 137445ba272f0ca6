"""What to do about an array with the wrong number of dimensions."""

from __future__ import annotations

import math

from nndsl.data.columns import Column, Dense
from nndsl.data.ports import Port


def rank_cure(port: Port, column: Column) -> str | None:
    """A help line for an array whose rank is not that of the port."""
    if not isinstance(column, Dense):
        return "ragged texts need two dimensions: declare `index<n>[batch, time]`"
    shape, dims, letter = column.shape, port.dims, port.letter
    if not shape:
        return "give an array with one row for each example"
    row, wanted = shape[1:], dims[1:]
    declare = _declare(port, row)
    if len(shape) == len(dims) + 1:
        if shape[-1] == 1:
            return f"give `{letter}[{', '.join([':'] * len(dims))}, 0]`, or {declare}"
        if port.kind == "index":
            return f"these look like one-hot rows: give `{letter}.argmax(axis=-1)`, or declare `onehot[…]`"
    if len(shape) == len(dims) - 1:
        if dims[-1] == 1:
            return f"give `{letter}.reshape({', '.join(['-1', *map(str, row), '1'])})`, or {declare}"
        if port.kind == "onehot":
            return (
                f"these look like class numbers: declare `index<{dims[-1]}>[…]` and use "
                f"sparse_categorical_crossentropy, or give `np.eye({dims[-1]})[{letter}]`"
            )
        if all(isinstance(dim, str) or dim == size for dim, size in zip(wanted, shape, strict=True)):
            return f"for a single row give `{letter}[None]`"
    if len(wanted) == 1 and isinstance(wanted[0], int) and math.prod(row) == wanted[0]:
        return f"give `{letter}.reshape(len({letter}), -1)`, or {declare} and flatten it there"
    return declare


def _declare(port: Port, row: tuple[int, ...]) -> str:
    """The declaration that would take the array: the rows keep their name."""
    first = str(port.dims[0]) if port.dims else "batch"
    word = port.declared.split("[", 1)[0]
    return f"declare `{word}[{', '.join([first, *map(str, row)])}]`"
