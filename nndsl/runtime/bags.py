"""Kernels of bags of words: sums of the few rows that a text names, instead of a product with rows of zeros."""

from __future__ import annotations

from typing import Any

from nndsl.runtime.intrinsics import kernel, share
from nndsl.runtime.named_rows import spread_row, sum_rows
from nndsl.runtime.tiles import VECTOR_BYTES


@kernel
def distinct_words(words: Any, out: Any, padding: Any, worker: Any, workers: Any) -> None:
    """Each row of words with padding and repetitions as -1.

    The columns behind the words hold a bit for each word that was seen in the row: to ask them makes this linear.
    """
    begin, end = share(words.shape[0], worker, workers, 1)
    length = words.shape[1]
    for i in range(begin, end):
        for j in range(length, out.shape[1]):
            out[i, j] = 0
        for j in range(length):
            word = words[i, j]
            place = length + (word >> 5)
            bit = 1 << (word & 31)
            if word == padding or (out[i, place] & bit) != 0:
                out[i, j] = -1
            else:
                out[i, j] = word
                out[i, place] = out[i, place] | bit


@kernel
def bag(words: Any, table: Any, out: Any, seen: Any, worker: Any, workers: Any) -> None:
    """out[i] = the sum of the rows of `table` named in words[i]; the last `seen` columns of words are no words."""
    begin, end = share(out.shape[0], worker, workers, 1)
    count = words.shape[1] - seen
    if out.shape[1] * out.itemsize >= VECTOR_BYTES:
        for i in range(begin, end):
            sum_rows(words, table, out, i, count)
        return
    for i in range(begin, end):
        for j in range(out.shape[1]):
            out[i, j] = 0
        for k in range(count):
            word = words[i, k]
            if word >= 0:
                for j in range(out.shape[1]):
                    out[i, j] += table[word, j]


@kernel
def bag_scatter(words: Any, values: Any, out: Any, seen: Any, worker: Any, workers: Any) -> None:
    """out[w] = the sum of values[i] over the rows i that name w.

    Each worker owns some rows of the result and goes through all words in order, so sums come out the same for any
    number of workers.
    """
    begin, end = share(out.shape[0], worker, workers, 1)
    for i in range(begin, end):
        for j in range(out.shape[1]):
            out[i, j] = 0
    count = words.shape[1] - seen
    if out.shape[1] * out.itemsize >= VECTOR_BYTES:
        for i in range(words.shape[0]):
            spread_row(words, values, out, i, count, begin, end)
        return
    for i in range(words.shape[0]):
        for k in range(count):
            word = words[i, k]
            if begin <= word < end:
                for j in range(out.shape[1]):
                    out[word, j] += values[i, j]
