"""`nndsl doctor`: whether all that nndsl needs is there and works."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nndsl import __version__
from nndsl.cli.options import FormatOption
from nndsl.cli.output import FINDINGS, Format, data, data_json, say, stop

REQUIRED = ("lark", "numpy", "numba", "typer", "rich", "safetensors")
EXTRAS = ("sklearn",)
TINY = """
model Tiny {
  input  x: f32[batch, 3]
  target y: f32[batch, 2]
  output p = x |> Dense(2)
  loss   mse(y, p)
}
train Tiny { optimizer = SGD(learning_rate=0.1) }
"""


@dataclass(frozen=True)
class Finding:
    """One line of the report. `good` is None for what is only told."""

    name: str
    value: str
    good: bool | None = None


def doctor(format: FormatOption = Format.text) -> None:
    """Report versions, processor and cache, and compile a tiny model. Exit code 1 where something is broken."""
    findings = [
        Finding("nndsl", f"{__version__} in {Path(__file__).parent.parent}"),
        Finding("python", f"{platform.python_version()} ({sys.implementation.name}), {platform.platform()}"),
        *[_library(name, required=True) for name in REQUIRED],
        *[_library(name, required=False) for name in EXTRAS],
        _attempt("processor", _processor),
        Finding("threads", f"{_cores()} of {os.cpu_count()} cores are ours"),
        _attempt("cache", _cache),
        _attempt("compile", _compile),
    ]
    if format is Format.json:
        data_json([{"name": f.name, "value": f.value, "ok": f.good} for f in findings])
    else:
        width = max(len(f.name) for f in findings)
        marks = {True: "ok", False: "BROKEN", None: ""}
        data("\n".join(f"{f.name:<{width}}  {f.value}  {marks[f.good]}".rstrip() for f in findings))
    broken = [f.name for f in findings if f.good is False]
    say(f"broken: {', '.join(broken)}" if broken else "all is well")
    if broken:
        raise stop(FINDINGS)


def _attempt(name: str, test: Callable[[], str]) -> Finding:
    """A test whose failure is a finding, of whatever kind it is."""
    try:
        return Finding(name, test(), True)
    except Exception as fault:
        first = (str(fault).splitlines() or [""])[0]
        return Finding(name, f"{type(fault).__name__}: {first}", False)


def _library(name: str, required: bool) -> Finding:
    import importlib
    from importlib import metadata

    try:
        importlib.import_module(name)
        version = metadata.version({"sklearn": "scikit-learn"}.get(name, name))
    except ModuleNotFoundError:
        return Finding(name, "not installed", False) if required else Finding(name, "not installed (optional)")
    except Exception as fault:  # a broken binary can raise anything
        return Finding(name, f"cannot be imported: {fault}", False)
    return Finding(name, version, True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    """The processor as LLVM sees it, with the vector units that matter for speed."""
    import importlib

    llvm = importlib.import_module("llvmlite.binding")
    features = llvm.get_host_cpu_features()
    wanted = [name for name in ("sse4.2", "avx", "avx2", "fma", "avx512f", "neon", "sve") if features.get(name)]
    return f"{llvm.get_host_cpu_name()}, {' '.join(wanted) or 'no vector units'}"


def _cache() -> str:
    """Where compiled kernels are kept, how much there is, and that a file can be written."""
    from nndsl.files import cache_folder, write_atomic

    folder = cache_folder()
    probe = folder / f".doctor-{os.getpid()}"
    write_atomic(probe, b"x")
    probe.unlink()
    sizes = [place.stat().st_size for place in folder.rglob("*") if place.is_file()]
    return f"{folder}, {len(sizes)} files, {sum(sizes) / 2**20:.1f} MiB"


def _compile() -> str:
    """Compile and run one training step and one prediction of a tiny model."""
    import numpy as np

    import nndsl

    begun = time.perf_counter()
    model = nndsl.compile(TINY, seed=0)
    x, y = np.ones((4, 3), np.float32), np.zeros((4, 2), np.float32)
    before = model.train_on_batch(x, y)["loss"]
    after = model.evaluate(x, y)["loss"]
    if not after < before:
        raise RuntimeError(f"a training step did not lower the loss ({before} to {after})")
    return f"a training step of a tiny model in {time.perf_counter() - begun:.1f} s"
