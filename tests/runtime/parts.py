"""Programs in units: each kernel adds a number to all elements of a line."""

from __future__ import annotations

import numpy as np

from nndsl.runtime.cache import Program
from nndsl.runtime.threads import run

HEADER = """from __future__ import annotations
from numpy import float32 as f32
from nndsl.runtime.intrinsics import barrier, entry, kernel, sequence, share
from nndsl.runtime.products import product_nn
"""
KERNEL = """
@kernel
def {name}({x}: f32[n + 1], n, worker, workers):
    begin, end = share(n + 1, worker, workers, 1)
    for {i} in range(begin, end):
        {x}[{i}] += f32({number})
"""
SEQUENCE = """
@sequence
def main(worker, workers, sync, table):
    n = entry(table, 1)
"""


def text_of(*numbers: float, x: str = "x", i: str = "i") -> str:
    """A program whose kernels add these numbers, in order."""
    kernels = [KERNEL.format(name=f"add_{k}", number=number, x=x, i=i) for k, number in enumerate(numbers)]
    calls = [f"    add_{k}(entry(table, 0), n, worker, workers)\n    barrier(sync, workers, {k + 1})\n"
             for k in range(len(numbers))]  # fmt: skip
    return HEADER + "\n".join(kernels) + SEQUENCE + "".join(calls)


def result_of(program: Program, workers: int = 2) -> float:
    """What a program adds to zero."""
    x = np.zeros(5, np.float32)
    run(program.address, np.array([x.ctypes.data, len(x) - 1]), workers)
    assert np.all(x == x[0])
    return float(x[0])
