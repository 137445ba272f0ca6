"""Programs made from a few lines, for the tests of this folder."""

from __future__ import annotations

import numpy as np

from nndsl.runtime.cache import load_program
from nndsl.runtime.threads import run

ELEMENTWISE = """
from nndsl.runtime.intrinsics import *
from nndsl.runtime.random_scalar import *
from nndsl.runtime.scalar import *

@kernel
def each({names}, out, n):
    for i in range(n):
        out[i] = {expression}

@program
def main(worker, workers, sync, table):
    n = entry(table, 0)
    each({arrays}, array_{result}(entry(table, 1), n), n)
"""


def elementwise(expression: str, *inputs: np.ndarray, result: str) -> np.ndarray:
    """`expression` of `a[i]`, `b[i]`, … computed by a compiled kernel; `result` names its dtype as in `array_f32`."""
    kinds = {"float32": "f32", "float64": "f64", "int32": "i32", "int64": "i64"}
    names = "abcd"[: len(inputs)]
    arrays = [f"array_{kinds[x.dtype.name]}(entry(table, {k + 2}), n)" for k, x in enumerate(inputs)]
    text = ELEMENTWISE.format(names=", ".join(names), arrays=", ".join(arrays), expression=expression, result=result)
    out = np.zeros(inputs[0].size, {short: long for long, short in kinds.items()}[result])
    held = [np.ascontiguousarray(x) for x in inputs]
    table = np.array([out.size, out.ctypes.data, *(x.ctypes.data for x in held)], np.int64)
    run(load_program(text, "main").address, table, 1)
    return out


SUM = """
from nndsl.runtime.intrinsics import array_f64, array_i64, barrier, entry, kernel, program, share

@kernel
def square(x, y, worker, workers):
    begin, end = share(x.shape[0], worker, workers, 8)
    for i in range(begin, end):
        y[i] = x[i] * x[i]

@kernel
def collect(y, parts, worker, workers):
    begin, end = share(y.shape[0], worker, workers, 8)
    total = 0.0
    for i in range(begin, end):
        total += y[i]
    parts[worker] = total

@program
def main(worker, workers, sync, table):
    # table: n, x, y, one partial sum per worker, the result, the number of workers
    n = entry(table, 0)
    x, y = array_f64(entry(table, 1), n), array_f64(entry(table, 2), n)
    parts, out = array_f64(entry(table, 3), 64), array_f64(entry(table, 4), 1)
    square(x, y, worker, workers)
    barrier(sync, workers, 1)
    # The mirrored share: what another worker wrote.
    collect(y, parts, workers - 1 - worker, workers)
    barrier(sync, workers, 2)
    if worker == 0:
        total = 0.0
        for k in range(workers):
            total += parts[k]
        out[0] = total
        array_i64(entry(table, 5), 1)[0] = workers
"""


class Sum:
    """The sum of the squares of 0 .. n - 1, in buffers of its own."""

    def __init__(self, n: int = 1000) -> None:
        self.address = load_program(SUM, "main").address
        self.x, self.y = np.arange(n, dtype=np.float64), np.zeros(n)
        self.parts, self.out, self.workers = np.zeros(64), np.zeros(1), np.zeros(1, np.int64)
        arrays = (self.x, self.y, self.parts, self.out, self.workers)
        self.table = np.array([n, *(a.ctypes.data for a in arrays)], np.int64)
        self.wanted = float(n - 1) * n * (2 * n - 1) / 6

    def run(self, threads: int) -> bool:
        """Run once; whether the result is right."""
        self.y[:], self.parts[:], self.out[0] = 0, 0, -1
        run(self.address, self.table, threads)
        return bool(self.out[0] == self.wanted)
