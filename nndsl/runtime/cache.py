"""Generated source into machine code, kept on the disk.

A program is stored as two files, `kernels/<hash>.py` (for people) and `kernels/<hash>.o` (native code), where the
hash covers all that decides what the code is (see `hashing`). Its kernels are stored besides, each by itself, in
`units`: another program takes from there what it has in common with this one (see `building`). Loading needs LLVM's
linker only, neither numba nor a pickle.

Rules that measuring gave:

* The object file holds the whole program; to load it is a link of a few milliseconds, however many parts it has.
  What a warm start pays for is the import of llvmlite. Numba's own cache would ask for the import of numba, which
  takes several times that.
* Numba is imported by the first compilation and never by a load.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nndsl.diagnostics import InternalError
from nndsl.runtime.hashing import binding, program_hash
from nndsl.runtime.stored import folder, read_pieces, store, store_pieces


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
    from nndsl.runtime import building

    path = folder("kernels") / f"{program_hash(text, (entry_name,))}.py"
    with _compiler_faults(path):
        return building.inspect(text, path, entry_name, stage)


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


def _load(text: str, names: tuple[str, ...], key: str) -> dict[str, Program]:
    source = folder("kernels") / f"{key}.py"
    stored = source.with_suffix(".o")
    code = read_pieces(stored)
    addresses = _link(code, names) if code is not None else None
    compiled = addresses is None
    if addresses is None:
        store(source, text.encode())
        addresses = _compile(text, source, names)
    if addresses is None:
        raise InternalError(f"{source}: the compiled code does not link")
    return {name: Program(address, source, compiled) for name, address in addresses.items()}


def _compile(text: str, source: Path, names: tuple[str, ...]) -> dict[str, int] | None:
    """Compile, link and store a program."""
    from nndsl.runtime import building

    for known_units in (True, False):  # what is stored of its units may be sound and yet not fit
        with _compiler_faults(source):
            code = building.build(text, source, names, known_units)
        if addresses := _link(code, names):
            store_pieces(source.with_suffix(".o"), code)
            return addresses
    return None


@contextlib.contextmanager
def _compiler_faults(source: Path) -> Iterator[None]:
    """Numba's errors, as faults of ours."""
    from numba.core.errors import NumbaError

    try:
        yield
    except NumbaError as error:
        raise InternalError(f"numba refuses {source}: {error}") from error


def _link(code: list[bytes], names: tuple[str, ...]) -> dict[str, int] | None:
    """The addresses of the entries, or None where a symbol is missing."""
    llvm = binding()
    if _state.linker is None:
        # JITLink puts a whole object within reach of its own jumps, which ARM needs.
        _state.linker = llvm.create_lljit_compiler(use_jit_link=sys.platform != "win32")
    library = llvm.JITLibraryBuilder()
    for piece in code:
        library.add_object_img(piece)
    library.add_current_process()
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
