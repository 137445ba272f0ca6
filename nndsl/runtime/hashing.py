"""What compiled code depends on, as names of files: 32 hexadecimal digits over all of it.

That is the text, the sources it imports from nndsl, numba, LLVM, Python, the CPU, and numba's switches in the
environment.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

SWITCHES = (
    "NUMBA_BOUNDSCHECK", "NUMBA_CPU_FEATURES", "NUMBA_CPU_NAME", "NUMBA_DEBUGINFO", "NUMBA_ENABLE_AVX",
"NUMBA_FULL_TRACEBACKS", "NUMBA_LOOP_VECTORIZE", "NUMBA_OPT", "NUMBA_SLP_VECTORIZE",
)  # fmt: skip
COMPILER = "from nndsl.runtime import compiling\n"
"""What every program is compiled with."""


def program_hash(text: str, entry_names: tuple[str, ...]) -> str:
    """Of a program: its text, and which of its functions are entries."""
    return _hash((text, *entry_names), text + COMPILER)


def unit_hash(text: str) -> str:
    """Of a unit (see `units`)."""
    return _hash((text,), text + COMPILER)


def shared_hash(name: str, module: str) -> str:
    """Of a shared function (see `shared`) that a module of ours defines."""
    return _hash((name,), f"import {module}\n{COMPILER}")


def _hash(parts: tuple[str, ...], imports: str) -> str:
    """Over texts, and the sources that the imports in a text lead to."""
    settings = (f"{name}={os.environ.get(name, '')}" for name in SWITCHES)
    digest = hashlib.sha256()
    for content in (*(part.encode() for part in (*parts, *machine(), *settings)), *_imported(imports)):
        digest.update(len(content).to_bytes(8, "little"))
        digest.update(content)
    return digest.hexdigest()[:32]


def binding() -> Any:
    """llvmlite's binding, ready for this machine."""
    import llvmlite.binding as binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


@lru_cache(maxsize=1)
def machine() -> tuple[str, ...]:
    """Compiler, interpreter and CPU."""
    llvm = binding()
    try:
        features = llvm.get_host_cpu_features().flatten()
    except RuntimeError:  # LLVM cannot tell on this system
        features = ""
    return (sys.version, _version("numba"), _version("llvmlite"), llvm.get_process_triple(),
            llvm.get_host_cpu_name(), features)  # fmt: skip


def _version(package: str) -> str:
    """The version file of a package as it stands; neither the package nor its metadata is imported."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return ""
    file = Path(found.origin).with_name("_version.py")
    return file.read_text() if file.exists() else str(Path(found.origin).stat().st_mtime_ns)


IMPORT = re.compile(r"^\s*(?:from\s+(nndsl[\w.]*)\s+import\s+\(?([^()\n]*)|import\s+(nndsl[\w.]*))", re.MULTILINE)


def _imported(text: str) -> list[bytes]:
    """The sources of nndsl that a text imports, directly or not, in the order of their names."""
    seen: dict[str, bytes] = {}
    pending = _modules(text)
    while pending:
        module = pending.pop()
        if module not in seen and (source := _source(module)) is not None:
            seen[module] = source
            pending += _needed(source)
    return [seen[module] for module in sorted(seen)]


@lru_cache(maxsize=256)
def _needed(source: bytes) -> list[str]:
    return _modules(source.decode())


def _modules(text: str) -> list[str]:
    """Names that may be modules: `from a import b` names `a` and `a.b`."""
    found: list[str] = []
    for package, names, plain in IMPORT.findall(text):
        found.append(package or plain)
        found += [f"{package}.{name.split()[0]}" for name in names.split(",") if package and name.strip()]
    return found


@lru_cache(maxsize=256)
def _source(module: str) -> bytes | None:
    path = Path(__file__).parents[1].joinpath(*module.split(".")[1:])
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file.read_bytes()
    return None
