"""The native side of the thread pool: compiled like a generated program and kept in the cache.

A pool is one block of int64 words, its fields a cache line (and the prefetched neighbour) apart. A seat per worker
holds the number of the last job given to it, and whether its thread sleeps. All of it runs without the GIL, and to
sleep and to wake need none either: the locks are CPython's own `PyThread` locks, called through their addresses.

`run` holds the pool from the first word to the last, in one call; an exception of Python (Ctrl-C) can
therefore never find a job half started.
"""

from __future__ import annotations

from typing import Any

from nndsl.runtime.intrinsics import (
    SYNC_WORDS,
    atomic_add,
    atomic_exchange,
    atomic_load,
    atomic_store,
    atomic_swap_if,
    c_function,
    call_program,
    helper,
    kernel,
    pause,
    program,
    stack_words,
    yield_thread,
)

LINE = 128
BUSY, DONE, FAILED = 0 * LINE, 1 * LINE, 2 * LINE
PROGRAM, WORKERS, TABLE, TURN = 3 * LINE, 3 * LINE + 8, 3 * LINE + 16, 3 * LINE + 24
ACQUIRE, RELEASE, CORES, SPINS = 4 * LINE, 4 * LINE + 8, 4 * LINE + 16, 4 * LINE + 24
GET_CPU, SET_AFFINITY, ALLOWED = 5 * LINE, 5 * LINE + 8, 6 * LINE
SYNC = 7 * LINE
SEATS = SYNC + SYNC_WORDS * 8
PURE_SPINS, YIELD_COST, ALL_SPINS = 300, 20, 8000
"""A thread that waits spins for some 10 µs and then offers its core at every turn: the scheduler may have put the
thread it waits for on the same one, and would leave it there for milliseconds. A yield counts as 20 spins."""
GIVEN, ASLEEP, LOCK, CPU = 0, 8, 16, 24
"""Offsets in a seat."""
ABORTED, PATIENCE = 16 * 8, 32 * 8
"""Offsets in a sync area, as in `intrinsics`."""

call_lock = c_function(64, 32)
call_get_cpu = c_function()
call_set_affinity = c_function(32, 64, 64)


@helper
def _note_cpu(pool: Any, seat: Any) -> Any:
    """Write down where this thread runs, and give it; -1 where the system does not tell."""
    if atomic_load(pool + GET_CPU) == 0:
        return -1
    cpu = call_get_cpu(atomic_load(pool + GET_CPU))
    if atomic_load(seat + CPU) != cpu:
        atomic_store(seat + CPU, cpu)
    return cpu


@kernel
def _spread(pool: Any, seat: Any, worker: Any) -> None:
    """Leave the core on which the caller or a worker of a lower number runs.

    Some schedulers pack threads that wait for each other onto one core, and keep them there.
    """
    cpu = _note_cpu(pool, seat)
    shared = False
    for other in range(worker):
        if atomic_load(pool + SEATS + other * LINE + CPU) == cpu:
            shared = True
    if shared and cpu >= 0:
        mask = stack_words()
        for word in range(16):
            atomic_store(mask + word * 8, atomic_load(pool + ALLOWED + word * 8))
        for other in range(worker):
            taken = atomic_load(pool + SEATS + other * LINE + CPU)
            place = mask + (taken >> 6) * 8
            atomic_store(place, atomic_load(place) & ~(1 << (taken & 63)))
        # Where nothing is left of the mask the call fails and changes nothing.
        call_set_affinity(atomic_load(pool + SET_AFFINITY), 0, 128, mask)
        _note_cpu(pool, seat)


@helper
def _next_job(pool: Any, seat: Any, last: Any) -> Any:
    """The number of the next job given to this seat: spin for it, then sleep."""
    spins = atomic_load(pool + SPINS)
    eager = spins - PURE_SPINS
    while True:
        job = atomic_load(seat + GIVEN)
        if job != last:
            return job
        if spins > eager:
            spins -= 1
            pause()
            continue
        if spins > 0:
            spins -= YIELD_COST
            yield_thread()
            continue
        atomic_store(seat + ASLEEP, 1)
        # A job given meanwhile: either we take back the word before the giver sees it, or a wake-up is due.
        if atomic_load(seat + GIVEN) == last or atomic_exchange(seat + ASLEEP, 0) == 0:
            call_lock(atomic_load(pool + ACQUIRE), atomic_load(seat + LOCK), 1)
        spins = atomic_load(pool + SPINS)


@program
def work(pool: Any, worker: Any) -> None:
    """The life of a pool thread."""
    seat = pool + SEATS + worker * LINE
    job = 0
    while True:
        job = _next_job(pool, seat, job)
        address, workers = atomic_load(pool + PROGRAM), atomic_load(pool + WORKERS)
        if workers <= atomic_load(pool + CORES):
            _spread(pool, seat, worker)
        if call_program(address, worker, workers, pool + SYNC, atomic_load(pool + TABLE)) != 0:
            atomic_store(pool + FAILED, 1)
            atomic_store(pool + SYNC + ABORTED, 1)
        atomic_add(pool + DONE, 1)


@helper
def _together(pool: Any, address: Any, workers: Any, table: Any) -> Any:
    """Run with the pool, which is ours: 1 if any worker failed."""
    for word in range(SYNC_WORDS):
        atomic_store(pool + SYNC + word * 8, 0)
    _note_cpu(pool, pool + SEATS)
    crowded = workers > atomic_load(pool + CORES)
    atomic_store(pool + SYNC + PATIENCE, 0 if crowded else PURE_SPINS)
    atomic_store(pool + SPINS, 20 if crowded else ALL_SPINS)
    atomic_store(pool + PROGRAM, address)
    atomic_store(pool + WORKERS, workers)
    atomic_store(pool + TABLE, table)
    atomic_store(pool + DONE, 0)
    atomic_store(pool + FAILED, 0)
    job = atomic_add(pool + TURN, 1) + 1
    for worker in range(1, workers):
        seat = pool + SEATS + worker * LINE
        atomic_store(seat + GIVEN, job)
        if atomic_exchange(seat + ASLEEP, 0) == 1:
            call_lock(atomic_load(pool + RELEASE), atomic_load(seat + LOCK), 0)
    failed = call_program(address, 0, workers, pool + SYNC, table)
    if failed != 0:
        atomic_store(pool + SYNC + ABORTED, 1)
    spins = atomic_load(pool + SYNC + PATIENCE)
    while atomic_load(pool + DONE) < workers - 1:
        if spins > 0:
            spins -= 1
            pause()
        else:
            yield_thread()
    return failed | atomic_load(pool + FAILED)


@program
def run(pool: Any, address: Any, workers: Any, table: Any) -> None:
    """Run a program; alone where one worker is asked for or another caller has the pool."""
    if workers > 1 and atomic_swap_if(pool + BUSY, 0, 1) == 1:
        failed = _together(pool, address, workers, table)
        atomic_store(pool + BUSY, 0)
    else:
        failed = call_program(address, 0, 1, stack_words(), table)
    if failed != 0:
        raise RuntimeError("a worker failed")
