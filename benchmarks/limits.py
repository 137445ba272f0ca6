"""What this machine can do at most: multiply-adds and bytes a second, measured in the run that reports them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from nndsl.runtime import peak


def _in_threads(work: Callable[[], object], threads: int) -> float:
    """Seconds until all are done."""
    started = [threading.Thread(target=work) for _ in range(threads)]
    begun = time.perf_counter()
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return time.perf_counter() - begun


def multiply_adds(threads: int) -> float:
    """Multiply-adds a second in f32, all threads together, in 1e9; the best of five."""
    return peak.multiply_adds(threads) / 1e9


def bytes_copied(threads: int) -> float:
    """Bytes read and written a second by copies of arrays larger than any cache, in 1e9; the best of five."""
    count = 16 * 2**20
    pairs = [(np.ones(count, np.float32), np.empty(count, np.float32)) for _ in range(threads)]
    queue = list(pairs)

    def work() -> None:
        source, target = queue.pop()
        np.copyto(target, source)

    best = float("inf")
    for _ in range(6):
        queue = list(pairs)
        best = min(best, _in_threads(work, threads))
    return 2 * 4 * count * threads / best / 1e9
