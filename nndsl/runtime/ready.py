"""Hand-written kernels: matrix products, scatter, multi_hot, ranks. Generated programs call them.

A product computes the rows `start:stop` of its result; `products` has the plain ones.
"""

from __future__ import annotations

from typing import Any

from nndsl.runtime.intrinsics import kernel, share
from nndsl.runtime.products import product_nn, product_nt, product_tn, product_tt


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
