"""Bags of words: what becomes of a matrix product with `multi_hot` rows (see passes.sparse).

A row of `multi_hot` is nearly all zeros, so its product with a matrix is the sum of a few rows of the matrix, and the
gradient of that matrix adds each sample's gradient to the same few rows.
"""

from __future__ import annotations

from typing import Any

from nndsl.ir.dims import Size
from nndsl.ir.graph import Attrs, Node
from nndsl.ir.types import TensorType
from nndsl.lazy import np
from nndsl.ops.op import REQUIRED, Arg, Op, Ready, Types, case

BITS = 32


def seen_words(n: int) -> int:
    """How many i32 hold one bit for each of n words."""
    return (n + BITS - 1) // BITS


def _distinct_type(types: Types, attrs: Attrs) -> TensorType:
    rows, length = types[0].shape
    return TensorType("i32", (rows, length + seen_words(attrs["n"])))


def _distinct_reference(words: Any, n: int, padding: int | None) -> Any:
    rows, length = words.shape
    out = np.full((rows, length), -1, np.int32)
    seen = np.zeros((rows, seen_words(n)), np.uint32)
    for i in range(rows):
        _, first = np.unique(words[i], return_index=True)
        kept = [k for k in first if words[i, k] != (-1 if padding is None else padding)]
        out[i, kept] = words[i, kept]
        for word in words[i, kept]:
            seen[i, word // BITS] |= np.uint32(1) << np.uint32(word % BITS)
    return np.concatenate([out, seen.view(np.int32)], axis=1)


def _bag_type(types: Types, attrs: Attrs) -> TensorType:
    words, table = types
    return TensorType(table.dtype, (words.shape[0], table.shape[1]))


def _bag_reference(words: Any, table: Any) -> Any:
    length = words.shape[1] - seen_words(table.shape[0])
    places = words[:, :length]
    return np.where(places[..., None] >= 0, table[places], 0).sum(axis=1).astype(table.dtype)


def _scatter_type(types: Types, attrs: Attrs) -> TensorType:
    return TensorType(types[1].dtype, (attrs["n"], types[1].shape[1]))


def _scatter_reference(words: Any, values: Any, n: int) -> Any:
    places = words[:, : words.shape[1] - seen_words(n)]
    out = np.zeros((n, values.shape[1]), values.dtype)
    rows, columns = np.nonzero(places >= 0)
    np.add.at(out, places[rows, columns], values[rows])
    return out


def _width(n: Node, size: Size) -> tuple[int]:
    assert isinstance(size, int)
    return (seen_words(size),)


FAMILY: tuple[Op, ...] = (
    Op("distinct_words", ("words",),
       "Each row of words with padding and repetitions as -1; behind them one bit for each word the row has.",
       _distinct_type, _distinct_reference,
       Ready("distinct_words", lambda n: (n.inputs[0].shape, n.shape),
             lambda n: (-1 if n.attrs["padding"] is None else n.attrs["padding"],)),
       options={"n": REQUIRED, "padding": 0}, hidden=True,
       cases=(case(Arg(("batch", 9), "index", 0, 20), n=20, padding=0, smooth=False),
              case(Arg((3, 40), "index", 0, 70), n=70, padding=None, smooth=False))),
    Op("bag", ("words", "table"), "The sum of the rows of a table that each row of distinct words names.", _bag_type,
       _bag_reference,
       Ready("bag", lambda n: (n.inputs[0].shape, n.inputs[1].shape, n.shape), lambda n: _width(n, n.inputs[1].shape[0])),
       hidden=True, cases=(case(Arg(("batch", 6), "i32", -1, 20), (20, 16), smooth=False),
                           case(Arg((3, 6), "i32", -1, 20), (20, 5), smooth=False),
                           case(Arg((2, 300), "i32", -1, 20), (20, 77), smooth=False))),
    Op("bag_scatter", ("words", "values"), "A table of n rows: each row of values added to the rows its words name.",
       _scatter_type, _scatter_reference,
       Ready("bag_scatter", lambda n: (n.inputs[0].shape, n.inputs[1].shape, n.shape), lambda n: _width(n, n.attrs["n"])),
       options={"n": REQUIRED}, hidden=True,
       cases=(case(Arg(("batch", 6), "i32", -1, 20), ("batch", 5), n=20, smooth=False),
              case(Arg(("batch", 6), "i32", -1, 20), ("batch", 16), n=20, smooth=False),
              case(Arg((2, 300), "i32", -1, 20), (2, 77), n=20, smooth=False),
              case(Arg((2, 30), "i32", -1, 20), (2, 67), n=20, smooth=False))),
)  # fmt: skip
