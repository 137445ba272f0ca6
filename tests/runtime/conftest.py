"""A cache folder of their own for these tests, and interpreters to start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="package", autouse=True)
def _cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = os.environ.get("NNDSL_CACHE_DIR")
    os.environ["NNDSL_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["NNDSL_CACHE_DIR"]
    else:
        os.environ["NNDSL_CACHE_DIR"] = before


@pytest.fixture
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs source in a fresh interpreter, which must end within a minute."""

    def start(source: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, timeout=60,
                              env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, check=False)  # fmt: skip

    return start
