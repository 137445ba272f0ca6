"""Hand-written kernels: matrix products, scatter, multi_hot, ranks. Generated programs call them.

A product computes the rows `start:stop` of its result. Plain loops over four rows at a time, in an order in which the
inner one runs along memory: the compiler turns it into vectors.
"""

from __future__ import annotations

from typing import Any

from nndsl.runtime.intrinsics import kernel, share


@kernel
def product_nn(x: Any, y: Any, out: Any, start: Any, stop: Any) -> None:
    """out = x @ y."""
    depth, width = y.shape
    whole = start + (stop - start) // 4 * 4
    for i in range(start, whole, 4):
        for j in range(width):
            out[i, j] = 0
            out[i + 1, j] = 0
            out[i + 2, j] = 0
            out[i + 3, j] = 0
        for k in range(depth):
            a, b, c, d = x[i, k], x[i + 1, k], x[i + 2, k], x[i + 3, k]
            for j in range(width):
                v = y[k, j]
                out[i, j] += a * v
                out[i + 1, j] += b * v
                out[i + 2, j] += c * v
                out[i + 3, j] += d * v
    for i in range(whole, stop):
        for j in range(width):
            out[i, j] = 0
        for k in range(depth):
            a = x[i, k]
            for j in range(width):
                out[i, j] += a * y[k, j]


@kernel
def product_tn(x: Any, y: Any, out: Any, start: Any, stop: Any) -> None:
    """out = x.T @ y."""
    depth, width = y.shape
    whole = start + (stop - start) // 4 * 4
    for i in range(start, whole, 4):
        for j in range(width):
            out[i, j] = 0
            out[i + 1, j] = 0
            out[i + 2, j] = 0
            out[i + 3, j] = 0
        for k in range(depth):
            a, b, c, d = x[k, i], x[k, i + 1], x[k, i + 2], x[k, i + 3]
            for j in range(width):
                v = y[k, j]
                out[i, j] += a * v
                out[i + 1, j] += b * v
                out[i + 2, j] += c * v
                out[i + 3, j] += d * v
    for i in range(whole, stop):
        for j in range(width):
            out[i, j] = 0
        for k in range(depth):
            a = x[k, i]
            for j in range(width):
                out[i, j] += a * y[k, j]


@kernel
def product_nt(x: Any, y: Any, out: Any, start: Any, stop: Any) -> None:
    """out = x @ y.T."""
    width, depth = y.shape
    for i in range(start, stop):
        for j in range(width):
            total = x[i, 0] * y[j, 0]
            for k in range(1, depth):
                total += x[i, k] * y[j, k]
            out[i, j] = total


@kernel
def product_tt(x: Any, y: Any, out: Any, start: Any, stop: Any) -> None:
    """out = x.T @ y.T."""
    width, depth = y.shape
    for i in range(start, stop):
        for j in range(width):
            total = x[0, i] * y[j, 0]
            for k in range(1, depth):
                total += x[k, i] * y[j, k]
            out[i, j] = total


@kernel
def batch_product_nn(x: Any, y: Any, out: Any, b: Any, start: Any, stop: Any) -> None:
    """out[b] = x[b] @ y[b]."""
    product_nn(x[b], y[b], out[b], start, stop)


@kernel
def batch_product_tn(x: Any, y: Any, out: Any, b: Any, start: Any, stop: Any) -> None:
    """out[b] = x[b].T @ y[b]."""
    product_tn(x[b], y[b], out[b], start, stop)


@kernel
def batch_product_nt(x: Any, y: Any, out: Any, b: Any, start: Any, stop: Any) -> None:
    """out[b] = x[b] @ y[b].T."""
    product_nt(x[b], y[b], out[b], start, stop)


@kernel
def batch_product_tt(x: Any, y: Any, out: Any, b: Any, start: Any, stop: Any) -> None:
    """out[b] = x[b].T @ y[b].T."""
    product_tt(x[b], y[b], out[b], start, stop)


@kernel
def multi_hot(words: Any, out: Any, padding: Any, worker: Any, workers: Any) -> None:
    """A row of zeros for each row of words, with 1 at each word but `padding`."""
    begin, end = share(words.shape[0], worker, workers, 1)
    for i in range(begin, end):
        for j in range(out.shape[1]):
            out[i, j] = 0
        for k in range(words.shape[1]):
            word = words[i, k]
            if word != padding:
                out[i, word] = 1


@kernel
def scatter_add(places: Any, values: Any, out: Any, worker: Any, workers: Any) -> None:
    """Rows of `values` added up at their places. Each worker owns some rows of the result and goes through all places,
    so the order of the sums is always the same."""  # fmt: skip
    begin, end = share(out.shape[0], worker, workers, 1)
    for i in range(begin, end):
        for j in range(out.shape[1]):
            out[i, j] = 0
    for k in range(places.shape[0]):
        place = places[k]
        if begin <= place < end:
            for j in range(out.shape[1]):
                out[place, j] += values[k, j]


@kernel
def rankdata(x: Any, out: Any, worker: Any, workers: Any) -> None:
    """The mean place of each element in sorted order, from 1, by counting what lies below and beside it."""
    begin, end = share(x.shape[0], worker, workers, 1)
    for i in range(begin, end):
        below = 0
        ties = 0
        for j in range(x.shape[0]):
            if x[j] < x[i]:
                below += 1
            elif x[j] == x[i]:
                ties += 1
        out[i] = below + (ties + 1) / 2


@kernel
def copy_all(x: Any, out: Any, worker: Any, workers: Any) -> None:
    """out = x, both flat."""
    begin, end = share(x.shape[0], worker, workers, 64)
    for i in range(begin, end):
        out[i] = x[i]
