"""Kernels that go along an axis and carry a number: cumulated sums and products, linear recurrences.

Arrays have three axes, of which the middle one is gone along. Each line along it is one worker's, so the order of the
operations is always the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nndsl.runtime.intrinsics import helper, kernel, share

LANES = 16
"""Neighbouring lines that stay with one worker: they share cache lines."""


@helper
def lines_of(x: Any, worker: Any, workers: Any) -> Any:
    """The part of one worker: (first, last) of the first axis and (first, last) of the third."""
    if x.shape[0] >= workers:
        begin, end = share(x.shape[0], worker, workers, 1)
        return begin, end, 0, x.shape[2]
    left, right = share(x.shape[2], worker, workers, LANES)
    return 0, x.shape[0], left, right


def _so_far(start: int, joined: Callable[..., Any]) -> Callable[..., Any]:
    """out = what the numbers of x so far give together; with `exclusive`, those before."""

    @helper
    def run(x: Any, out: Any, reverse: Any, exclusive: Any, worker: Any, workers: Any) -> Any:
        begin, end, left, right = lines_of(x, worker, workers)
        n = x.shape[1]
        for i in range(begin, end):
            for step in range(n):
                k = n - 1 - step if reverse else step
                before = k + 1 if reverse else k - 1
                for j in range(left, right):
                    if step == 0:
                        out[i, k, j] = start if exclusive else x[i, k, j]
                    else:
                        out[i, k, j] = joined(out[i, before, j], x[i, before if exclusive else k, j])

    return run


@helper
def _added(a: Any, b: Any) -> Any:
    return a + b


@helper
def _multiplied(a: Any, b: Any) -> Any:
    return a * b


_sums = _so_far(0, _added)
_products = _so_far(1, _multiplied)


@kernel
def cumulative_sum(x: Any, out: Any, reverse: Any, exclusive: Any, worker: Any, workers: Any) -> None:
    """out = the sums of x so far."""
    _sums(x, out, reverse, exclusive, worker, workers)


@kernel
def cumulative_product(x: Any, out: Any, reverse: Any, exclusive: Any, worker: Any, workers: Any) -> None:
    """out = the products of x so far."""
    _products(x, out, reverse, exclusive, worker, workers)


@kernel
def linear_recurrence(factor: Any, x: Any, out: Any, reverse: Any, worker: Any, workers: Any) -> None:
    """out[k] = factor[k] * out[k - 1] + x[k]."""
    begin, end, left, right = lines_of(x, worker, workers)
    n = x.shape[1]
    for i in range(begin, end):
        for step in range(n):
            k = n - 1 - step if reverse else step
            before = k + 1 if reverse else k - 1
            for j in range(left, right):
                if step == 0:
                    out[i, k, j] = x[i, k, j]
                else:
                    out[i, k, j] = factor[i, k, j] * out[i, before, j] + x[i, k, j]
