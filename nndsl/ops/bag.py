"""Bags of words: what becomes of a matrix product with `multi_hot` rows (see passes.sparse).

A row of `multi_hot` is nearly all zeros, so its product with a matrix is the sum of a few rows of the matrix, and the
gradient of that matrix adds each sample's gradient to the same few rows.
"""

from __future__ import annotations

from typing import Any

from nndsl.costs import BAG_PARTS, MARKED_WORDS
from nndsl.ir.graph import Attrs
from nndsl.ir.types import TensorType
from nndsl.lazy import np
from nndsl.ops.op import REQUIRED, Arg, Op, Ready, Types, case


def _distinct_type(types: Types, attrs: Attrs) -> TensorType:
    rows, length = types[0].shape
    return TensorType("i32", (rows, length + 2))


def _distinct_reference(words: Any, n: int, padding: int | None) -> Any:
    rows, length = words.shape
    out = np.full((rows, length + 2), -1, np.int32)
    for i in range(rows):
        kept = [w for w in dict.fromkeys(words[i].tolist()) if 0 <= w != padding]
        kept.sort(key=lambda word: word // MARKED_WORDS)  # the kernel takes these windows one after the other
        out[i, 0] = len(kept)
        out[i, 1 : 1 + len(kept)] = kept
    return out


def _bag_type(types: Types, attrs: Attrs) -> TensorType:
    words, table = types
    return TensorType(table.dtype, (BAG_PARTS, words.shape[0], table.shape[1]))


def _bag_reference(words: Any, table: Any) -> Any:
    out = np.zeros((BAG_PARTS, len(words), table.shape[1]), table.dtype)
    for p in range(BAG_PARTS):
        low, high = (len(table) * part // BAG_PARTS for part in (p, p + 1))
        for i, row in enumerate(words):
            named = row[1 : 1 + row[0]]
            out[p, i] = table[named[(named >= low) & (named < high)]].sum(axis=0)
    return out


def _scatter_type(types: Types, attrs: Attrs) -> TensorType:
    return TensorType(types[1].dtype, (attrs["n"], types[1].shape[1]))


def _scatter_reference(words: Any, values: Any, n: int) -> Any:
    out = np.zeros((n, values.shape[1]), values.dtype)
    for row, value in zip(words, values, strict=True):
        np.add.at(out, row[1 : 1 + row[0]], value)
    return out


FAMILY: tuple[Op, ...] = (
    Op("distinct_words", ("words",),
       "Each row of words without padding and repetitions: their number, the words, and -1 for the rest, at least once.",
       _distinct_type, _distinct_reference,
       Ready("distinct_words", lambda n: (n.inputs[0].shape, n.shape),
             lambda n: (n.attrs["n"], -1 if n.attrs["padding"] is None else n.attrs["padding"])),
       options={"n": REQUIRED, "padding": 0}, hidden=True,
       cases=(case(Arg(("batch", 9), "index", 0, 20), n=20, padding=0, smooth=False),
              case(Arg((3, 40), "index", 0, 70), n=70, padding=None, smooth=False),
              case(Arg((300, 7), "index", 0, 9), n=9, padding=3, smooth=False),
              case(Arg((2, 50), "index", 0, 3 * MARKED_WORDS), n=3 * MARKED_WORDS, padding=MARKED_WORDS, smooth=False))),
    Op("bag", ("words", "table"), "For each part of a table the sum of its rows that each row of distinct words names.",
       _bag_type, _bag_reference, Ready("bag", lambda n: (n.inputs[0].shape, n.inputs[1].shape, n.shape)), hidden=True,
       cases=(case(Arg(("batch", 20), "i32", 0, 20), (20, 16), smooth=False),
              case(Arg((3, 6), "i32", 0, 6), (20, 5), smooth=False),
              case(Arg((2, 300), "i32", 0, 300), (300, 77), smooth=False))),
    Op("bag_scatter", ("words", "values"), "A table of n rows: each row of values added to the rows its words name.",
       _scatter_type, _scatter_reference,
       Ready("bag_scatter", lambda n: (n.inputs[0].shape, n.inputs[1].shape, n.shape)), options={"n": REQUIRED},
       hidden=True, cases=(case(Arg(("batch", 6), "i32", 0, 6), ("batch", 5), n=20, smooth=False),
                           case(Arg(("batch", 40), "i32", 0, 40), ("batch", 16), n=40, smooth=False),
                           case(Arg((9, 300), "i32", 0, 300), (9, 77), n=300, smooth=False),
                           case(Arg((2, 30), "i32", 0, 20), (2, 67), n=20, smooth=False))),
)  # fmt: skip
