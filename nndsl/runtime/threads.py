"""Runs compiled programs on several threads.

The caller is worker 0. The others are daemon threads that live in native code (`pool_loop`): they spin for some
100 µs after a job and then sleep until the next one. There is one pool for the process; a caller that finds it taken
runs the program alone, which gives the same bits. A forked child starts with an empty pool.
"""

from __future__ import annotations

import ctypes
import os
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

from nndsl.diagnostics import InternalError
from nndsl.runtime import cache

MAX_THREADS = 64
"""More than this is never used, whatever is asked for."""
DEFAULT_LIMIT = 8
"""More than this must be asked for: small steps do not get faster beyond."""


def default_threads() -> int:
    """`NNDSL_NUM_THREADS`, or the cores that this process may use, at most 8.

    What is not a number from 1 up counts as not set.
    """
    named = os.environ.get("NNDSL_NUM_THREADS", "").strip()
    if named.isdecimal() and int(named) > 0:
        return min(int(named), MAX_THREADS)
    return min(_cores(), DEFAULT_LIMIT)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(program_address: int, table: Any, threads: int) -> None:
    """Run the program at an address (`Program.address`) on `threads` threads; `table` is a NumPy array of int64.

    May be called from any number of Python threads at once; the GIL is free meanwhile. Ctrl-C takes effect after the
    program. Raises InternalError where a kernel fails, which only a bounds check (`NUMBA_BOUNDSCHECK=1`) does.
    """
    # `table.ctypes.data` takes longer than a small program.
    address = ctypes.addressof(ctypes.c_char.from_buffer(table)) if table.size else 0
    launch(program_address, address, threads)


def launch(program_address: int, table_address: int, threads: int) -> None:
    """`run` for a caller that keeps the address of its table."""
    if threads > _pool.threads:
        threads = _pool.grow(threads)
    if _pool.run(_pool.address, program_address, threads, table_address):
        raise InternalError(
            "a kernel read or wrote outside its array; NUMBA_FULL_TRACEBACKS=1 prints the index when it is compiled"
        )


# --- the pool --------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _native() -> dict[str, int]:
    """Addresses of the pool's own programs."""
    text = Path(__file__).with_name("pool_loop.py").read_text()
    return {name: program.address for name, program in cache.load_programs(text, ("run", "work")).items()}


class _Layout:
    """Word offsets of `pool_loop`, which only the compiler imports."""

    ACQUIRE, RELEASE, CORES = 64, 65, 66
    GET_CPU, SET_AFFINITY, ALLOWED, ALLOWED_WORDS = 80, 81, 96, 16
    SEATS, SEAT, LOCK = 240, 16, 2
    WORDS = SEATS + SEAT * MAX_THREADS


class _Pool:
    """The words that callers and workers share, and the threads made so far."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.threads = 0  # 0: not even the native code is loaded
        self.address = 0
        self.run: Any = None

    def grow(self, threads: int) -> int:
        """Have threads for that many workers; the number that may be used."""
        threads = min(threads, MAX_THREADS)
        with self.lock:
            if self.threads == 0:
                self._prepare()
            try:
                for worker in range(self.threads, threads):
                    self._start(worker)
            except RuntimeError:  # the system gives no more threads
                pass
            except BaseException:
                # Ctrl-C: whether the last thread lives is not known, so nobody may count on this pool's growth.
                _forget()
                raise
            return min(threads, self.threads)

    def _start(self, worker: int) -> None:
        """The thread of one seat."""
        lock = _lock_function("allocate", ctypes.c_void_p)()
        _lock_function("acquire", ctypes.c_int, ctypes.c_void_p, ctypes.c_int)(lock, 1)
        words = (ctypes.c_int64 * _Layout.WORDS).from_address(self.address)
        words[_Layout.SEATS + worker * _Layout.SEAT + _Layout.LOCK] = lock
        work = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64, ctypes.c_int64)(_native()["work"])
        threading.Thread(target=work, args=(self.address, worker), name=f"nndsl-{worker}", daemon=True).start()
        self.threads = worker + 1

    def _prepare(self) -> None:
        """Words, never freed: the threads look at them until the process is gone."""
        block = (ctypes.c_int64 * (_Layout.WORDS + _Layout.SEAT))()
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(block))
        self.address = (ctypes.addressof(block) + 127) // 128 * 128
        words = (ctypes.c_int64 * _Layout.WORDS).from_address(self.address)
        words[_Layout.ACQUIRE] = _address(ctypes.pythonapi.PyThread_acquire_lock)
        words[_Layout.RELEASE] = _address(ctypes.pythonapi.PyThread_release_lock)
        words[_Layout.CORES] = _cores()
        _describe_cores(words)
        self.run = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_int64] * 4)(_native()["run"])
        self.threads = 1


def _describe_cores(words: Any) -> None:
    """Where the system can say on which core a thread runs, and move it: how, and to which cores."""
    if not hasattr(os, "sched_getaffinity"):
        return
    library = ctypes.CDLL(None)
    allowed = [cpu for cpu in os.sched_getaffinity(0) if cpu < 64 * _Layout.ALLOWED_WORDS]
    if hasattr(library, "sched_getcpu") and hasattr(library, "sched_setaffinity"):
        for cpu in allowed:
            words[_Layout.ALLOWED + cpu // 64] |= ctypes.c_int64(1 << cpu % 64).value
        words[_Layout.SET_AFFINITY] = _address(library.sched_setaffinity)
        words[_Layout.GET_CPU] = _address(library.sched_getcpu)


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _lock_function(name: str, result: Any, *parameters: Any) -> Any:
    """A function on CPython's locks, called with the GIL held (it does not block here)."""
    full = f"PyThread_{name}_lock"
    return ctypes.PYFUNCTYPE(result, *parameters)((full, ctypes.pythonapi))


_pool = _Pool()


def _forget() -> None:
    # The threads did not come along into the child.
    global _pool
    _pool = _Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
