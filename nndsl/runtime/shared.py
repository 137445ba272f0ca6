"""Long functions that many kernels call: products and convolutions. They are machine code once for all programs.

To write their IR takes longer than a kernel does, and to optimize it too. Where a program is compiled as a whole they
are linked into it; a unit only names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from llvmlite import ir

from nndsl.runtime.llvm import I64, declare

MODULES = ("nndsl.runtime.products", "nndsl.runtime.convolutions")
"""Imported when they are needed: a kernel that calls nothing of them does not depend on their text (see `hashing`)."""
Body = Callable[[Any], None]
"""Adds the function of some name, and those that it calls, to a module."""


def named(name: str) -> tuple[str, Body]:
    """The module of ours that a shared function comes from, and its body."""
    for module in MODULES:
        bodies: dict[str, Body] = import_module(module).SHARED
        if name in bodies:
            return module, bodies[name]
    raise KeyError(name)


class _State:
    """What is being compiled."""

    def __init__(self) -> None:
        self.libraries: dict[str, Any] = {}
        self.outside: set[str] | None = None


_state = _State()


@contextmanager
def outside() -> Iterator[set[str]]:
    """Shared functions are only declared meanwhile; the set has the names of those that were."""
    found: set[str] = set()
    _state.outside = found
    try:
        yield found
    finally:
        _state.outside = None


def shared_function(context: Any, builder: Any, name: str, count: int) -> Any:
    """The declaration of a shared function of `count` int64 in the module of `builder`."""
    if _state.outside is not None:
        _state.outside.add(name)
    else:
        if name not in _state.libraries:
            library = context.codegen().create_library(name)
            library.add_ir_module(module_of(name, library.create_ir_module(name)))
            library.finalize()
            _state.libraries[name] = library
        context.add_linking_libs([_state.libraries[name]])
    return declare(builder, ir.FunctionType(ir.VoidType(), [I64] * count), name)


def module_of(name: str, module: Any) -> Any:
    """The module with a shared function in it, which is visible outside."""
    _, body = named(name)
    body(module)
    module.globals[name].linkage = "external"  # or nothing would keep it there until a caller is linked
    return module
