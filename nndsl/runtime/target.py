"""Numba as a front end only: kernels are typed and lowered by numba, then linked, optimized once and kept as an object.

A dispatcher of numba's own compiles every function by itself, to the end, and then the caller with all its callees
again. Here a function that is called is only lowered; one pass of LLVM over the whole program does the rest. The
result is one object file without Python in it (no pickles, no interpreter, no NRT), and
numba is not needed to load it.

This is a target beside `cpu` in numba's sense: functions of the two do not call each other. Kernels therefore
cannot be called from Python or from a plain `njit` function; `cache.load_program` gives what can be called.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from nndsl.runtime.pipeline import Pipeline, TypingContext

# Some releases of numba have types and some have none; to mypy they are all alike this way.
arrayobj: Any = import_module("numba.np.arrayobj")
cgutils: Any = import_module("numba.core.cgutils")
codegen: Any = import_module("numba.core.codegen")
cpu: Any = import_module("numba.core.cpu")
registry: Any = import_module("numba.core.registry")
target_extension: Any = import_module("numba.core.target_extension")
types: Any = import_module("numba.core.types")
global_compiler_lock: Any = import_module("numba.core.compiler_lock").global_compiler_lock
rtsys: Any = import_module("numba.core.runtime").rtsys
cached_property: Any = import_module("numba.core.utils").threadsafe_cached_property

TARGET = "nndsl"

# `reassoc` lets sums vectorize, `contract` fuses multiply-adds, `nsz` ignores the sign of zero. Not among them:
# `nnan` and `ninf` (NaN and infinity must come through), `arcp` (x * (1 / y) is NaN where y is denormal, x / y is not)
# and `afn`.
KERNEL_OPTIONS: dict[str, Any] = {
    "nopython": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "reassoc", "nsz"},
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "_nrt": False,
}


class _Library(codegen.JITCodeLibrary):  # type: ignore[misc]
    """A function's module: linked with what it calls, but neither optimized nor made executable."""

    def _optimize_functions(self, module: Any) -> None:
        module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_specific(self) -> None:
        pass

    def get_pointer_to_function(self, name: str) -> int:
        return 0


class _Codegen(codegen.JITCPUCodegen):  # type: ignore[misc]
    _library_class = _Library

    def _customize_tm_options(self, options: dict[str, Any]) -> None:
        super()._customize_tm_options(options)
        # The code is loaded elsewhere, by the linker of another process.
        options |= {"reloc": "pic", "codemodel": "default", "jit": False}
        # LLVM halves the vectors of loops where it fears that long ones slow the clock; products are made of long ones.
        if "+avx512f" in options["features"].split(","):
            options["features"] += ",-prefer-256-bit"

    def _add_module(self, module: Any) -> None:
        pass

    def _check_llvm_bugs(self) -> None:
        pass

    def set_env(self, name: str, environment: Any) -> None:
        pass


class _Context(cpu.CPUContext):  # type: ignore[misc]
    _loaded = False

    def init(self) -> None:
        super().init()
        self._internal_codegen = _Codegen(TARGET)

    def load_additional_registries(self) -> None:
        # Numba refreshes the context at every intrinsic. The long list is walked once; after that only what was
        # registered since. NRT is initialized by the target that owns it, or its code would end up in ours.
        if self._loaded:
            for known in list(self._registries):
                self.install_registry(known)
            return
        self._loaded = True
        rtsys.initialize(registry.cpu_target.target_context)
        super().load_additional_registries()


class _Target(registry.CPUTarget):  # type: ignore[misc]
    @cached_property  # type: ignore[untyped-decorator]
    def _toplevel_typing_context(self) -> TypingContext:
        return TypingContext()

    @cached_property  # type: ignore[untyped-decorator]
    def _toplevel_target_context(self) -> _Context:
        return _Context(self.typing_context, self._target_name)


class KernelDispatcher(registry.CPUDispatcher):  # type: ignore[misc]
    """A function of a generated module."""

    targetdescr = _Target(TARGET)


class _Kernels(target_extension.CPU):  # type: ignore[misc]
    """The target's place in numba's hierarchy: whatever is defined for the CPU serves here too."""


def _jit(*arguments: Any, **options: Any) -> Any:
    """What numba compiles its own overloads with."""
    options = {**KERNEL_OPTIONS, "fastmath": False, **options}
    options.pop("inline", None)
    if arguments:
        return KernelDispatcher(arguments[0], targetoptions=options)
    return lambda function: KernelDispatcher(function, targetoptions=options)


target_extension.target_registry[TARGET] = _Kernels
target_extension.dispatcher_registry[_Kernels] = KernelDispatcher
target_extension.jit_registry[_Kernels] = _jit


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a unit of work: a symbol of its own, never inlined, so that profiles and assembly show its name."""
    return _dispatcher(function, "kernel")


def helper(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a small function that kernels call: always inlined."""
    return _dispatcher(function, "helper", forceinline=True)


def program(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of an entry: `int64` parameters, no result. `load_program` gives its address."""
    return _dispatcher(function, "program")


def sequence(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of an entry that only calls kernels, whose parameters are annotated. It is not compiled by numba (see
    `sequence`), and each of its kernels is by itself (see `units`): they take addresses for arrays, and sizes."""
    return function


def _dispatcher(function: Callable[..., Any], role: str, **options: Any) -> Callable[..., Any]:
    dispatcher: Any = KernelDispatcher(function, targetoptions={**KERNEL_OPTIONS, **options}, pipeline_class=Pipeline)
    dispatcher.nndsl_role = role
    made: Callable[..., Any] = dispatcher
    return made
