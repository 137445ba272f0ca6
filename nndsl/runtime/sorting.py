"""Kernels that sort: they move places and leave the elements where they are.

A row is one worker's. NaN counts as the greatest, and of equal elements the first comes first.
"""

from __future__ import annotations

from typing import Any

from nndsl.runtime.cumulative import lines_of
from nndsl.runtime.intrinsics import helper, kernel, share

BLOCK = 16
"""Places that are sorted by insertion before runs are merged."""


@helper
def before(p: Any, q: Any, descending: Any) -> Any:
    """Whether p stands before q, whatever their places."""
    if descending:
        return q < p or (p != p and q == q)
    return p < q or (q != q and p == p)


@kernel
def sort_places(x: Any, out: Any, descending: Any, worker: Any, workers: Any) -> None:
    """out[i, :n] = the places of x[i] in sorted order, out[i, n:] = 0: a merge sort between the two halves.

    The blocks begin in the half from which the last merge ends up in the first.
    """
    begin, end = share(x.shape[0], worker, workers, 1)
    n = x.shape[1]
    rounds = 0
    width = BLOCK
    while width < n:
        width *= 2
        rounds += 1
    for i in range(begin, end):
        source = n if rounds % 2 == 1 else 0
        for start in range(0, n, BLOCK):
            for k in range(start, min(start + BLOCK, n)):
                at = k
                while at > start and before(x[i, k], x[i, out[i, source + at - 1]], descending):
                    out[i, source + at] = out[i, source + at - 1]
                    at -= 1
                out[i, source + at] = k
        width = BLOCK
        while width < n:
            goal = n - source
            for start in range(0, n, 2 * width):
                middle = min(start + width, n)
                stop = min(start + 2 * width, n)
                left = start
                right = middle
                for k in range(start, stop):
                    if left < middle and (
                        right >= stop
                        or not before(x[i, out[i, source + right]], x[i, out[i, source + left]], descending)
                    ):
                        out[i, goal + k] = out[i, source + left]
                        left += 1
                    else:
                        out[i, goal + k] = out[i, source + right]
                        right += 1
            source = goal
            width *= 2
        for k in range(n, 2 * n):
            out[i, k] = 0


@kernel
def top_places(x: Any, out: Any, worker: Any, workers: Any) -> None:
    """out[i] = the places of the greatest elements of x[i], kept in order as they are found."""
    begin, end = share(x.shape[0], worker, workers, 1)
    k = out.shape[1]
    for i in range(begin, end):
        for j in range(x.shape[1]):
            at = min(j, k)
            if at == k:
                if not before(x[i, j], x[i, out[i, k - 1]], 1):
                    continue
                at = k - 1
            while at > 0 and before(x[i, j], x[i, out[i, at - 1]], 1):
                out[i, at] = out[i, at - 1]
                at -= 1
            out[i, at] = j


@kernel
def scatter_along(places: Any, values: Any, out: Any, worker: Any, workers: Any) -> None:
    """out[i, places[i, k, j], j] += values[i, k, j], in the order of k."""
    begin, end, left, right = lines_of(values, worker, workers)
    for i in range(begin, end):
        for k in range(out.shape[1]):
            for j in range(left, right):
                out[i, k, j] = 0
        for k in range(values.shape[1]):
            for j in range(left, right):
                out[i, places[i, k, j], j] += values[i, k, j]
