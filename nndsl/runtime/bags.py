"""Kernels of bags of words: sums of the few rows that a text names, instead of a product with rows of zeros.

Distinct words are rows of i32: how many words there are, the words, and -1 for the rest, which is at least one number.
"""

from __future__ import annotations

from typing import Any

from nndsl.costs import MARKED_WORDS
from nndsl.runtime.intrinsics import array_u8, kernel, share
from nndsl.runtime.named_rows import marks, place_of, spread_row, sum_rows
from nndsl.runtime.tiles import VECTOR_BYTES

MOST_MARKS = 255
"""How many rows have marks of their own before the bytes must be cleared."""


@kernel
def distinct_words(words: Any, out: Any, vocabulary: Any, padding: Any, worker: Any, workers: Any) -> None:
    """Each row of words without padding and repetitions, window of the vocabulary by window.

    A word is new if its byte does not hold the mark of the row. There are no branches: to guess them would fail often.
    """
    begin, end = share(words.shape[0], worker, workers, 1)
    length = words.shape[1]
    marked = array_u8(marks(), MARKED_WORDS + 1)
    for i in range(begin, end):
        out[i, 0] = 0
    for low in range(0, vocabulary, MARKED_WORDS):
        span = min(MARKED_WORDS, vocabulary - low)
        for i in range(begin, end):
            mark = (i - begin) % MOST_MARKS + 1
            if mark == 1:
                for j in range(span):
                    marked[j] = 0
            # Padding, and whatever is no word of the window, counts as seen.
            marked[place_of(padding - low, span)] = mark
            marked[span] = mark
            count = out[i, 0]
            for j in range(length):
                word = words[i, j]
                place = place_of(word - low, span)
                new = marked[place] != mark
                marked[place] = mark
                out[i, 1 + count] = word  # the next one lies over it where it is not new
                count += 1 if new else 0
            out[i, 0] = count
    for i in range(begin, end):
        for j in range(out[i, 0], out.shape[1] - 1):
            out[i, 1 + j] = -1


@kernel
def bag(words: Any, table: Any, out: Any, worker: Any, workers: Any) -> None:
    """out[p, i] = the sum of the rows of `table` named in words[i], of those in part p of the table.

    Workers share parts first: each reads the rows that it has written itself, as an optimizer shares them alike.
    """
    parts, rows, columns = out.shape
    begin, end = share(parts * rows, worker, workers, 1)
    for unit in range(begin, end):
        p = unit // rows
        i = unit - p * rows
        low = table.shape[0] * p // parts
        high = table.shape[0] * (p + 1) // parts
        if columns * out.itemsize >= VECTOR_BYTES:
            sum_rows(words, table, out, i, unit, low, high)
        else:
            for j in range(columns):
                out[p, i, j] = 0
            for k in range(words[i, 0]):
                word = words[i, 1 + k]
                if low <= word < high:
                    for j in range(columns):
                        out[p, i, j] += table[word, j]


@kernel
def bag_scatter(words: Any, values: Any, out: Any, worker: Any, workers: Any) -> None:
    """out[w] = the sum of values[i] over the rows i that name w.

    Each worker owns some rows of the result and goes through all words in order, so sums come out the same for any
    number of workers.
    """
    begin, end = share(out.shape[0], worker, workers, 1)
    for i in range(begin, end):
        for j in range(out.shape[1]):
            out[i, j] = 0
    if out.shape[1] * out.itemsize >= VECTOR_BYTES:
        for i in range(words.shape[0]):
            spread_row(words, values, out, i, begin, end)
        return
    for i in range(words.shape[0]):
        for k in range(words[i, 0]):
            word = words[i, 1 + k]
            if begin <= word < end:
                for j in range(out.shape[1]):
                    out[word, j] += values[i, j]
