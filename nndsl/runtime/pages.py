"""Memory for what programs go through: from a cache line on, and large arrays in large pages where the system has them.

A core knows the places of some hundred pages. To walk down the columns of a large kernel touches a page in every row,
which a core that works with pages of 4 KiB has to look up each time; one of 2 MiB holds a thousand rows.
"""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from nndsl.ir.plan import ALIGN

PAGE = 2 << 20
"""Bytes of a large page. What is smaller than one stays in small ones, or it would take more memory than it needs."""


def memory(size: int) -> Any:
    """So many bytes that were never written. Raises MemoryError."""
    pages = _large_pages(size) if size >= PAGE else None
    if pages is not None:
        return pages
    plain = np.empty(size + ALIGN, np.uint8)
    start = -plain.ctypes.data % ALIGN
    return plain[start : start + size]


def _large_pages(size: int) -> Any:
    """Zeros from a large page on; None where the system has no large pages for those who ask."""
    advice = getattr(mmap, "MADV_HUGEPAGE", None)
    if advice is None:
        return None
    try:
        area = mmap.mmap(-1, size + PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        area.madvise(advice)
    except (OSError, ValueError):
        return None
    whole = np.frombuffer(area, np.uint8)
    start = -whole.ctypes.data % PAGE
    return whole[start : start + size]
