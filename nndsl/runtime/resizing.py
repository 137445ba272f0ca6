"""Kernels that bring the middle axis of three to another size (see ops.resizing)."""

from __future__ import annotations

from typing import Any

from nndsl.runtime.intrinsics import helper, kernel, share


@helper
def between(place: Any, small: Any, large: Any, nearest: Any) -> Any:
    """The two elements that a new place lies between, and the weight of the second."""
    if nearest:
        at = (2 * place + 1) * small // (2 * large)
        return at, at, 0.0
    middle = (place + 0.5) * (small / large) - 0.5
    if middle <= 0:
        return 0, 0, 0.0
    left = min(int(middle), small - 1)
    return left, min(left + 1, small - 1), middle - left


@kernel
def resize_axis(x: Any, out: Any, nearest: Any, worker: Any, workers: Any) -> None:
    """out = x with another middle axis; the workers share the places of all rows."""
    _, places, width = out.shape
    begin, end = share(out.shape[0] * places, worker, workers, 1)
    one = out.dtype.type(1)
    n, place = begin // places, begin % places
    for _ in range(begin, end):
        left, right, weight = between(place, x.shape[1], places, nearest)
        some = out.dtype.type(weight)
        rest = one - some
        for j in range(width):
            out[n, place, j] = rest * x[n, left, j] + some * x[n, right, j]
        place += 1
        if place == places:
            n, place = n + 1, 0


@kernel
def resize_axis_grad(g: Any, out: Any, nearest: Any, worker: Any, workers: Any) -> None:
    """What each place of g has of an element, added to that element; the workers share what lies before the axis."""
    _, places, width = g.shape
    begin, end = share(out.shape[0], worker, workers, 1)
    one = out.dtype.type(1)
    for n in range(begin, end):
        for i in range(out.shape[1]):
            for j in range(width):
                out[n, i, j] = 0
        for place in range(places):
            left, right, weight = between(place, out.shape[1], places, nearest)
            some = out.dtype.type(weight)
            for j in range(width):
                out[n, left, j] += (one - some) * g[n, place, j]
            for j in range(width):
                out[n, right, j] += some * g[n, place, j]
