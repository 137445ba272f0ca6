"""Shares, arrays at addresses and what the native side and the Python side must agree on."""

from __future__ import annotations

import numpy as np
import pytest
from programs import elementwise

from nndsl.runtime import intrinsics, pool_loop, threads
from nndsl.runtime.cache import inspect_program, load_program
from nndsl.runtime.threads import run


@pytest.mark.parametrize("grain", [1, 8, 16])
def test_shares_cover_the_range_in_order_on_grains(grain: int) -> None:
    n, worker = (v.ravel() for v in np.meshgrid(np.array([0, 1, 7, 8, 9, 100, 1000]), np.arange(5)))
    begins = elementwise(f"share(a[i], b[i], 5, {grain})[0]", n, worker, result="i64").reshape(5, -1)
    ends = elementwise(f"share(a[i], b[i], 5, {grain})[1]", n, worker, result="i64").reshape(5, -1)
    assert np.all(begins[0] == 0)
    assert np.array_equal(ends[-1], n[:7])
    assert np.array_equal(begins[1:], ends[:-1])
    assert np.all((ends[:-1] % grain == 0) | (ends[:-1] == n[:7]))


def test_arrays_of_several_dimensions_are_c_contiguous() -> None:
    x, out = np.arange(24, dtype=np.int32).reshape(2, 3, 4), np.zeros(4, np.int64)
    flags = np.array([True, False])
    text = """
from nndsl.runtime.intrinsics import *
@program
def main(worker, workers, sync, table):
    x = array_i32(entry(table, 0), (2, entry(table, 2), 4))
    flags = array_bool(entry(table, 3), 2)
    out = array_i64(entry(table, 1), (4,))
    out[0] = x[1, 2, 3]
    out[1] = x[0, 1, 0]
    out[2] = x[1, 2, 1]
    out[3] = flags[0] and not flags[1]
"""
    table = np.array([x.ctypes.data, out.ctypes.data, 3, flags.ctypes.data])
    run(load_program(text, "main").address, table, 1)
    assert out.tolist() == [x[1, 2, 3], x[0, 1, 0], x[1, 2, 1], 1]


def test_a_loop_over_a_share_vectorizes() -> None:
    text = """
from nndsl.runtime.intrinsics import *
@kernel
def add(x, y, worker, workers):
    begin, end = share(x.shape[0], worker, workers, 16)
    for i in range(begin, end):
        for j in range(x.shape[1]):
            y[i, j] += x[i, j]
@program
def main(worker, workers, sync, table):
    shape = (entry(table, 0), entry(table, 1))
    add(array_f32(entry(table, 2), shape), array_f32(entry(table, 3), shape), worker, workers)
"""
    code = inspect_program(text, "main", "llvm")
    assert "x float> " in code
    assert "NRT_" not in code


def test_programs_need_nothing_of_numba_to_link() -> None:
    text = "from nndsl.runtime.intrinsics import *\n@program\ndef main(w, n, s, t):\n    barrier(s, n, 1)\n"
    code = inspect_program(text, "main", "llvm")
    declared = {line.split("@")[1].split("(")[0] for line in code.splitlines() if line.startswith("declare")}
    assert {name for name in declared if not name.startswith("llvm.")} <= {"sched_yield", "SwitchToThread"}


def test_both_sides_of_the_pool_have_one_layout() -> None:
    layout = threads._Layout
    words = {"ACQUIRE", "RELEASE", "CORES", "GET_CPU", "SET_AFFINITY", "ALLOWED", "SEATS"}
    assert {name: getattr(layout, name) * 8 for name in words} == {name: getattr(pool_loop, name) for name in words}
    assert (layout.SEAT * 8, layout.LOCK * 8) == (pool_loop.LINE, pool_loop.LOCK)
    assert (intrinsics.ABORTED, intrinsics.PATIENCE) == (pool_loop.ABORTED, pool_loop.PATIENCE)
    assert pool_loop.SEATS >= pool_loop.SYNC + intrinsics.SYNC_WORDS * 8
