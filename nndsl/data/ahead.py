"""Batches made in a thread of their own, so that kernels do not wait for files."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

WAITING = 32 << 20
"""Bytes of batches that wait to be used; always at least two batches."""


class Ahead(Generic[Item]):
    """Runs an iterator in a thread, some items before they are asked for. `close` ends the thread.

    An exception of the iterator is raised where its item would have come.
    """

    def __init__(self, items: Iterator[Item], bytes_of: Callable[[Item], int]) -> None:
        self._items, self._bytes_of = items, bytes_of
        self._ready: queue.SimpleQueue[tuple[str, object]] = queue.SimpleQueue()
        self._room = threading.Condition()
        self._bytes = self._count = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="nndsl-batches", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        if self._closed:
            raise StopIteration
        kind, value = self._ready.get()
        match kind, value:
            case "fault", BaseException() as fault:
                self.close()
                raise fault
            case "end", _:
                self.close()
                raise StopIteration
        with self._room:
            self._bytes -= self._bytes_of(value)  # type: ignore[arg-type]
            self._count -= 1
            self._room.notify()
        return value  # type: ignore[return-value]

    def close(self) -> None:
        """End the thread, and wait until it has ended: nothing reads files behind a training that is over."""
        with self._room:
            self._closed = True
            self._room.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        try:
            for item in self._items:
                size = self._bytes_of(item)
                with self._room:
                    self._room.wait_for(lambda: self._closed or self._count < 2 or self._bytes < WAITING)
                    if self._closed:
                        return
                    self._bytes += size
                    self._count += 1
                self._ready.put(("item", item))
            self._ready.put(("end", None))
        except BaseException as fault:
            self._ready.put(("fault", fault))
