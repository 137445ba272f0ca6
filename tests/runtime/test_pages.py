"""Memory of programs: on cache lines, writable, in large pages where there are some, and never a half answer."""

from __future__ import annotations

import mmap

import pytest

from nndsl.ir.plan import ALIGN
from nndsl.runtime import pages


@pytest.mark.parametrize("size", [0, 1, 4097, pages.PAGE - 1, pages.PAGE, 2 * pages.PAGE + 5])
def test_memory_lies_on_a_cache_line_and_can_be_written(size: int) -> None:
    found = pages.memory(size)
    found[:] = 7
    assert found.size == size
    assert size == 0 or found.ctypes.data % ALIGN == 0
    assert found.sum() == 7 * size


@pytest.mark.skipif(not hasattr(mmap, "MADV_HUGEPAGE"), reason="this system has no large pages for those who ask")
def test_what_is_large_lies_on_a_large_page() -> None:
    assert pages.memory(pages.PAGE).ctypes.data % pages.PAGE == 0


def test_without_large_pages_there_is_memory_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(mmap, "MADV_HUGEPAGE", raising=False)
    found = pages.memory(pages.PAGE)
    found[:] = 1
    assert found.ctypes.data % ALIGN == 0


def test_more_than_there_is_is_a_memory_error() -> None:
    with pytest.raises(MemoryError):
        pages.memory(1 << 60)
