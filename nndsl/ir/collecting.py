"""Python's search for garbage, while graphs are made or compiled."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """Python does not look for garbage meanwhile: it would go through a graph, or what numba has loaded, again and
    again, and find that all of it is in use."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
