"""Numba's passes for kernels: those of its usual pipeline that kernels need.

Kernels have no closures, no context managers, no branches on types and no array expressions; to look for them in each
one takes as long as to lower it. And arithmetic of numbers is typed once: numba tries some twenty definitions for each
`+`, most of which are of arrays.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

compiler: Any = import_module("numba.core.compiler")
compiler_machinery: Any = import_module("numba.core.compiler_machinery")
types: Any = import_module("numba.core.types")
typed: Any = import_module("numba.core.typed_passes")
typing: Any = import_module("numba.core.typing")
untyped: Any = import_module("numba.core.untyped_passes")

PASSES = (
    (untyped.TranslateByteCode, "analyzing bytecode"),
    (untyped.FixupArgs, "fix up args"),
    (untyped.IRProcessing, "processing IR"),
    (untyped.GenericRewrites, "nopython rewrites"),
    (untyped.ReconstructSSA, "ssa"),
    (typed.NopythonTypeInference, "nopython frontend"),
    (typed.PreLowerStripPhis, "remove phis nodes"),
    (typed.IRLegalization, "ensure IR is legal prior to lowering"),
    (typed.NativeLowering, "native lowering"),
    (typed.NoPythonBackend, "nopython mode backend"),
)


class Pipeline(compiler.CompilerBase):  # type: ignore[misc]
    """What a dispatcher of ours compiles with."""

    def define_pipelines(self) -> list[Any]:
        passes = compiler_machinery.PassManager("kernels")
        for one, description in PASSES:
            passes.add_pass(one, description)
        passes.finalize()
        return [passes]


class TypingContext(typing.Context):  # type: ignore[misc]
    """Remembers what functions of numbers give."""

    def __init__(self) -> None:
        self._numbers: dict[Any, Any] = {}
        super().__init__()

    def resolve_function_type(self, function: Any, arguments: Any, named: Any) -> Any:
        if named or not isinstance(function, types.Function) or not all(map(_is_number, arguments)):
            return super().resolve_function_type(function, arguments, named)
        key = function, tuple(arguments)
        if key not in self._numbers:
            found = super().resolve_function_type(function, arguments, named)
            if found is None:
                return None
            self._numbers[key] = found
        return self._numbers[key]


def _is_number(kind: Any) -> bool:
    return isinstance(kind, types.Number | types.Boolean)
