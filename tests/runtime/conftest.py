"""A cache folder of their own for these tests, and programs made from a few lines."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from nndsl.runtime.cache import load_program
from nndsl.runtime.threads import run

ROOT = Path(__file__).parents[2]

ELEMENTWISE = """
from nndsl.runtime.intrinsics import *
from nndsl.runtime.random_scalar import *
from nndsl.runtime.scalar import *

@kernel
def each({names}, out, n):
    for i in range(n):
        out[i] = {expression}

@program
def main(worker, workers, sync, table):
    n = entry(table, 0)
    each({arrays}, array_{result}(entry(table, 1), n), n)
"""


def elementwise(expression: str, *inputs: np.ndarray, result: str) -> np.ndarray:
    """`expression` of `a[i]`, `b[i]`, … computed by a compiled kernel; `result` names its dtype as in `array_f32`."""
    kinds = {"float32": "f32", "float64": "f64", "int32": "i32", "int64": "i64"}
    names = "abcd"[: len(inputs)]
    arrays = [f"array_{kinds[x.dtype.name]}(entry(table, {k + 2}), n)" for k, x in enumerate(inputs)]
    text = ELEMENTWISE.format(names=", ".join(names), arrays=", ".join(arrays), expression=expression, result=result)
    out = np.zeros(inputs[0].size, {short: long for long, short in kinds.items()}[result])
    held = [np.ascontiguousarray(x) for x in inputs]
    table = np.array([out.size, out.ctypes.data, *(x.ctypes.data for x in held)], np.int64)
    run(load_program(text, "main").address, table, 1)
    return out


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
