"""The thread pool: right sums, whoever calls, however many threads, before and after a fork and at the exit."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from programs import Sum

from nndsl.runtime import threads
from nndsl.runtime.cache import load_program

Python = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_sums_are_right(count: int) -> None:
    sums = Sum()
    assert all(sums.run(count) for _ in range(200))
    assert sums.workers[0] == count


def test_eight_callers_with_tables_of_their_own() -> None:
    def caller(n: int) -> bool:
        sums = Sum(n)
        return all(sums.run(2) for _ in range(1000))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(caller, range(100, 900, 100)))


def test_a_busy_pool_is_not_waited_for() -> None:
    outer, inner = Sum(), Sum()
    outer.run(2)
    program = load_program("""
from nndsl.runtime.intrinsics import atomic_load, atomic_store, entry, program, yield_thread
@program
def main(worker, workers, sync, table):
    if worker == 0:
        atomic_store(entry(table, 0), 1)
        while atomic_load(entry(table, 0)) != 2:
            yield_thread()
""", "main")  # fmt: skip
    gate = np.zeros(1, np.int64)
    holder = threading.Thread(target=threads.run, args=(program.address, np.array([gate.ctypes.data]), 2))
    holder.start()
    while gate[0] != 1:
        time.sleep(0.001)
    assert inner.run(2)
    assert inner.workers[0] == 1
    gate[0] = 2
    holder.join()
    assert inner.run(2)
    assert inner.workers[0] == 2


def test_sleeping_threads_wake() -> None:
    sums = Sum()
    for _ in range(10):
        assert sums.run(2)
        time.sleep(0.05)


def test_more_threads_than_there_may_be_run_as_many() -> None:
    sums = Sum()
    assert sums.run(10_000)
    assert sums.workers[0] == threads.MAX_THREADS


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_a_pool_of_its_own(python: Python) -> None:
    done = python("""
import os, sys
sys.path.insert(0, "tests/runtime")
from programs import Sum
sums = Sum()
assert sums.run(2)
child = os.fork()
if child == 0:
    right = all(sums.run(2) for _ in range(50)) and sums.workers[0] == 2
    os._exit(0 if right else 3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), sums.run(2))
""")
    assert done.stdout.split() == ["0", "True"], done.stderr


@pytest.mark.parametrize("pause", ["0", "0.05"])
def test_the_process_ends_cleanly_after_a_run(python: Python, pause: str) -> None:
    done = python(f"""
import sys, time
sys.path.insert(0, "tests/runtime")
from programs import Sum
print(Sum().run(3), flush=True)
time.sleep({pause})
""")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "True", "")


def test_an_interrupt_leaves_the_pool_usable() -> None:
    sums = Sum(200_000)
    interrupted = 0
    for delay in (0.001, 0.003, 0.005, 0.01):
        timer = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            while True:
                sums.run(2)
        except KeyboardInterrupt:
            interrupted += 1
        timer.join()
    assert interrupted == 4
    assert sums.run(2)
    assert sums.workers[0] == 2


def test_threads_that_cannot_be_had_are_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "_pool", threads._Pool())
    monkeypatch.setattr(threading.Thread, "start", refuse)
    sums = Sum()
    assert sums.run(4)
    assert sums.workers[0] == 1


def test_the_table_may_be_gone_after_the_run() -> None:
    for _ in range(20):
        assert Sum(64).run(2)


@pytest.mark.parametrize(
    ("named", "wanted"), [("3", 3), ("1000", threads.MAX_THREADS), ("0", None), ("x", None), ("", None)]
)
def test_default_threads(named: str, wanted: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNDSL_NUM_THREADS", named)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    assert threads.default_threads() == (wanted or min(cores, threads.DEFAULT_LIMIT))
