"""Generated source into machine code, kept on the disk.

A program is stored as two files, `kernels/<hash>.py` (for people) and `kernels/<hash>.o` (native code), where the
hash covers all that decides what the code is: the text, the sources it imports from nndsl, numba, LLVM, Python, the
CPU, and numba's switches in the environment. Loading needs LLVM's linker only, neither numba nor a pickle.

Rules that measuring gave:

* The object file holds the whole program, kernels inlined or beside the entry; to load it is a link of a millisecond.
  What a warm start pays for is the import of llvmlite. Numba's own cache would ask for the import of numba, which
  takes several times that.
* Numba is imported by the first compilation and never by a load.
* Half of a cold compilation is numba's front end, in proportion to the number of statements and of distinct
  functions called; LLVM takes the rest.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from nndsl.diagnostics import InternalError
from nndsl.files import cache_folder, write_atomic

MAGIC = b"nndsl object 1\n"
SWITCHES = (
    "NUMBA_BOUNDSCHECK", "NUMBA_CPU_FEATURES", "NUMBA_CPU_NAME", "NUMBA_DEBUGINFO", "NUMBA_ENABLE_AVX",
"NUMBA_FULL_TRACEBACKS", "NUMBA_LOOP_VECTORIZE", "NUMBA_OPT", "NUMBA_SLP_VECTORIZE",
)  # fmt: skip


@dataclass(frozen=True)
class Program:
    """Machine code in this process: `address` is of a C function `int32 (int64, …)` that returns 0 or, failing, 1."""

    address: int
    path: Path
    """The source, to be read by people."""
    compiled: bool
    """Whether this process compiled it; False if it came from the cache."""


def load_program(text: str, entry_name: str) -> Program:
    """The entry `entry_name` of the module `text`, from the cache or compiled now.

    Safe to call from several threads and processes. Raises InternalError where numba refuses the text.
    """
    return load_programs(text, (entry_name,))[entry_name]


def load_programs(text: str, entry_names: tuple[str, ...]) -> dict[str, Program]:
    """Several entries of one module, compiled together, by name."""
    key = program_hash(text, entry_names)
    with _state.lock:
        if key not in _state.programs:
            _state.programs[key] = _load(text, entry_names, key)
        return _state.programs[key]


def inspect_program(text: str, entry_name: str, stage: str) -> str:
    """The optimized LLVM IR (`stage` "llvm") or the assembly ("asm") of a program; compiles it for that."""
    from nndsl.runtime import target

    path = _folder() / f"{program_hash(text, (entry_name,))}.py"
    with _compiler_faults(path):
        return target.inspect_object(text, path, (entry_name,), stage)


# --- loading ---------------------------------------------------------------------------------------------


class _State:
    """What this process has loaded."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.programs: dict[str, dict[str, Program]] = {}
        self.linker: Any = None
        # Code must never be unmapped: threads of the pool may be inside until the process is gone.
        self.linked: list[Any] = []


_state = _State()


def _renew_lock() -> None:
    # Another thread may have held it when this process was forked.
    _state.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def _folder() -> Path:
    folder = cache_folder() / "kernels"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _load(text: str, names: tuple[str, ...], key: str) -> dict[str, Program]:
    folder = _folder()
    source, stored = folder / f"{key}.py", folder / f"{key}.o"
    code = _read_object(stored)
    addresses = _link(code, names) if code is not None else None
    compiled = addresses is None
    if addresses is None:
        _store(source, text.encode())
        code = _compile(text, source, names)
        _store(stored, MAGIC + hashlib.sha256(code).digest() + code)
        addresses = _link(code, names)
    if addresses is None:
        raise InternalError(f"{source}: the compiled code does not link")
    return {name: Program(address, source, compiled) for name, address in addresses.items()}


def _store(path: Path, content: bytes) -> None:
    """Best effort: a full disk costs the next process a compilation, not this one its program."""
    with contextlib.suppress(OSError):
        if not path.exists() or path.read_bytes() != content:
            # No flush to the disk: what a crash leaves torn, the checksum finds.
            write_atomic(path, content, sync=False)


def _read_object(path: Path) -> bytes | None:
    """The code in a stored file, or None where there is none or it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    start = len(MAGIC) + hashlib.sha256().digest_size
    code = content[start:]
    return code if content[:start] == MAGIC + hashlib.sha256(code).digest() else None


def _compile(text: str, source: Path, names: tuple[str, ...]) -> bytes:
    from nndsl.runtime import target

    with _compiler_faults(source):
        return target.compile_object(text, source, names)


@contextlib.contextmanager
def _compiler_faults(source: Path) -> Iterator[None]:
    """Numba's errors, as faults of ours."""
    from numba.core.errors import NumbaError

    try:
        yield
    except NumbaError as error:
        raise InternalError(f"numba refuses {source}: {error}") from error


def _link(code: bytes, names: tuple[str, ...]) -> dict[str, int] | None:
    """The addresses of the entries, or None where a symbol is missing."""
    binding = _binding()
    if _state.linker is None:
        # JITLink puts a whole object within reach of its own jumps, which ARM needs.
        _state.linker = binding.create_lljit_compiler(use_jit_link=sys.platform != "win32")
    library = binding.JITLibraryBuilder().add_object_img(code).add_current_process()
    for name in names:
        library.export_symbol(f"nndsl_{name}")
    try:
        tracker = library.link(_state.linker, f"program {len(_state.linked)}")
    except RuntimeError:
        return None
    finally:
        _state.linked.append(None)  # a name cannot be used again
    _state.linked.append(tracker)
    return {name: tracker[f"nndsl_{name}"] for name in names}


@lru_cache(maxsize=1)
def _binding() -> Any:
    """llvmlite's linker, ready for this machine."""
    import llvmlite.binding as binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


# --- the hash --------------------------------------------------------------------------------------------


def program_hash(text: str, entry_names: tuple[str, ...]) -> str:
    """What the files of a program are called: 32 hexadecimal digits over all that its code depends on."""
    parts = [text, *entry_names, *_machine(), *(f"{name}={os.environ.get(name, '')}" for name in SWITCHES)]
    digest = hashlib.sha256()
    for content in (*(part.encode() for part in parts), *_imported(text)):
        digest.update(len(content).to_bytes(8, "little"))
        digest.update(content)
    return digest.hexdigest()[:32]


@lru_cache(maxsize=1)
def _machine() -> tuple[str, ...]:
    """Compiler, interpreter and CPU."""
    binding = _binding()
    try:
        features = binding.get_host_cpu_features().flatten()
    except RuntimeError:  # LLVM cannot tell on this system
        features = ""
    return (sys.version, _version("numba"), _version("llvmlite"), binding.get_process_triple(),
            binding.get_host_cpu_name(), features)  # fmt: skip


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
            pending += _modules(source.decode())
    return [seen[module] for module in sorted(seen)]


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
