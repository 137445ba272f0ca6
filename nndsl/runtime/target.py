"""Numba as a front end only: kernels are typed and lowered by numba, then linked, optimized once and kept as an object.

A dispatcher of numba's own compiles every function by itself, to the end, and then the caller with all its callees
again. Here a function that is called is only lowered; one pass of LLVM over the whole program does the rest. The
result is one object file without Python in it (no pickles, no interpreter, no NRT), and
numba is not needed to load it.

This is a target beside `cpu` in numba's sense: functions of the two do not call each other. Kernels therefore
cannot be called from Python or from a plain `njit` function; `cache.load_program` gives what can be called.
"""

from __future__ import annotations

import contextlib
import types as python_types
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from llvmlite import ir

from nndsl.runtime.denormals import flush_denormals

# Some releases of numba have types and some have none; to mypy they are all alike this way.
arrayobj: Any = import_module("numba.np.arrayobj")
codegen: Any = import_module("numba.core.codegen")
cpu: Any = import_module("numba.core.cpu")
registry: Any = import_module("numba.core.registry")
target_extension: Any = import_module("numba.core.target_extension")
types: Any = import_module("numba.core.types")
global_compiler_lock: Any = import_module("numba.core.compiler_lock").global_compiler_lock
rtsys: Any = import_module("numba.core.runtime").rtsys
cached_property: Any = import_module("numba.core.utils").threadsafe_cached_property

TARGET = "nndsl"
I32, I64 = ir.IntType(32), ir.IntType(64)

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


def _dispatcher(function: Callable[..., Any], role: str, **options: Any) -> Callable[..., Any]:
    dispatcher: Any = KernelDispatcher(function, targetoptions={**KERNEL_OPTIONS, **options})
    dispatcher.nndsl_role = role
    made: Callable[..., Any] = dispatcher
    return made


def symbol(entry: str) -> str:
    """The C name of an entry in the object file."""
    return f"nndsl_{entry}"


def compile_object(text: str, path: Path, entries: Sequence[str]) -> bytes:
    """The module `text` as native object code. Each entry is exported as `int32 nndsl_<entry>(int64, …)`.

    The entries return 0, or 1 where a kernel raised. `path` is the name of the source in messages and tracebacks.
    """
    with _compiling():
        machine, module = _build(text, path, entries)
        code: bytes = machine.emit_object(module)
        return code


def inspect_object(text: str, path: Path, entries: Sequence[str], stage: str) -> str:
    """The optimized LLVM IR (`stage` "llvm") or the assembly ("asm") that `compile_object` makes an object of."""
    with _compiling():
        machine, module = _build(text, path, entries)
        return str(module) if stage == "llvm" else str(machine.emit_assembly(module))


@contextlib.contextmanager
def _compiling() -> Iterator[None]:
    """Holds numba's compiler lock and makes ours the target that overloads are resolved for."""
    with global_compiler_lock, target_extension.target_override(TARGET):
        numbas = arrayobj.fix_integer_index
        arrayobj.fix_integer_index = _index
        try:
            yield
        finally:
            arrayobj.fix_integer_index = numbas


def _index(context: Any, builder: Any, kind: Any, index: Any, size: Any) -> Any:
    """An index as it is: in kernels a negative one, a literal too, is outside the array.

    Numba would add `size` to it, and the test for that keeps every loop from vectorizing whose first index LLVM
    knows nothing about, which is every loop over a share.
    """
    return context.cast(builder, index, kind, types.intp if kind.signed else types.uintp)


def _build(text: str, path: Path, entries: Sequence[str]) -> tuple[Any, Any]:
    """The target machine and the optimized module."""
    namespace = python_types.ModuleType(path.stem)
    namespace.__file__ = str(path)
    exec(compile(text, str(path), "exec"), namespace.__dict__)
    context = KernelDispatcher.targetdescr.target_context
    whole = context.codegen().create_library(path.stem)
    for name in entries:
        entry = vars(namespace)[name]
        arguments = (types.int64,) * entry.py_func.__code__.co_argcount
        entry.compile(types.void(*arguments))
        _export(context, whole, entry.overloads[arguments], symbol(name))
    whole.finalize()
    module = whole._final_module
    _name_functions(module, vars(namespace))
    manager, builder = context.codegen()._module_pass_manager()
    manager.run(module, builder)
    return context.codegen()._tm, module


def _export(context: Any, library: Any, compiled: Any, name: str) -> None:
    """A C function around numba's calling convention."""
    module = library.create_ir_module(name)
    description = compiled.fndesc
    kind = ir.FunctionType(I32, [I64] * len(description.argtypes))
    function = ir.Function(module, kind, name)
    builder = ir.IRBuilder(function.append_basic_block())
    restore = flush_denormals(builder)
    status, _ = context.call_conv.call_function(
        builder,
        context.declare_function(module, description),
        description.restype,
        description.argtypes,
        function.args,
    )
    restore()
    builder.ret(builder.zext(status.is_error, I32))
    library.add_ir_module(module)
    library.add_linking_library(compiled.library)


def _name_functions(module: Any, namespace: dict[str, Any]) -> None:
    """Plain names in place of mangled ones, and nothing but the entries visible from outside."""
    roles = {
        compiled.fndesc.llvm_func_name: (name, made.nndsl_role)
        for name, made in namespace.items()
        if isinstance(made, KernelDispatcher) and hasattr(made, "nndsl_role")
        for compiled in made.overloads.values()
    }
    for function in module.functions:
        if function.is_declaration or function.name.startswith("nndsl_"):
            continue
        name, role = roles.get(function.name, (None, None))
        function.linkage = "internal"
        if role == "kernel":
            function.add_function_attribute("noinline")
        if name is not None:
            function.name = f"nn_{name}"
    for variable in module.global_variables:
        if variable.name.startswith("_ZN08NumbaEnv"):
            # Only Python objects are kept there, which no kernel has.
            variable.linkage = "internal"
