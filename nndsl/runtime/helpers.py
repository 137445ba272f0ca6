"""Processes that compile units beside this one.

Numba holds the interpreter's lock and llvmlite its own, so threads would wait for each other. A helper is a Python
interpreter of its own: nothing is forked, so threads and locks of this process do not matter, and the user's script
is not imported again. It reads jobs from its input and writes what it made to its output; it ends when this process
does, or when it has had nothing to do for some seconds. Whatever happens to a helper, its job is done here instead.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import IO

from nndsl.runtime.jobs import Job, Made, carry_out

MOST = 7
"""Helpers that are ever started: memory, not cores, is what more of them would cost."""
FEW, WORTH = 4, 8
"""One more helper is started for every WORTH kernels beyond FEW: to be ready takes it as long as some kernels."""
PATIENCE = 60.0
"""Seconds without any news of a helper after which its job is done here."""
START = "import sys; sys.path[:] = {path!r}; from nndsl.runtime.helper import main; main()"


def most_helpers() -> int:
    """`NNDSL_COMPILE_PROCESSES` less this process, or the cores that it may use."""
    named = os.environ.get("NNDSL_COMPILE_PROCESSES", "").strip()
    if named.isdecimal() and int(named) > 0:
        return int(named) - 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores - 1, MOST)


def each_made(jobs: Iterable[Job], more: Callable[[Made], list[Job]]) -> Iterator[tuple[Job, Made]]:
    """Every job with what came of it, in the order in which they are done. `more` says what a result asks for besides.

    Raises what compiling raises.
    """
    work = _Work(jobs)
    try:
        work.share(_crew.ready_for(sum(job.weight for job in work.waiting)))
        while (done := work.next()) is not None:
            job, made = done
            work.add(more(made))
            yield job, made
    finally:
        work.abandon()


class _Work:
    """Jobs that wait, that are with helpers, and that are done."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        # The longest first: what is left at the end is short.
        self.waiting = deque(sorted(jobs, key=lambda job: (-job.weight, -len(job.text))))
        self.away: set[Job] = set()
        self.returned: deque[Job] = deque()  # what helpers failed at: for this process alone
        self.done: deque[tuple[Job, Made]] = deque()
        self.news = threading.Condition()
        self.over = False

    def add(self, jobs: list[Job]) -> None:
        """What others wait for comes first."""
        with self.news:
            self.waiting.extendleft(jobs)
            self.news.notify_all()

    def next(self) -> tuple[Job, Made] | None:
        """A result; None where there is nothing left to do."""
        with self.news:
            while not self.done and not self.returned and not self.waiting and self.away:
                if not self.news.wait(PATIENCE):
                    self.returned.extend(self.away)
                    self.away.clear()
            if self.done:
                return self.done.popleft()
            left = self.returned or self.waiting
            if not left:
                return None
            job = left.popleft()
        return job, carry_out(job)

    def share(self, helpers: list[_Helper]) -> None:
        """Have a thread for each helper that gives it jobs."""
        for helper in helpers:
            threading.Thread(target=self._feed, args=(helper,), name="nndsl-helper", daemon=True).start()

    def _feed(self, helper: _Helper) -> None:
        with helper.lock:
            while helper.ready() and (job := self._take()) is not None:
                self._taken_back(job, helper.carry_out(job))

    def _take(self) -> Job | None:
        with self.news:
            while not self.over and not self.waiting:
                if not self.away:
                    return None
                self.news.wait()
            if self.over:
                return None
            job = self.waiting.popleft()
            self.away.add(job)
            return job

    def _taken_back(self, job: Job, made: Made | None) -> None:
        with self.news:
            if job in self.away:
                self.away.discard(job)
                if made is None:
                    self.returned.append(job)
                else:
                    self.done.append((job, made))
            self.news.notify_all()

    def abandon(self) -> None:
        """Nobody asks for results any more."""
        with self.news:
            self.over = True
            self.news.notify_all()


class _Helper:
    """A process, and the pipes to it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process = subprocess.Popen(
            [sys.executable, "-c", START.format(path=[str(folder) for folder in sys.path])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
        )  # fmt: skip
        self.greeted = self.broken = False

    @property
    def lives(self) -> bool:
        return not self.broken and self.process.poll() is None

    def ready(self) -> bool:
        """Whether it takes jobs. The first time this waits for it to start: a job that it had would wait as well."""
        self.greeted = self.greeted or self._ask({"kind": "hello"}) is not None
        return self.greeted and not self.broken

    def carry_out(self, job: Job) -> Made | None:
        """What it made; None where it failed."""
        answer = self._ask({"kind": job.kind, "name": job.name, "text": job.text})
        return None if answer is None or not answer[0] else Made(answer[0], tuple(answer[1].decode().split()))

    def _ask(self, request: dict[str, str]) -> list[bytes] | None:
        streams = self.process.stdin, self.process.stdout
        try:
            assert streams[0] is not None
            assert streams[1] is not None
            write_message(streams[0], [json.dumps(request).encode()])
            answer = read_message(streams[1])
        except (OSError, ValueError):
            answer = None
        self.broken = self.broken or answer is None
        return answer

    def end(self) -> None:
        """Close its input, upon which it goes."""
        self.broken = True
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


class _Crew:
    """The helpers of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.helpers: list[_Helper] = []

    def ready_for(self, kernels: int) -> list[_Helper]:
        """Helpers for so much work, started where there are too few."""
        wanted = max(0, min(most_helpers(), (kernels - FEW) // WORTH))
        if getattr(sys, "frozen", False) or not sys.executable:  # no interpreter to start
            wanted = 0
        with self.lock:
            for helper in [helper for helper in self.helpers if not helper.lives]:
                helper.end()
                self.helpers.remove(helper)
            with contextlib.suppress(OSError):
                while len(self.helpers) < wanted:
                    self.helpers.append(_Helper())
            return self.helpers[:wanted]

    def end(self) -> None:
        """At the end of this process."""
        for helper in self.helpers:
            helper.process.kill()
            helper.process.wait()
            helper.end()


_crew = _Crew()


def _forget() -> None:
    # The helpers are the parent's. Their pipes are closed here, or they would not see the parent's end.
    global _crew
    for helper in _crew.helpers:
        helper.end()
        helper.process.returncode = 0  # nobody's child here
    _crew = _Crew()


atexit.register(lambda: _crew.end())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


# --- messages --------------------------------------------------------------------------------------------------


def write_message(stream: IO[bytes], pieces: list[bytes]) -> None:
    """Some pieces of bytes, their number and lengths before them. The stream has no buffer."""
    numbers = [len(pieces), *map(len, pieces)]
    left = memoryview(b"".join([*(n.to_bytes(8, "little") for n in numbers), *pieces]))
    while left:
        left = left[stream.write(left) :]


def read_message(stream: IO[bytes]) -> list[bytes] | None:
    """The pieces of a message; None where there is none, or not the whole of one."""

    def number() -> int:
        return int.from_bytes(_exactly(stream, 8), "little")

    try:
        lengths = [number() for _ in range(number())]
        return [_exactly(stream, length) for length in lengths]
    except EOFError:
        return None


def _exactly(stream: IO[bytes], length: int) -> bytes:
    content = b""
    while len(content) < length:
        more = stream.read(length - len(content))
        if not more:
            raise EOFError
        content += more
    return content
